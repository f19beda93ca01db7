"""The smallest app around the canvas: a forest, a picker of colours and what was selected."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.canvas import SCRIPT, STYLE, make_scene, tree_canvas
from app.resident import residents
from app.signals import choice_in, selection
from treecore.core.forest import Forest
from treecore.methods import compute

#      0 ── 1 ── 3
#      │    └─── 4
#      └── 2 ── 5        6 ── 7
PARENT = [-1, 0, 0, 1, 1, 2, -1, 6]
TAGGED = "<think>so it is c</think>\n<answer>c</answer>"
TEXT = ["", "first plan", "<img src=x onerror=alert(1)>\n    return x", "answer a", "answer b", TAGGED, "", "answer d"]
NAN = float("nan")

st.set_page_config(layout="wide")
residents(key="residents")
forest = Forest(np.array(PARENT), text=TEXT, reward=np.array([NAN, NAN, NAN, 1.0, 0.0, 0.0, NAN, 1.0]))
colour = st.radio("colour", ["credit", "granularity", "both", "value", "entropy"], horizontal=True)
scene = make_scene(forest, compute(forest, "tree_grpo"), colour=colour)


def jump() -> None:
    st.session_state["node"] = "7"


def take() -> None:
    choice = choice_in(st.session_state["selection"])
    assert choice is not None
    st.session_state.update(node=choice.node_id, heard=choice.number)


held = st.session_state.setdefault("held", set())
if "lost" in st.query_params and "asked" not in st.session_state:
    held.update(part.stamp for part in (SCRIPT, STYLE, scene.forest, scene.look))
    st.session_state["asked"] = True
tree_canvas(scene, key="tree", held=held, height=480)
node, heard = st.session_state.get("node"), st.session_state.get("heard", 0)
if "late" not in st.query_params or st.button("go on"):
    selection(node, heard=heard, key="selection", on_choose=take)
st.text(f"selected: {st.session_state.get('node')}")
st.button("jump to 7", on_click=jump)
