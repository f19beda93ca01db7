"""What notebooks and the console show of a forest and a credit: short, and text alone."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from hostile import ATTACKS, hostile_file

import treecore as tc
from treecore.core.card import MAX_VALUE, card
from treecore.core.forest import Forest


def test_a_forest_and_its_credit() -> None:
    forest = Forest(parent=[-1, 0, 0], text=["", "a", "b"], reward=[np.nan, 1.0, 0.0], prompt="q < 1", id="f")
    credit = tc.credit(forest, "sibling")
    assert repr(forest) == "Forest(id='f', 1 tree, 2 trajectories, 3 nodes)"
    assert repr(credit).startswith("Credit(method='sibling', params={")
    told = ElementTree.fromstring(forest._repr_html_())
    assert [cell.text for cell in told.iter("td")] == [
        "f",
        "q < 1",
        "1 tree, 2 trajectories, 3 nodes",
        "0.50 (2 scored)",
    ]
    assert "2 of 3 nodes" in credit._repr_html_()
    assert "−0.50 to +0.50" in credit._repr_html_()


def test_nothing_scored_and_nothing_assigned() -> None:
    forest = Forest(parent=[-1, 0], text=["", "a"], reward=[np.nan, 1.0], prompt="q").with_columns(reward=[np.nan] * 2)
    assert "none scored" in forest._repr_html_()
    blank = tc.Credit(tc.Forests(forest), {"credit": np.full(2, np.nan)})
    assert "0 of 2 nodes" in blank._repr_html_()


@pytest.mark.parametrize("attack", list(ATTACKS))
def test_hostile_words_are_text(attack: str, tmp_path: object) -> None:
    forest = tc.read(hostile_file(attack), name="hostile")[0]
    shown = forest._repr_html_()
    for part in ("<img", "<script", "<svg", "<style", "<a ", "<https"):
        assert part not in shown


def test_long_values_are_cut() -> None:
    shown = card("a", {"long": "x" * 10_000, "lone": "\ud800", "empty": ""})
    assert len(shown) < MAX_VALUE + 600
    assert shown.count("<tr>") == 2
    shown.encode()
