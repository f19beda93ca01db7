"""What a comparison is of: methods, colour scale, one tree or two things side by side. Closed sets of names."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from app import state
from app.compare.sides import MAX_LEAVES, telling_pair, trajectory
from app.controls.choices import Choices
from app.defaults import SHORT
from app.opening.opened import Opened
from app.verbatim import ours
from app.view_fields import Field
from treecore.analysis.compare import Comparison
from treecore.core.forest import Forest
from treecore.core.numerals import counted, whole
from treecore.methods import METHODS, SIDE_BY_SIDE
from treecore.views.labels import cut

METHODS_KEY = "compare:methods"
MAX_METHODS, MAX_FORESTS, MAX_NAME = 8, 100, 60
"""Columns, forests that are offered, and characters of their names."""
SCALES = Choices("Colour", "compare:scale", {"own": "each its own", "one": "one for all"})
MODES = Choices(
    "Show",
    "compare:show",
    {"one": "one tree", "methods": "two methods", "forests": "two forests", "paths": "two paths"},
)
ASIDE = Choices("Beside the table", "compare:aside", {"why": "why they differ", "number": "the number"})
FIELDS: tuple[Field | str, ...] = (
    Field("methods", SIDE_BY_SIDE, allowed=lambda: METHODS),
    *(one.field() for one in (SCALES, MODES, ASIDE)),
    *(Field(side, there=lambda name: name in names()) for side in ("left", "right")),
    Field("beside", there=lambda name: name in offered()),
    *(Field(side, there=lambda name: state.has_node(name)) for side in ("one", "two")),
)
"""What the address carries of a comparison."""


def names() -> list[str]:
    """The methods that are compared."""
    return list(state.field(METHODS_KEY))[:MAX_METHODS]


def title_of(name: object) -> str:
    """A method with its family, "" for anything that is none."""
    method = METHODS.get(name) if isinstance(name, str) else None
    return f"{method.title} · {method.family.name}" if method is not None else ""


def method_menu() -> None:
    """Which methods are columns."""
    chosen = state.field(METHODS_KEY) if state.get_or(METHODS_KEY, SIDE_BY_SIDE) else ()
    with st.popover(ours(counted(len(names()), "method")), icon=":material/function:", width="content"):
        st.multiselect(
            "Methods, each a column",
            list(METHODS),
            chosen,
            key=state.in_menu(METHODS_KEY, chosen),
            on_change=state.take_from_menu,
            args=(METHODS_KEY,),
            format_func=lambda name: ours(title_of(name)),
            max_selections=MAX_METHODS,
        )
        st.caption(
            "None chosen shows the usual six. Columns stand in the order of what they compare a step with, from the "
            "whole group to the fork."
        )


def method_choices(found: Comparison) -> tuple[int, int]:
    """Places of the two methods that stand side by side."""
    titles = {column.method: column.known.title for column in found.columns}
    last = found.columns[-1].method
    with st.container(horizontal=True, gap="small", key="compare_two"):
        left = Choices("Left", "compare:left", titles).selectbox(label_visibility="collapsed")
        right = Choices("Right", "compare:right", titles, default=last).selectbox(label_visibility="collapsed")
    places = {column.method: place for place, column in enumerate(found.columns)}
    return places.get(left, 0), places.get(right, len(found.columns) - 1)


class Other(NamedTuple):
    """A forest to put beside the one that is shown, and what both are called."""

    of: Opened
    number: int
    titles: tuple[str, str]


def offered() -> dict[str, tuple[Opened, int]]:
    """Forests that may stand beside the shown one: of the same prompt first, then others of what is open."""
    here, shown = state.opened(), state.forest()
    own = [(here, number) for number in range(len(here.forests)) if number != state.forest_number()]
    known = [one for one in state.recent().values() if one.key[:SHORT] != here.key[:SHORT]]
    others = [(one, number) for one in known for number in range(len(one.forests))]
    alike = [(of, number) for of, number in [*own, *others] if of.forests[number].prompt == shown.prompt]
    rest = [one for one in own if one not in alike]
    return {f"{of.key[:SHORT]}#{number}": (of, number) for of, number in [*alike, *rest][:MAX_FORESTS]}


def compared_forests() -> Other | None:
    """The forest that stands beside the shown one; None where there is no other."""
    others = offered()
    if not others:
        st.info(
            "There is one forest here. Open a file with several, or one of another checkpoint or sampler, to put two "
            "side by side.",
            icon=":material/splitscreen_right:",
        )
        return None
    titles = {key: named(of, number) for key, (of, number) in others.items()}
    with st.container(key="compare_two"):
        chosen = Choices("Beside it", "compare:beside", titles).selectbox(label_visibility="collapsed")
    of, number = others.get(chosen) or next(iter(others.values()))
    return Other(of, number, (named(state.opened(), state.forest_number()), named(of, number)))


def named(of: Opened, number: int) -> str:
    """A forest by its number, what grew it, and its prompt."""
    forest: Forest = of.forests[number]
    step = forest.provenance.get("training_step")
    grown = [
        f"step {step}" if isinstance(step, int) else "",
        str(forest.policy.get("model", "")) if isinstance(forest.policy.get("model", ""), str) else "",
        str(forest.sampler.get("name", "")).replace("_", " "),
    ]
    parts = [whole(number + 1), of.title if of is not state.opened() else "", *grown, forest.prompt]
    return cut(" · ".join(" ".join(part.split()) for part in parts if part), MAX_NAME)


def leaf_choices(forest: Forest) -> tuple[int, int]:
    """Rows of the ends of the two trajectories that stand side by side."""
    leaves = {str(forest.node_id[leaf]): trajectory(forest, leaf) for leaf in forest.leaves[:MAX_LEAVES].tolist()}
    left, right = (str(forest.node_id[leaf]) for leaf in telling_pair(forest))
    with st.container(horizontal=True, gap="small", key="compare_two"):
        one = Choices("Left", "compare:one", leaves, default=left).selectbox(label_visibility="collapsed")
        other = Choices("Right", "compare:two", leaves, default=right).selectbox(label_visibility="collapsed")
    return forest.row(one if one in leaves else left), forest.row(other if other in leaves else right)
