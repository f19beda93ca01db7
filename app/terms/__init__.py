"""The numbers of an equation as a row of buttons, linked to the nodes of the trees that they come from.

A Streamlit component: pointing at a number, or going to it with Tab, lights its nodes; pointing at a node marks its
numbers. Python hears of neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import streamlit as st

from treecore.analysis.linked import Linked
from treecore.core.forest import Forest
from treecore.core.numerals import counted
from treecore.views.inspector.mathml import Mark, mathml
from treecore.views.scene.part import encodable
from treecore.views.sources import script, style

FOLDER = Path(__file__).parent
MAX_NODES = 2000
"""Nodes that one number lights."""

_mount = st.components.v2.component("treecore.terms", js=script(FOLDER / "terms.js"), css=style(FOLDER / "terms.css"))


class TermData(TypedDict):
    """A number: its symbol and itself as MathML, where it comes from, and the ids of these nodes."""

    symbol: Mark
    number: Mark
    about: str
    ids: list[str]


def terms(forest: Forest, found: Sequence[Linked], *, key: str) -> None:
    """Draw the numbers that come from nodes."""
    _mount(key=key, data=[term_data(forest, one) for one in found if len(one.rows)])


def term_data(forest: Forest, one: Linked) -> TermData:
    """A number as the browser takes it."""
    return {
        "symbol": mathml(one.symbol),
        "number": mathml(one.number),
        "about": f"from {counted(len(one.rows), 'step')}",
        "ids": [encodable(str(forest.node_id[row])) for row in one.rows[:MAX_NODES]],
    }
