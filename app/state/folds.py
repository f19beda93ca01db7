"""Which steps of each forest are folded or opened on the trees of Explore, as the browser and the address have it.

A text of marks apart by commas: `-ID` a step that is folded, `+ID` one that is opened beyond what a forest opens by
itself, `toN` all steps so deep, `rows` and `shapes` for trees that are not drawn as by default.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

import streamlit as st

from app.state.current import forest_number, is_drawn, recorded
from app.view_fields import MAX_FIELD, SHOWN

HELD, MAX_FORESTS = "folds", 40
"""Where the session holds them, and of how many forests."""
TOO_MANY = "!"
"""What stands for folds that are longer than the address may be."""
MARK = re.compile(r"[-+].+|to[1-9]|rows|shapes", re.DOTALL)


def folds() -> str:
    """Those of the shown forest, "" for a forest as it opens by itself."""
    return _all().get(folds_of(), "")


def folds_of() -> str:
    """The name by which they are those of the shown forest, in the session and in what a browser sends."""
    return f"{recorded().key}/{forest_number()}"


def folds_are_lost() -> bool:
    """Whether they are too many for the address."""
    return folds() == TOO_MANY


def take_folds(text: str, *, of: str) -> None:
    """Take over what the browser says of a forest, which need not be shown any more when that is heard."""
    known = {name: value for name, value in _all().items() if name != of}
    kept = text if text == TOO_MANY or len(text) <= MAX_FIELD else TOO_MANY
    if kept:
        known[of] = kept
    st.session_state[HELD] = dict([*known.items()][-MAX_FORESTS:])


def read_folds(text: str) -> list[str]:
    """Take over those of the address; the clauses that say what of them is not there."""
    marks = text.split(",") if text and len(text) <= MAX_FIELD else []
    fitting = [mark for mark in marks if MARK.fullmatch(mark)]
    gone = [unquote(mark[1:]) for mark in fitting if mark[0] in "-+" and not is_drawn(unquote(mark[1:]))]
    take_folds(",".join(written(mark) for mark in fitting if unquote(mark[1:]) not in gone), of=folds_of())
    if len(text) > MAX_FIELD or len(fitting) < len(marks):
        return ["its folds cannot be read"]
    more = f" (and {len(gone) - 1} more)" if gone[1:] else ""
    return [f"no step “{gone[0][:SHOWN]}” to fold here{more}"] if gone else []


def written(mark: str) -> str:
    """A mark as browsers write it: only commas and percent signs of an id are escaped."""
    return mark[0] + unquote(mark[1:]).replace("%", "%25").replace(",", "%2C") if mark[0] in "-+" else mark


def _all() -> dict[str, str]:
    found: dict[str, str] = st.session_state.get(HELD, {})
    return found
