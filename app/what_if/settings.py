"""The settings of the method beside a changed forest: few values as buttons, numbers within bounds as sliders."""

from __future__ import annotations

import math

import streamlit as st

from app import redraw, state
from app.controls.fields import parameter, refused
from app.verbatim import ours
from app.what_if.words import written
from treecore.methods import get_method
from treecore.registry.params import Param, Value

MAX_BUTTONS, STEPS = 4, 20
"""Values that are buttons, and steps of a slider from one bound to the other."""
SMALL = 0.05
"""A default below this share of its bounds is on a slider of powers of ten."""
DECADES = 2
"""Powers of ten below the default on such a slider."""


def settings_changed() -> dict[str, tuple[Value, Value]]:
    """Settings of the method that are not as by default: before and now."""
    method = get_method(state.get("method"))
    now = state.settings(method.name)
    return {name: (was, now[name]) for name, was in method.defaults.items() if now[name] != was}


def settings() -> None:
    """The method's own parameters."""
    method = get_method(state.get("method"))
    if not method.params:
        return
    changed = settings_changed()
    with st.container(key="what_if_settings", gap="small"):
        with st.container(
            key="asked_heading", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
        ):
            st.markdown("##### Settings", width="content")
            st.caption(ours(method.title), width="content")
        for param in method.params:
            setting(param, method.name, changed=param.name in changed)


def setting(param: Param, owner: str, *, changed: bool) -> None:
    """One parameter: few values as buttons, numbers within bounds as a slider, others as a field."""
    key = f"set:{owner}:{param.name}"
    state.prime(key, param.default)
    values = choices(param)
    places = (
        () if values or refused(param, key) else stops(param, now=float(state.get(key)) if param.type == "float" else 0)
    )
    if not values and not places:
        parameter(param, owner, on_change=redraw.now)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"asked_setting_{param.name}"):
        st.caption(ours(param.name.replace("_", " ")), width="content", help=ours(param.meaning) or None)
        if values:
            st.segmented_control(
                ours(param.name),
                values,
                format_func=lambda value: ours(str(value)),
                key=key,
                on_change=redraw.now,
                label_visibility="collapsed",
                required=True,
                width="content",
            )
        else:
            st.select_slider(
                ours(param.name),
                places,
                key=key,
                on_change=redraw.now,
                format_func=written,
                label_visibility="collapsed",
            )
        if changed:
            st.caption("● changed", width="content")


def evenly(low: float, high: float) -> list[float]:
    """Places of a slider from one bound to the other, at even distances."""
    return [*(round(low + (high - low) * step / STEPS, 10) for step in range(STEPS)), high]


def choices(param: Param) -> tuple[Value, ...]:
    """The values of a parameter where they are few."""
    if param.type == "choice":
        return tuple(param.choices) if len(param.choices) <= MAX_BUTTONS else ()
    span = param.high - param.low
    if param.type == "int" and span < MAX_BUTTONS:
        return tuple(range(int(param.low), int(param.high) + 1))
    return ()


def stops(param: Param, *, now: float) -> tuple[float, ...]:
    """The values of a slider, in order; none for a parameter that is no number between two bounds.

    Args:
        now: what is in force, which has its place among them.
    """
    if param.type != "float" or not math.isfinite(param.high - param.low):
        return ()
    low, high, default = param.low, param.high, float(param.default)
    if 0 < default < low + SMALL * (high - low):
        powers = range(math.floor(math.log10(default)) - DECADES, math.floor(math.log10(high)) + 1)
        between = [float(f"1e{power}") for power in powers]
    else:
        between = evenly(low, high)
    return tuple(sorted({low, *(value for value in between if low <= value <= high), default, now, high}))
