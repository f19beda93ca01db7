"""Values that are chosen in menus.

What stands in a closed menu is not in the page: the browser takes no notice of what is set meanwhile, and sends what
was last chosen there with every run. So a widget in a menu has a name of its own beside the one of its value, another
name whenever the value was set elsewhere, and tells the value when somebody chooses.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

import streamlit as st

from app.state.session import get_or, put

HELD = "menus"
"""Where the session holds what the widgets in menus show, by the names of their values."""


class Shown(NamedTuple):
    """What the widget of a value shows.

    Attributes:
        number: counts the widgets of the value; value: shown; among: the choices, as a browser knows them.
    """

    number: int
    value: Hashable
    among: Hashable


def in_menu(name: str, value: Hashable, *, among: Hashable = ()) -> str:
    """The key of the widget of a value.

    Args:
        name: of the value in the session; value: that the widget is to show.
        among: tells its choices, where these change: browsers send the words of a choice.
    """
    found: Shown | None = _all().get(name)
    if found is None or found[1:] != (value, among):
        found = Shown(found.number + 1 if found is not None else 1, value, among)
        put({HELD: {**_all(), name: found}})
    return _key(name, found)


def chosen_in_menu(name: str) -> Any:
    """What was just chosen there, unchecked; only from callbacks of the widget."""
    found = _all()[name]
    value = st.session_state[_key(name, found)]
    shown = tuple(value) if isinstance(value, list) else value
    put({HELD: {**_all(), name: found._replace(value=shown)}})
    return value


def take_from_menu(name: str) -> None:
    """Take over what was just chosen there; only from callbacks of the widget."""
    put({name: chosen_in_menu(name)})


def _key(name: str, shown: Shown) -> str:
    return f"menu:{shown.number}-{name}"


def _all() -> dict[str, Shown]:
    found: dict[str, Shown] = get_or(HELD, {})
    return found
