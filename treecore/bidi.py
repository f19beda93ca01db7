"""Direction controls of Unicode, which turn around what is read after them: shown by their numbers, never obeyed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

CONTROLS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Embeddings, overrides and isolates, and what ends them. The marks of one character that right-to-left text needs (as
U+200F) turn nothing around and stay."""
_SHOWN = {code: f"[U+{code:04X}]" for code in CONTROLS}


def visible(text: str) -> str:
    """The text with `[U+202E]` and the like in place of direction controls: for all that others wrote."""
    return text if text.isascii() else text.translate(_SHOWN)


def all_visible(value: Any, but: Collection[str] = ()) -> Any:
    """JSON-ready values with `visible` words throughout; what stands under the names in `but` stays as it is."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {key: one if key in but else all_visible(one, but) for key, one in value.items()}
    return [all_visible(one, but) for one in value] if isinstance(value, list | tuple) else value
