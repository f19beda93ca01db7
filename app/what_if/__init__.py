"""The list of changes, what moved and why, as a component. Knows no session state; text is shown as text only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import streamlit as st

from app.component import component
from app.signals import is_whole
from app.what_if.words import Board
from treecore.bidi import all_visible
from treecore.views.sources import script

FOLDER = Path(__file__).parent
ASKED, NOTE = "asked", "what_if_note"
MAX_ID = 2000
"""Characters of an id that a browser may send."""
Part = Literal["changes", "why"]
Verb = Literal["flip", "prune", "undo", "reset", "sample", "drop", "select"]
VERBS: tuple[Verb, ...] = ("flip", "prune", "undo", "reset", "sample", "drop", "select")

_board = component("what_if", FOLDER, js="board.js", css=("board.css",))
_keys = st.components.v2.component("treecore.what_if_keys", js=script(FOLDER / "keys.js"))


class Asked(NamedTuple):
    """What was asked for in the browser.

    Attributes:
        number: counts what a page asked for; echo it, so that the browser knows what has been heard.
        node: id of a step, or the key of a change for `drop`; unchecked, "" for none.
    """

    number: int
    verb: Verb
    node: str


def show_board(board: Board, part: Part, *, heard: int, key: str, on_ask: Callable[[], None]) -> None:
    """Draw a part of the board.

    Args:
        heard: number of the last question that was heard, 0 before the first.
        on_ask: called before the rerun; `asked_in` reads what `session_state[key]` then holds.
    """
    data = {**all_visible(board, but={"id", "key"}), "part": part, "heard": heard}
    _board(key=key, data=data, on_asked_change=on_ask)


def listen(*, heard: int, key: str, on_ask: Callable[[], None]) -> None:
    """Hear of the keys by which a forest is changed on its canvas; arguments as of `show_board`."""
    _keys(key=key, data={"heard": heard}, height=1, on_asked_change=on_ask)


def asked_in(held: Any) -> Asked | None:
    """What a component's state holds; None for anything a browser should not send."""
    value = (held or {}).get(ASKED)
    if not isinstance(value, dict):
        return None
    number, verb, node = value.get("number"), value.get("verb"), value.get("node")
    if not is_whole(number) or not isinstance(verb, str) or verb not in VERBS:
        return None
    known = VERBS[VERBS.index(verb)]
    return Asked(number, known, node if isinstance(node, str) and len(node) <= MAX_ID else "")
