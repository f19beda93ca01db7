"""What is shown now: what is open, which of its forests, and the step that is selected in it."""

from __future__ import annotations

import streamlit as st

from app.defaults import GUESS
from app.opening.merging import is_flat, rules
from app.opening.opened import Opened
from app.state.changes import changed, found_in, turn_changes
from app.state.merge_job import is_refused, merged_or_given
from app.state.open_files import open_sample
from app.state.session import get, put
from treecore.analysis.what_if import WhatIf
from treecore.bundled import samples
from treecore.core.forest import Forest
from treecore.errors import ForestError


def as_given() -> Opened:
    """What is open as its file has it; the first sample when nothing was opened yet."""
    if "opened" not in st.session_state:
        open_sample(next(iter(samples())))
    current: Opened = st.session_state.opened
    return current


def merge_rule() -> str:
    """By which rule shared beginnings are merged, "" where they are not."""
    by = get("merge_by")
    given = as_given()
    wanted = get("merging") is True and is_flat(given) and by in rules(given)
    return str(by) if wanted and not is_refused(given, str(by)) else ""


def recorded() -> Opened:
    """What is open, as it was recorded; merged where it is shown so."""
    rule = merge_rule()
    return merged_or_given(as_given(), rule) if rule else as_given()


def opened() -> Opened:
    """What is open, as it is shown: with what the visitor changed."""
    return changed(recorded(), forest_number())


def what_if() -> WhatIf | None:
    """What the visitor changed in the shown forest, None for nothing."""
    return found_in(recorded(), forest_number())


def forest_number() -> int:
    """Which forest of the batch is shown."""
    number = st.session_state.forest
    return min(max(number, 0), len(recorded().forests) - 1) if isinstance(number, int) else 0


def turn_to(number: int) -> None:
    """Show another forest of the batch, without a selection; nothing where that one is shown already.

    Only from callbacks.
    """
    if st.session_state.turned != number:
        turn_changes(before=st.session_state.turned, after=number)
        put({"forest": number, "turned": number, "node": "", "frame": 0, GUESS: ""})


def forest() -> Forest:
    """The forest that is shown."""
    return opened().forests[forest_number()]  # type: ignore[no-any-return]


def recorded_forest() -> Forest:
    """The forest that is shown, as it was recorded."""
    return recorded().forests[forest_number()]  # type: ignore[no-any-return]


def has_node(node_id: str) -> bool:
    """Whether the shown forest has a node of this id."""
    return has(forest(), node_id)


def has(forest: Forest, node_id: str) -> bool:
    """Whether a forest has a node of this id."""
    try:
        forest.row(node_id)
    except ForestError:
        return False
    return True


def select(node_id: object) -> None:
    """Select a step by id, also one that was pruned; an unknown or stale id deselects."""
    st.session_state.node = node_id if isinstance(node_id, str) and is_drawn(node_id) else ""


def is_drawn(node_id: str) -> bool:
    """Whether a node of this id is drawn, also one that was pruned."""
    found = what_if()
    return has(forest() if found is None else found.drawn, node_id)


def selected_row() -> int | None:
    """Row of the selected step, None when none is."""
    node = st.session_state.node
    return forest().row(node) if node and has_node(node) else None


def held() -> set[str]:
    """Stamps of what the session's browser has of canvases."""
    stamps: set[str] = st.session_state.setdefault("held", set())
    return stamps
