"""The list of credit methods, grouped and searched by typing. A Streamlit component; text is shown as text only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from app.component import component

FOLDER = Path(__file__).parent
ASKED = "asked"

_list = component("method_list", FOLDER)


class MethodRow(TypedDict):
    """One method of the list.

    `lacks` is why it cannot run on what is open, "" where it can; `supply` names what a button beside it gets, "" for
    none, and `button` is its label.
    """

    name: str
    title: str
    question: str
    lacks: str
    supply: str
    button: str


class MethodGroup(TypedDict):
    """Methods of one family under their heading."""

    title: str
    methods: list[MethodRow]


class MethodListData(TypedDict):
    """What the list shows; `heard` is the number of the last wish that was heard, 0 before the first."""

    groups: list[MethodGroup]
    chosen: str
    heard: int


class WishEvent(TypedDict):
    """What was asked for, as the browser sends it; `asked_in` checks it."""

    number: int
    kind: str
    name: str


class Asked(NamedTuple):
    """What was asked for in the list: `choose` the method of this name, or `supply` what it lacks."""

    number: int
    kind: str
    name: str


def method_list(groups: list[MethodGroup], *, chosen: str, heard: int, key: str, on_ask: Callable[[], None]) -> None:
    """Draw the list.

    Args:
        chosen: name of the method in force.
        heard: number of the last wish that was heard.
        on_ask: called before the rerun; `asked_in` reads what `session_state[key]` then holds.
    """
    data: MethodListData = {"groups": groups, "chosen": chosen, "heard": heard}
    _list(key=key, data=data, on_asked_change=on_ask)


def asked_in(held: Any, groups: list[MethodGroup]) -> Asked | None:
    """The wish that a component's state holds; None for anything that the list does not offer."""
    value = (held or {}).get(ASKED)
    if not isinstance(value, dict):
        return None
    number, kind, name = value.get("number"), value.get("kind"), value.get("name")
    if type(number) is not int or not isinstance(kind, str) or not isinstance(name, str):
        return None
    rows = [row for group in groups for row in group["methods"]]
    offered = {
        "choose": {row["name"] for row in rows if not row["lacks"]},
        "supply": {row["name"] for row in rows if row["supply"]},
    }
    return Asked(number, kind, name) if name in offered.get(kind, ()) else None
