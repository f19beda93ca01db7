"""The bundled small model: where its weights lie. Importing this loads no model library."""

from __future__ import annotations

from pathlib import Path


def path() -> Path:
    """Folder of the weights, in Hugging Face format."""
    return Path(__file__).parent / "weights"
