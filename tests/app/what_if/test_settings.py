"""Sliders of a method's numbers: where they stand, and that they change what is shown."""

from __future__ import annotations

import json

import pytest
from pages import page
from streamlit.testing.v1 import AppTest

from app.what_if.settings import choices, stops
from treecore.methods import METHODS
from treecore.registry.params import Param

EPSILON = Param("epsilon", "float", 1e-6, low=0, high=1)


def test_a_small_default_stands_among_powers_of_ten() -> None:
    assert stops(EPSILON, now=1e-6) == (0, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1)
    assert 3e-5 in stops(EPSILON, now=3e-5)
    assert stops(Param("gamma", "float", 0.9, low=0, high=1), now=0.9)[:3] == (0, 0.05, 0.1)


@pytest.mark.parametrize("method", list(METHODS))
def test_every_number_within_bounds_has_its_default_and_bounds_on_a_slider(method: str) -> None:
    for param in METHODS[method].params:
        places = stops(param, now=param.high) if param.type == "float" else ()
        assert not places or {param.low, param.default, param.high} <= set(places)
        assert len({f"{place:g}" for place in places}) == len(places) <= 24
        assert not (places and choices(param))


def credit_shown(test: AppTest) -> dict[str, str]:
    """What the list beside the trees says of the credit now, by the step."""
    board = next(one for one in test.get("bidi_component") if one.key == "what_if_board")
    return {moved["id"]: moved["now"] for moved in json.loads(board.proto.json)["moved"]}


def test_a_slider_changes_credit_and_can_be_taken_back() -> None:
    test = page(what_if="1", edit="flip:f3")
    before = credit_shown(test)
    test.select_slider(key="set:tree_grpo:epsilon").set_value(1.0).run()
    assert not test.exception
    assert test.query_params["set.epsilon"] == "1.0"
    assert "● changed" in [one.value for one in test.caption]
    assert credit_shown(test) != before
    test.select_slider(key="set:tree_grpo:epsilon").set_value(1e-6).run()
    assert not test.exception
    assert "set.epsilon" not in test.query_params
    assert "● changed" not in [one.value for one in test.caption]
    assert credit_shown(test) == before


def test_what_a_link_says_between_two_places_has_a_place() -> None:
    test = page(what_if="1", **{"set.epsilon": "0.00003"})
    assert test.select_slider(key="set:tree_grpo:epsilon").value == 3e-5
