"""What if on the page, without a browser: links, settings, prompts, and what a browser should not send."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pages import MAIN, page, run_until_over
from streamlit.testing.v1 import AppTest

from app.opening.allowance import ALLOWANCE
from app.what_if import asked_in
from treecore import quotas
from treecore.core.changes import Copy, Flip


def captions(test: AppTest) -> str:
    return " ".join(one.value for one in test.caption)


def _take() -> None:
    import streamlit as st

    from app import state
    from app.what_if.asking import KEYS, take

    state.start(lambda _: False, lambda _: None)
    for sent in st.session_state["sent"]:
        st.session_state[KEYS] = {"asked": sent}
        take(KEYS)


def press(edit: str, *sent: tuple[str, str], numbers: tuple[int, ...] = ()) -> AppTest:
    """What the keys of the canvas send, one after the other."""
    test = AppTest.from_function(_take, default_timeout=120)
    test.query_params["sample"] = "by_hand"
    test.query_params["edit"] = edit
    test.session_state["sent"] = [
        {"number": number, "verb": verb, "node": node}
        for number, (verb, node) in zip(numbers or range(1, len(sent) + 1), sent, strict=True)
    ]
    test.run()
    assert not test.exception
    return test


def left(edit: str, *sent: tuple[str, str], numbers: tuple[int, ...] = ()) -> str:
    """The changes after these presses."""
    found: str = press(edit, *sent, numbers=numbers).session_state["edit"]
    return found


def test_a_link_opens_the_changed_forest() -> None:
    test = page(edit="flip:f3,prune:c1", what_if="1")
    assert "5 trajectories, 2 right" in captions(test)
    assert "what you see below is changed" in captions(test)
    assert test.query_params["edit"] == "flip:f3,prune:c1"
    assert any(button.label == "what if 2" for button in test.button)


def test_without_changes_the_best_flip_is_offered() -> None:
    test = page(what_if="1")
    offer = next(button for button in test.button if button.key == "what_if_offer")
    offer.click().run()
    assert not test.exception
    assert test.query_params["edit"] == "flip:e3"
    assert "what you see below is changed" in captions(test)


def test_other_views_say_that_the_forest_is_changed() -> None:
    test = page(edit="flip:f3", view="step_through")
    assert "what you see below is changed" in captions(test)


@pytest.mark.parametrize("edit", ["flip:nobody", "nonsense", "prune:r1,prune:r2", "flip:a3"])
def test_changes_that_do_not_fit_are_told_and_left_out(edit: str) -> None:
    test = page(edit=edit, what_if="1")
    assert any("do not fit" in one.value for one in test.warning)
    assert "edit" not in test.query_params
    assert "6 trajectories, 1 right" in captions(test)


def test_another_sample_has_no_changes() -> None:
    test = page(edit="flip:f3", what_if="1")
    test.query_params["sample"] = "early_fork"
    del test.query_params["edit"]
    test.run()
    assert not test.exception
    assert "what you see below is changed" not in captions(test)


SENT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["flip", "asked"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["number", "verb", "node"]), inner),
    max_leaves=6,
)


@given(SENT)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_only_what_a_browser_sends_is_heard(value: Any) -> None:
    found = asked_in({"asked": value})
    if found is not None:
        assert isinstance(found.number, int)
        assert isinstance(found.node, str)
        assert found.verb in {"flip", "prune", "undo", "reset", "sample", "drop", "select"}


def test_keys_change_take_back_and_reset() -> None:
    both = "flip:f3,prune:c1"
    assert left("", ("flip", "f3"), ("prune", "c1")) == both
    assert left(both, ("flip", "f3")) == "prune:c1"
    assert left(both, ("prune", "c1")) == "flip:f3"
    assert left(both, ("undo", "")) == "flip:f3"
    assert left(both, ("drop", "0")) == "prune:c1"
    assert left(both, ("drop", "7")) == both
    assert left(both, ("sample", "f3")) == left(both, ("select", "b1")) == both
    assert left(both, ("reset", "")) == ""
    assert left("", ("flip", "f3"), ("flip", "f3"), numbers=(1, 1)) == "flip:f3"


@pytest.mark.parametrize(
    ("verb", "node", "note"),
    [
        ("flip", "f1", "Only an end has an outcome"),
        ("flip", "", "Choose a step first"),
        ("flip", "nobody", "Choose a step first"),
        ("flip", "c1", "This step is pruned"),
        ("prune", "r2", "Nothing would be left"),
    ],
)
def test_what_cannot_be_changed_is_said(verb: str, node: str, note: str) -> None:
    after = press("prune:c1,prune:a1", (verb, node))
    assert note in after.session_state["what_if_note"]
    assert after.session_state["edit"] == "prune:c1,prune:a1"


def test_a_step_beneath_a_pruned_one_names_it() -> None:
    after = press("prune:f1", ("prune", "f3"))
    assert "f1" in after.session_state["what_if_note"]


def test_changes_of_a_copy_go_with_it() -> None:
    from app.what_if.asking import without

    done = (Copy("b1"), Flip("b1~2"), Flip("a4"))
    assert without(done, 0) == (Flip("a4"),)
    assert without(done, 2) == (Copy("b1"), Flip("b1~2"))


def test_what_cannot_be_sampled_on_says_why() -> None:
    test = page(what_if="1", node="f1")
    button = next(one for one in test.button if one.key == "what_if_sample_button")
    assert button.disabled
    assert "does not say which model wrote it" in captions(test)
    assert "does not say which model" in press("", ("sample", "f1")).session_state["what_if_note"]


def test_more_is_sampled_in_place_and_the_interval_narrows() -> None:
    test = page(sample="early_fork", what_if="1", node="3")
    next(one for one in test.button if one.key == "what_if_sample_button").click().run()
    run_until_over(test, "sample_here")
    assert "10 trajectories" in captions(test)
    assert test.query_params["node"] == "3"
    said = next(one.value for one in test.info if "sampled" in one.value)
    assert "4 branches sampled after" in said
    assert "0 to 0.79 (1 end) before" in said
    assert "(5 ends)" in said


def test_what_is_sampled_on_a_public_server_has_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREECORE_PUBLIC", "1")
    monkeypatch.setenv(quotas.TOKENS.variable, "1")
    test = page(sample="early_fork", what_if="1", node="3")
    test.session_state["roll:kind"], test.session_state["roll:model"] = "folder or hub", "/tmp/evil"
    next(one for one in test.button if one.key == "what_if_sample_button").click().run()
    assert "roll:model" not in [one.key for one in test.text_input]
    run_until_over(test, "sample_here")
    assert "6 trajectories" in captions(test)
    assert any(one.value.startswith("`Nothing was added: stopped after 1 token") for one in test.info)


def test_a_model_can_be_named_on_ones_own_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.serving.permissions.is_private", lambda: True)
    test = page(sample="early_fork", what_if="1", node="3")
    test.session_state["roll:kind"] = "folder or hub"
    test.run()
    assert "No model is named" in captions(test)
    assert "roll:model" in [one.key for one in test.text_input]


def chain(steps: int) -> bytes:
    """A forest in which every step has one continuation."""
    nodes = [{"id": row, "parent": row - 1 if row else None} for row in range(steps)]
    return orjson.dumps({"format": "treecore/1", "nodes": [*nodes[:-1], {**nodes[-1], "reward": 1.0}]})


def test_copies_of_copies_stay_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these twenty doubles what is beneath it: a short link would ask for a million steps of sixty."""
    path = tmp_path / "chain.forest.json"
    path.write_bytes(chain(60))
    monkeypatch.setenv("TREECORE_FILE", str(path))
    test = AppTest.from_file(str(MAIN), default_timeout=120).run()
    test.query_params["edit"] = ",".join(f"copy:{row}" for row in range(59, 39, -1))
    test.run()
    assert not test.exception
    assert any("copies of more than 50,000 steps are not shown here" in one.value for one in test.warning)
    assert test.session_state["edited"] is None


def test_a_changed_forest_counts_among_what_a_visitor_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREECORE_PUBLIC", "1")
    monkeypatch.setattr("app.serving.permissions.visitor", lambda: "ann of what if")
    test = page(edit="flip:f3")
    held = ALLOWANCE.held("ann of what if")
    assert held > 0
    test.query_params["edit"] = ""
    test.session_state["edit"] = ""
    test.run()
    gc.collect()
    assert ALLOWANCE.held("ann of what if") == 0
    monkeypatch.setenv(quotas.VISITOR_BYTES.variable, "10")
    refused = page(edit="flip:f3")
    assert any("a visitor of this server may hold" in one.value for one in refused.warning)
    assert "edit" not in refused.query_params


@pytest.mark.parametrize(("number", "said"), [(2, 0), (120, 1)])
def test_changes_that_the_address_cannot_hold_are_named(number: int, said: int) -> None:
    test = AppTest.from_file(str(MAIN), default_timeout=120)
    test.query_params["sample"] = "by_hand"
    test.query_params["what_if"] = "1"
    test.run()
    test.session_state["edit"] = ",".join(["reward:a4=0.5"] * number)
    test.run()
    assert not test.exception
    assert sum("too many for the address" in one.value for one in test.caption) == said
