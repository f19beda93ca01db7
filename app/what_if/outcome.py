"""The outcome of the selected end: a slider over the scale of outcomes, at whose left there is none."""

from __future__ import annotations

import math

import streamlit as st

from app import state
from app.what_if.asking import give
from app.what_if.settings import STEPS
from app.what_if.words import written
from treecore.core.forest import Forest
from treecore.core.outcomes import outcome_range

KEY, NONE = "what_if_outcome", "none"


def outcome_field(row: int | None) -> None:
    """The slider, where an end is selected.

    Args:
        row: of the shown forest, None where no step is selected.
    """
    forest = state.forest()
    if row is None or forest.is_prompt[row] or not forest.topology.is_leaf[row]:
        return
    places, now = stops(forest, row)
    state.put({KEY: now})
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="asked_setting_outcome"):
        st.caption("outcome", width="content", help="Of the selected end: right, wrong, in part, or none.")
        st.select_slider(
            "outcome",
            list(places),
            key=KEY,
            label_visibility="collapsed",
            on_change=take,
            args=(str(forest.node_id[row]),),
        )


def stops(forest: Forest, row: int) -> tuple[dict[str, float | None], str]:
    """The places of the slider by their names, in order, and the name of where it stands."""
    low, high = outcome_range(state.recorded_forest())
    own = float(forest.reward[row])
    between = {round(low + (high - low) * step / STEPS, 10) for step in range(STEPS + 1)}
    values = sorted(between if math.isnan(own) else between | {own})
    names = {written(value): value for value in values}
    return {NONE: None, **names}, NONE if math.isnan(own) else written(own)


def take(node: str) -> None:
    """Give the end the chosen outcome."""
    if state.has_node(node):
        places, _ = stops(forest := state.forest(), forest.row(node))
        if (name := state.get(KEY)) in places:
            give(node, places[name])
