"""Arithmetic that credit methods share: groups, paths, lineage, tokens, text matching."""
