"""Components without looks: what happens anywhere on the page and Python should hear of. Knows no session state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

FOLDER = Path(__file__).parent
PRESSED = "pressed"

_keys = st.components.v2.component("treecore.film_keys", js=(FOLDER / "film_keys.js").read_text(encoding="utf-8"))


class Press(NamedTuple):
    """What a key asked of the film.

    Attributes:
        number: counts the presses of a page; echo it, so that the browser knows what has been heard.
        frame: to show; None to start or stop playing.
    """

    number: int
    frame: int | None


def film_keys(*, frame: int, last: int, heard: int, key: str, on_press: Callable[[], None]) -> None:
    """Arrows, Home, End and Space for a film, wherever on the page the focus is but in a text field or an open menu.

    Args:
        frame: shown now, from 0; last: the highest there is.
        heard: number of the last press that was heard, 0 before the first.
        on_press: called before the rerun; `press_in` reads what `session_state[key]` then holds.
    """
    _keys(key=key, data={"frame": frame, "last": last, "heard": heard}, height=1, on_pressed_change=on_press)


def press_in(held: Any, last: int) -> Press | None:
    """The press that a component's state holds; None for anything a browser should not send."""
    value = (held or {}).get(PRESSED)
    if not isinstance(value, dict) or not _whole(value.get("number")):
        return None
    frame = value.get("frame")
    if frame is None:
        return Press(value["number"], None)
    return Press(value["number"], frame) if _whole(frame) and 0 <= frame <= last else None


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
