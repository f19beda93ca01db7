"""What of the trees is in the light: a filter dims all other steps and removes none."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import state
from app.controls.choices import Choices
from app.verbatim import ours, verbatim
from app.view_fields import Field
from treecore.core.numerals import plain, whole
from treecore.core.topology import IntArray
from treecore.errors import TreecoreError
from treecore.methods import METHODS
from treecore.methods.registry import Credit
from treecore.views.scene.scene import Stage
from treecore.views.step_filters import FILTERS, FOLLOWED, Asked

ALL = "all"
TITLES = {
    ALL: "all steps",
    "right": "ends right",
    "wrong": "ends wrong",
    "failed": "failed",
    "forks": "forks",
    "strong": "strong credit",
    "apart": "methods differ",
    FOLLOWED: "path to the selected step",
}
ONLY = Choices("In the light", "explore:only", TITLES, ALL)
OTHER, BEYOND = "explore:other", "explore:beyond"
USUAL = 50
FIELDS: tuple[Field | str, ...] = (
    Field("only", ALL, allowed=lambda: TITLES),
    Field("other", "", allowed=lambda: METHODS),
    Field("beyond", USUAL, there=lambda share: int(share) == beyond()),
)
"""What the address carries of filters."""


def filter_menu(credit: Credit | None) -> None:
    """The filter in force; a click opens all of them, with how many steps each is about."""
    asked, name = asked_of(credit), chosen()
    counts = {one: int(find(asked).sum()) for one, find in FILTERS.items() if one != "apart" or asked.other}
    label = "filter" if name == ALL else titled(name, counts)
    with st.popover(ours(label), icon=":material/filter_alt:", width="content", key="filters"):
        labels = {one: titled(one, {} if one == "apart" else counts) for one in TITLES}
        st.radio(
            "In the light; other steps are dimmed",
            list(TITLES),
            index=list(TITLES).index(name),
            key=state.in_menu(ONLY.key, name, among=tuple(labels.values())),
            format_func=lambda one: ours(labels.get(one, "") if isinstance(one, str) else ""),
            on_change=state.take_from_menu,
            args=(ONLY.key,),
        )
        if credit is None:
            st.caption("Strong credit and where methods differ need a method that can run here.")
        elif name == "strong":
            share = beyond()
            st.slider(
                "Share of the largest credit, in percent",
                0,
                100,
                share,
                step=5,
                key=state.in_menu(BEYOND, share),
                on_change=state.take_from_menu,
                args=(BEYOND,),
            )
            st.caption(f"Steps with credit of {ours(plain(asked.least))} or more, plus or minus.")
        elif name == "apart":
            other_menu(credit)


def titled(name: object, counts: dict[str, int]) -> str:
    """A filter with how many steps it is about, "" for what is none."""
    if not isinstance(name, str) or name not in TITLES:
        return ""
    return TITLES[name] + (f" · {whole(counts[name]) if counts[name] else 'none'}" if name in counts else "")


def other_menu(credit: Credit) -> None:
    """The method that the one in force is held against."""
    names = {name: method.title for name, method in METHODS.items() if name != credit.method}
    name = other_name(credit)
    st.selectbox(
        ours(f"{METHODS[credit.method].title} against"),
        list(names),
        index=list(names).index(name),
        key=state.in_menu(OTHER, name, among=credit.method),
        on_change=state.take_from_menu,
        args=(OTHER,),
        format_func=lambda name: ours(names.get(name, "")) if isinstance(name, str) else "",
    )
    try:
        state.credit_by(name, state.opened())
    except TreecoreError as error:
        st.caption(verbatim(f"{error}."))


def chosen() -> str:
    """The name of the filter in force."""
    return str(state.field(ONLY.key))


def beyond() -> int:
    """The share of the largest credit from which credit is strong, in percent."""
    return min(max(int(state.field(BEYOND)), 0), 100)


def other_name(credit: Credit) -> str:
    """The second method: what was chosen, else the first that is another."""
    name = str(state.field(OTHER))
    return name if name and name != credit.method else next(one for one in METHODS if one != credit.method)


def asked_of(credit: Credit | None) -> Asked:
    """What filters look at: the shown forest, its credit, and that of the second method where signs are compared."""
    other = None
    if credit is not None and chosen() == "apart":
        try:
            other = state.credit_by(other_name(credit), state.opened()).of(state.forest_number())
        except TreecoreError:
            other = None
    return Asked(state.forest(), credit, other, share=beyond() / 100)


def lit_rows(credit: Credit | None) -> IntArray | None:
    """Steps of the shown forest that the filter in force is about; None for all, and where the browser knows them."""
    name = chosen()
    return None if name in (ALL, FOLLOWED) else np.flatnonzero(FILTERS[name](asked_of(credit)))


def drawn_rows(credit: Credit | None) -> IntArray | None:
    """The same steps as `lit_rows`, in the rows of the forest that is drawn: a changed one keeps what was pruned."""
    rows, found = lit_rows(credit), state.what_if()
    return rows if rows is None or found is None else np.flatnonzero(np.isin(found.after, rows))


def lit_stage(credit: Credit | None) -> Stage:
    """The stage of the canvas for the filter in force; large forests can be folded in it."""
    rows = drawn_rows(credit)
    if rows is None:
        return Stage(follow=chosen() == FOLLOWED, folds=True)
    return Stage(highlight=rows.tolist(), folds=True)
