"""The session's values: what the browser sent, or the default where it sent nothing that there is."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from app.defaults import CLOSED, DEFAULTS, KEPT, KEPT_PREFIXES
from app.view_registry import VIEWS, declared_fields
from treecore.methods import get_method
from treecore.registry.params import Value


def get(name: str) -> Any:
    """A value of the session; the default where the browser sent a name that does not exist."""
    value = st.session_state.get(name, DEFAULTS.get(name))
    return value if name not in CLOSED or (isinstance(value, str) and value in CLOSED[name]) else DEFAULTS[name]


def get_or(name: str, default: Any) -> Any:
    """A value of the session, or `default` when there is none."""
    return st.session_state.get(name, default)


def prime(name: str, value: Any) -> None:
    """Give a widget its first value; later ones are its own."""
    st.session_state.setdefault(name, value)


def put(values: Mapping[str, Any]) -> None:
    """Set values of the session; only from callbacks, before their widgets are drawn."""
    for name, value in values.items():
        st.session_state[name] = value


def keep() -> None:
    """Hold the values of all widgets, at the beginning of every run, of the page and of a fragment.

    Streamlit forgets the value of a widget that is not drawn, and sends the browser the value of one that is drawn only
    where it was set in the same run: a menu that opens later would show, and then report, its first option.
    """
    kept = {*KEPT, *declared_fields()}
    for name in map(str, list(st.session_state)):
        if name in kept or name.startswith(KEPT_PREFIXES):
            with suppress(StreamlitAPIException):  # drawn earlier in this run, by what is around the fragment
                st.session_state[name] = st.session_state[name]


def notice() -> str:
    """A sentence to show once, for example about a link that named something unknown."""
    text: str = st.session_state.get("notice", "")
    st.session_state.notice = ""
    return text


def field(key: str) -> Any:
    """A field of a view, such as `library:folder`; its default where the browser sent what there is not.

    Raises:
        KeyError: no view declares it.
    """
    declared = declared_fields()[key]
    return declared.checked(st.session_state.get(key, declared.default))


def fields(view: str) -> dict[str, Any]:
    """All fields of a view that are not as by default."""
    found = {one.name: (field(f"{view}:{one.name}"), one.default) for one in VIEWS.find(view).fields}
    return {name: value for name, (value, default) in found.items() if value != default}


def put_fields(view: str, values: Mapping[str, Any]) -> None:
    """Set fields of a view, and all that are not named to their defaults; only before their widgets are drawn."""
    put({f"{view}:{one.name}": values.get(one.name, one.default) for one in VIEWS.find(view).fields})


def settings(method: str) -> dict[str, Value]:
    """Parameters of a method as the widgets have them."""
    values = {}
    for param in get_method(method).params:
        value = st.session_state.get(f"set:{method}:{param.name}", param.default)
        values[param.name] = value
    return values


def put_settings(method: str, values: Mapping[str, Value]) -> None:
    """Set parameters of a method, in the types of their widgets; all that are not named as by default."""
    for param in get_method(method).params:
        value = values.get(param.name, param.default)
        typed = float(value) if param.type == "float" else int(value) if param.type == "int" else value
        st.session_state[f"set:{method}:{param.name}"] = typed
