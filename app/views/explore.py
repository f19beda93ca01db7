"""Explore: the trees, what forks decide, where the tokens went, and the numbers of the selected step."""

from __future__ import annotations

import streamlit as st

from app import charts, chrome, stage, state
from app.controls import dimming
from app.controls.bar import bar
from app.drawer import drawer
from app.inspector import ballots, selected_step
from app.panel import group_panel
from app.table import page as steps
from app.tokens import page as tokens
from app.view_keys import CHANGES, DRAWER, FOLDED, MAP, TREES
from app.view_registry import view
from app.what_if import beside as changes
from treecore.core.forest import Forest
from treecore.errors import TreecoreError
from treecore.methods import get_method
from treecore.methods.registry import Credit

FIELDS = (*dimming.FIELDS, *tokens.FIELDS, *steps.FIELDS)


@view(title="Explore", fields=FIELDS, keys=(TREES, FOLDED, MAP, DRAWER, CHANGES, steps.KEYS, tokens.KEYS))
def render() -> None:
    """The whole view. A click on a step reruns only what stands beside the trees."""
    changes.settle()
    if tokens.is_chosen():
        read_as_tokens()
        return
    left, right = st.columns([0.69, 0.31], gap="medium")
    side = right.container(key="side")
    with side:  # before the trees, so that these never stand in a width that they lose again
        drawer(asked=changes.is_open(), key="drawer_head")
    with left:
        credit, lacks = found_credit()
        chrome.title(filters=lambda: dimming.filter_menu(credit))
        bar(what_if=True, read_as=tokens.pills)
        if lacks is not None:
            chrome.cannot(lacks)
        if tokens.is_table():
            steps.reader(credit)
        elif credit is not None:
            scored(credit)
        else:
            stage.trees(state.forest(), None, key="explore", stage=dimming.lit_stage(None), listable=True)
        changes.keys()
    with side:
        group_panel(key="group_card")
        beside()


def read_as_tokens() -> None:
    """One branch instead of the trees."""
    credit, lacks = found_credit()
    with st.container(key="reading"):
        with st.container(key="reading_top"):
            chrome.title()
            bar(read_as=tokens.pills)
            if credit is None and lacks is not None:
                chrome.cannot(lacks)
        tokens.reader(credit)


@st.fragment
def beside() -> None:
    """The selected step or what was changed, and the way in which a click on a step gets here."""
    state.keep()
    row = state.selected_row()
    credit, _ = found_credit()
    if changes.is_open():
        changes.show(credit)
    elif row is None:
        selected_step.empty(credit)
    elif credit is None:
        selected_step.words(state.forest(), row)
    else:
        selected_step.step(credit, row)
    if credit is not None and not changes.is_open() and get_method(credit.method).family.name == ballots.FAMILY:
        ballots.votes(credit)
    if state.folds_are_lost():
        st.caption("More is folded and opened here than the address can hold: a link or a reload comes without it.")
    stage.share_selection()
    state.sync_address()


def found_credit() -> tuple[Credit | None, TreecoreError | None]:
    """Credit of the shown forest, or why there is none."""
    try:
        return state.credit(), None
    except TreecoreError as error:
        return None, error


def scored(credit: Credit) -> None:
    """The trees with their credit, and the charts beneath."""
    forest = credit.forests[0]
    if state.get("colour") == "entropy" and not has_entropy(forest):
        st.caption("No entropies are recorded in this forest, so there is nothing to colour: sample with treecore.")
    lit = dimming.lit_stage(credit)
    if changes.is_changed():
        stage.changed_trees(changes.found_now(), state.credit_before(), credit, key="explore", stage=lit)
    else:
        stage.trees(forest, credit, key="explore", stage=lit, listable=True)
    charts.pair(credit)


def has_entropy(forest: Forest) -> bool:
    """Whether any token of the forest has its entropy recorded."""
    return forest.tokens is not None and forest.tokens.entropy is not None
