"""Widgets for the parameters of methods and samplers, made from what their signatures say."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import state
from app.verbatim import ours, verbatim
from treecore.errors import MethodError
from treecore.registry.params import Param


def parameter(param: Param, owner: str, *, on_change: Callable[[], None] | None = None) -> bool:
    """One widget for one parameter, whatever its type; whether what stands there is allowed.

    Args:
        owner: the method, sampler or task that it belongs to.
        on_change: called once another value holds.
    """
    key = f"set:{owner}:{param.name}"
    if param.type in ("int", "float"):
        return number(param, key, on_change=on_change)
    state.prime(key, param.default)
    if param.type == "choice":
        st.selectbox(ours(param.name), param.choices, key=key, help=ours(param.meaning) or None, on_change=on_change)
    elif param.type == "bool":
        st.toggle(ours(param.name), key=key, help=ours(param.meaning) or None, on_change=on_change)
    else:
        st.text_input(ours(param.name), key=key, help=ours(param.meaning) or None, on_change=on_change)
    return True


def number(
    param: Param,
    key: str,
    *,
    title: str = "",
    step: float | None = None,
    on_change: Callable[[], None] | None = None,
) -> bool:
    """A field for a number; whether it is allowed. What was typed is in force: what is not allowed stops and says so.

    Streamlit's own bounds would show a number that is not allowed in red and go on with the one before.

    Args:
        key: of its value in the session, which `param.parse` refuses where it is not allowed.
        title: for people; the parameter's name by default.
        step: between two values of the arrows; on_change: called once another value holds.
    """
    whole = param.type == "int"
    state.prime(key, int(param.default) if whole else float(param.default))
    st.number_input(
        ours(title or param.name),
        value=None,
        step=int(step or 1) if whole else step,
        format=None if whole else "%g",
        key=key,
        help=ours(param.meaning) or None,
        on_change=on_change,
    )
    wrong = refused(param, key)
    if wrong:
        st.error(verbatim(wrong))
    return not wrong


def refused(param: Param, key: str) -> str:
    """Why what stands in a field is not allowed, "" where it is."""
    try:
        param.parse(state.get(key))
    except MethodError as error:
        return str(error)
    return ""
