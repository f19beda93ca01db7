"""Policies whose model runs behind an OpenAI-compatible HTTP API."""
