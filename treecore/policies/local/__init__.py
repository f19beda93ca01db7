"""Inference engine for models loaded in this process: batched decoding that shares prefixes between branches."""
