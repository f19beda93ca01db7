"""Explore: the trees, what forks decide, where the tokens went, and the numbers of the selected step."""

from __future__ import annotations

import streamlit as st

from app import charts, chrome, stage, state
from app.controls.bar import bar
from app.inspector import ballots, selected_step
from app.view_registry import view
from app.what_if import beside as changes
from treecore.core.forest import Forest
from treecore.errors import TreecoreError
from treecore.methods import get_method
from treecore.methods.registry import Credit

HEIGHT = 560


@view(title="Explore")
def render() -> None:
    """The whole view. A click on a step reruns only what stands beside the trees."""
    changes.settle()
    left, right = st.columns([0.69, 0.31], gap="medium")
    with left:
        chrome.title()
        bar(what_if=True)
        try:
            scored(state.credit())
        except TreecoreError as error:
            chrome.cannot(error)
            stage.trees(state.forest(), None, key="explore", height=HEIGHT)
        changes.keys()
    with right, st.container(key="side"):
        beside(changes.drawn_for())


@st.fragment
def beside(drawn_for: tuple[object, ...]) -> None:
    """The selected step or what was changed, and the way in which a click on a step gets here.

    Args:
        drawn_for: changes for which the page was drawn.
    """
    state.keep()
    if changes.drawn_for() != drawn_for:
        st.rerun()
    row = state.selected_row()
    credit: Credit | None
    try:
        credit = state.credit()
    except TreecoreError:
        credit = None
    if changes.is_open():
        changes.show(credit)
    elif row is None:
        selected_step.empty(credit)
    elif credit is None:
        selected_step.words(state.forest(), row)
    else:
        selected_step.step(credit, row)
    if credit is not None and not changes.is_open() and get_method(credit.method).family == ballots.FAMILY:
        ballots.votes(credit)
    stage.share_selection()
    state.sync_address()


def scored(credit: Credit) -> None:
    """The trees with their credit, and the charts beneath."""
    forest = credit.forests[0]
    if state.get("colour") == "entropy" and not has_entropy(forest):
        st.caption("No entropies are recorded in this forest, so there is nothing to colour: sample with treecore.")
    if changes.is_changed():
        stage.changed_trees(changes.found_now(), state.credit_before(), credit, key="explore", height=HEIGHT)
    else:
        stage.trees(forest, credit, key="explore", height=HEIGHT)
    charts.pair(credit)


def has_entropy(forest: Forest) -> bool:
    """Whether any token of the forest has its entropy recorded."""
    return forest.tokens is not None and forest.tokens.entropy is not None
