"""The component inside a script run, without a browser: what it returns, and whom it tells."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest


def script() -> None:
    import numpy as np
    import streamlit as st

    from app.canvas import make_scene, tree_canvas
    from treecore.forest import Forest

    forest = Forest(np.array([-1, 0, 0]), reward=np.array([np.nan, 1.0, 0.0]))
    got = tree_canvas(make_scene(forest, None), key="tree", height=300, on_select=lambda: None)
    st.text(f"got {got}")


@pytest.mark.parametrize(("reported", "expected"), [(None, None), ("2", "2"), ("99", None), (2, None), ([], None)])
def test_only_ids_of_the_forest_come_back(reported: Any, expected: str | None) -> None:
    app = AppTest.from_function(script)
    if reported is not None:
        app.session_state["tree"] = {"selected": reported}
    app.run()
    assert not app.exception
    assert app.text[0].value == f"got {expected}"
