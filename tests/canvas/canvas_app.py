"""The smallest app around the canvas: a forest, a picker of colours and what was selected."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.canvas import make_scene, tree_canvas
from treecore.credit import compute
from treecore.forest import Forest

#      0 ── 1 ── 3
#      │    └─── 4
#      └── 2 ── 5        6 ── 7
PARENT = [-1, 0, 0, 1, 1, 2, -1, 6]
TEXT = ["", "first plan", "<img src=x onerror=alert(1)>", "answer a", "answer b", "answer c", "", "answer d"]
NAN = float("nan")

st.set_page_config(layout="wide")
forest = Forest(np.array(PARENT), text=TEXT, reward=np.array([NAN, NAN, NAN, 1.0, 0.0, 0.0, NAN, 1.0]))
colour = st.radio("colour", ["credit", "granularity", "both", "value", "entropy"], horizontal=True)
scene = make_scene(forest, compute(forest, "tree_grpo"), colour=colour)


def jump() -> None:
    st.session_state["node"] = "7"


def take() -> None:
    st.session_state["node"] = st.session_state["tree"]["selected"]


tree_canvas(scene, selected=st.session_state.get("node"), key="tree", height=480, on_select=take)
st.text(f"selected: {st.session_state.get('node')}")
st.button("jump to 7", on_click=jump)
