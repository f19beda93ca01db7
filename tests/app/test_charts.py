"""The charts under the trees: those of a large forest wait until its trees are drawn."""

from __future__ import annotations

import pytest
from pages import page

from app import charts


def test_charts_wait_for_the_trees_of_a_large_forest(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(page().get("plotly_chart")) == 2
    monkeypatch.setattr(charts, "LARGE", 5)
    test = page()
    assert test.get("plotly_chart") == []
    test.session_state[charts.DRAWN] = (test.session_state["opened"].key, 0)
    test.run()
    assert len(test.get("plotly_chart")) == 2
