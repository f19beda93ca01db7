"""Another outcome for the selected end, also in part, and how that goes with flips and copies."""

from __future__ import annotations

from typing import Any

import pytest
from pages import page
from streamlit.testing.v1 import AppTest

import treecore as tc


def _give() -> None:
    import streamlit as st

    from app import state
    from app.what_if.asking import flip, give

    state.start(lambda _: False, lambda _: None)
    for node, reward in st.session_state["given"]:
        if reward == "flip":
            flip(state.forest(), node, pruned=False)
        else:
            give(node, reward)


def given(edit: str, *asked: tuple[str, float | str | None]) -> str:
    """The changes after these outcomes were given."""
    test = AppTest.from_function(_give, default_timeout=120)
    test.query_params["sample"] = "by_hand"
    test.query_params["edit"] = edit
    test.session_state["given"] = list(asked)
    test.run()
    assert not test.exception
    found: str = test.session_state["edit"]
    return found


@pytest.mark.parametrize(
    ("edit", "asked", "left"),
    [
        ("", [("f3", 0.5)], "reward:f3=0.5"),
        ("", [("f3", 0.5), ("f3", 0.25)], "reward:f3=0.25"),
        ("", [("f3", 0.5), ("f3", 0.0)], ""),
        ("", [("f3", None)], "reward:f3=none"),
        ("flip:f3,prune:c1", [("f3", 0.5)], "prune:c1,reward:f3=0.5"),
        ("", [("f3", 0.3), ("f3", "flip")], "reward:f3=0.3,flip:f3"),
        ("reward:f3=0.3,flip:f3", [("f3", "flip")], "reward:f3=0.3"),
        ("flip:f3,copy:f3", [("f3", 0.0)], "flip:f3,copy:f3,reward:f3=0.0"),
        ("flip:f3,copy:f3", [("f3", "flip")], "flip:f3,copy:f3,flip:f3"),
        ("copy:f3", [("f3~2", 0.5), ("f3~2", 0.25)], "copy:f3,reward:f3~2=0.25"),
    ],
)
def test_the_last_outcome_counts(edit: str, asked: list[tuple[str, float | str | None]], left: str) -> None:
    assert given(edit, *asked) == left


def _tell() -> None:
    import streamlit as st

    from app import state
    from app.what_if.outcome import key_of, take

    state.start(lambda _: False, lambda _: None)
    state.put({(key := key_of("f3")): st.session_state["told"]})
    take(node="f3", key=key)


@pytest.mark.parametrize(("told", "left"), [("1", "flip:f3"), ("0.5", "reward:f3=0.5"), ("no such", "flip:f3")])
def test_a_slider_that_tells_what_holds_changes_nothing(told: str, left: str) -> None:
    test = AppTest.from_function(_tell, default_timeout=120)
    test.query_params["sample"], test.query_params["edit"] = "by_hand", "flip:f3"
    test.session_state["told"] = told
    test.run()
    assert not test.exception
    assert test.session_state["edit"] == left


def slider_of(test: AppTest) -> Any:
    """The slider of the selected end."""
    (found,) = [one for one in test.select_slider if one.key.startswith("what_if_outcome:")]
    return found


def test_a_slider_stands_where_the_outcome_is_and_moves_credit() -> None:
    test = page(what_if="1", node="f3")
    slider = slider_of(test)
    assert (slider.value, slider.options[:3], slider.options[-1]) == ("0", ["none", "0", "0.05"], "1")
    slider.set_value("0.35").run()
    assert not test.exception
    assert test.query_params["edit"] == "reward:f3=0.35"
    assert slider_of(test).value == "0.35"
    forest = test.session_state["edited"][1].changed
    assert forest.reward[forest.row("f3")] == 0.35
    assert tc.core.edit.changes_of(forest) == "reward:f3=0.35"
    slider_of(test).set_value("0").run()
    assert "edit" not in test.query_params


def test_a_step_that_goes_on_has_no_outcome() -> None:
    test = page(what_if="1", node="f1")
    assert [one.key for one in test.select_slider if "what_if_outcome" in one.key] == []


def test_what_a_slider_sent_before_another_end_was_selected_gives_that_end_nothing() -> None:
    test = page(what_if="1", node="f3")
    before = slider_of(test).key
    test.query_params["node"] = "c1"
    test.run()
    assert slider_of(test).key != before
    flipped = page(what_if="1", node="f3", edit="flip:f3")
    assert slider_of(flipped).key != before
