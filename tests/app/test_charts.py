"""The charts under the trees: those of a large forest wait until its trees are drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from browser import ROOT, Open, serve, wait_for_canvas
from pages import page

import treecore as tc
from app import charts
from treecore.core.forest import Forest


def test_charts_wait_for_the_trees_of_a_large_forest(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(page().get("plotly_chart")) == 2
    monkeypatch.setattr(charts, "LARGE", 5)
    test = page()
    assert test.get("plotly_chart") == []
    test.session_state[charts.DRAWN] = (test.session_state["opened"].key, 0)
    test.run()
    assert len(test.get("plotly_chart")) == 2


@pytest.mark.browser
def test_charts_of_a_large_forest_come_after_its_trees(tmp_path: Path, open_page: Open) -> None:
    parent = np.concatenate([[-1], np.zeros(charts.LARGE, dtype=np.int64)])
    text = ["", *(f"answer {k % 7}" for k in range(charts.LARGE))]
    reward = [np.nan, *(float(k % 7 == 0) for k in range(charts.LARGE))]
    tc.write([Forest(parent, text=text, reward=reward, prompt="which?")], tmp_path / "large.forest.jsonl")
    with serve(ROOT / "app" / "main.py", TREECORE_FILE=str(tmp_path / "large.forest.jsonl")) as address:
        shown = open_page(address)
        wait_for_canvas(shown)
        shown.locator(".st-key-chart_icicle .slice").first.wait_for(state="attached")
        assert shown.evaluate("globalThis.treecoreDrawn") == charts.LARGE + 1
