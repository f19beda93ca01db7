"""The outcome of the selected end: a slider over the scale of outcomes, at whose left there is none."""

from __future__ import annotations

import math

import streamlit as st

from app import redraw, state
from app.what_if.asking import give
from app.what_if.settings import evenly
from app.what_if.words import written
from treecore.core.changes import SetReward
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
    node = str(forest.node_id[row])
    state.put({(key := key_of(node)): now})
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="asked_setting_outcome"):
        st.caption("outcome", width="content", help="Of the selected end: right, wrong, in part, or none.")
        st.select_slider(
            "outcome",
            list(places),
            key=key,
            label_visibility="collapsed",
            on_change=redraw.after(take),
            kwargs={"node": node, "key": key},
        )


def key_of(node: str) -> str:
    """Where the slider of an end is kept: a place of its own for all that others did.

    At one place, a key pressed before the page was drawn would send the value of the end selected before.
    """
    others = tuple(one for one in state.changes() if not (isinstance(one, SetReward) and one.node == node))
    return f"{KEY}:{node}:{hash(others)}"


def stops(forest: Forest, row: int) -> tuple[dict[str, float | None], str]:
    """The places of the slider by their names, in order, and the name of where it stands."""
    low, high = outcome_range(state.recorded_forest())
    own = float(forest.reward[row])
    values = sorted({*evenly(low, high), *(() if math.isnan(own) else (own,))})
    names = {written(value): value for value in values}
    return {NONE: None, **names}, NONE if math.isnan(own) else written(own)


def take(*, node: str, key: str) -> None:
    """Give the end the chosen outcome; a browser may also tell of a slider as it was drawn in a run broken off."""
    if state.has_node(node):
        places, now = stops(forest := state.forest(), forest.row(node))
        if (name := state.get(key)) in places and name != now:
            give(node, places[name])
