"""A canvas of a forest at several points of its growth, which a button goes through, and of another forest after it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.canvas import Stage, make_scene, tree_canvas
from app.resident import residents
from app.signals import choice_in, selection
from treecore.core.forest import Forest

NAN = float("nan")
LEAVES = 14


def look(first: list[str], *, cut: bool = False, prompt: str = "q") -> Forest:
    """Two trees: leaves named `first` in one, many in the other, behind a step "plan a way" with three children."""
    parent, text = [-1] + [0] * len(first), ["", *first]
    root = len(parent)
    parent, text = [*parent, -1, root], [*text, "", "plan " if cut else "plan a way"]
    above = root + 1
    if cut:
        parent, text = [*parent, above], [*text, "a way"]
        above += 1
    parent, text = [*parent, above, above], [*text, "left", "right"]
    if cut:
        parent, text = [*parent, root + 1], [*text, "another way"]
    parent, text = parent + [root] * LEAVES, text + [f"second {k}" for k in range(LEAVES)]
    return Forest(np.array(parent), text=text, prompt=prompt)


def chains() -> Forest:
    """Trees of one long step each; one of them without an outcome."""
    parent, text = [], []
    for number in range(12):
        parent, text = [*parent, -1, 2 * number], [*text, "", "look up the neighbour of lena " * 12]
    return Forest(np.array(parent), text=text, reward=np.array([NAN, 1.0] * 11 + [NAN, NAN]))


LOOKS = [
    look(["alpha", "be"]),
    look(["alpha", "beta", "gamma"], cut=True),
    look(["alpha", "beta", "gamma"], prompt="another question"),
    chains(),
]

st.set_page_config(layout="wide")
residents(key="residents")
st.session_state.setdefault("look", 0)


def grow() -> None:
    st.session_state["look"] += 1
    if forest.prompt != LOOKS[st.session_state["look"]].prompt:
        st.session_state["node"] = None


def take() -> None:
    choice = choice_in(st.session_state["selection"])
    assert choice is not None
    st.session_state.update(node=choice.node_id, heard=choice.number)


forest = LOOKS[st.session_state["look"]]
stage = Stage(filled=False, advantages=False, outcomes=st.toggle("outcomes"))
tree_canvas(
    make_scene(forest, None, stage=stage),
    key="tree",
    held=st.session_state.setdefault("held", set()),
    height=400,
)
node, heard = st.session_state.get("node"), st.session_state.get("heard", 0)
selection(node, heard=heard, key="selection", on_choose=take)
st.text(f"selected: {st.session_state.get('node')}")
st.button("grow", on_click=grow)
