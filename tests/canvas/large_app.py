"""An overview of many leaves, two right and three wrong in turn."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.canvas import make_scene, tree_canvas
from treecore.core.forest import Forest
from treecore.methods import compute

LEAVES = 5000
REWARD = np.concatenate([[np.nan], np.tile([1.0, 0.0, 1.0, 0.0, 0.0], LEAVES // 5)])

st.set_page_config(layout="wide")
forest = Forest(np.concatenate([[-1], np.zeros(LEAVES, dtype=np.int64)]), reward=REWARD)
scene = make_scene(forest, compute(forest, "grpo"))
tree_canvas(scene, key="tree", held=st.session_state.setdefault("held", set()), height=480)
