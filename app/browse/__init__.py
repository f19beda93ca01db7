"""Curve, histograms, search and table of a library as one component. Knows no session state; text is text only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from app.browse.words import Page
from app.component import component
from app.signals import is_whole
from treecore.bidi import all_visible

FOLDER = Path(__file__).parent
ASKED = "asked"
MAX_FIELD = 1000
"""Characters of a field that a browser may send."""

_mount = component("browse", FOLDER, css=("browse.css", "thumb.css"))


class Asked(NamedTuple):
    """What was asked for in the browser.

    Attributes:
        number: counts what a page asked for; echo it, so that the browser knows what has been heard.
        said: fields as an address holds them, unchecked; open: the row is to be opened.
    """

    number: int
    said: dict[str, str]
    open: bool


def browse(page: Page, said: Mapping[str, str], *, heard: int, key: str, on_ask: Callable[[], None]) -> None:
    """Draw a page of a library.

    Args:
        said: what is asked for, as an address holds it.
        heard: number of the last question that was heard, 0 before the first.
        on_ask: called before the rerun; `asked_in` reads what `session_state[key]` then holds.
    """
    _mount(key=key, data={**all_visible(page, but={"row"}), "said": dict(said), "heard": heard}, on_asked_change=on_ask)


def asked_in(held: Any) -> Asked | None:
    """What a component's state holds; None for anything a browser should not send."""
    value = (held or {}).get(ASKED)
    if not isinstance(value, dict):
        return None
    number, said = value.get("number"), value.get("said")
    if not is_whole(number) or not isinstance(said, dict):
        return None
    fields = {name: text[:MAX_FIELD] for name, text in said.items() if isinstance(name, str) and isinstance(text, str)}
    return Asked(number, fields, value.get("open") is True)
