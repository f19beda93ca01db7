"""What is folded on the trees of Explore, as the address has it and as a browser tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pages import page
from streamlit.testing.v1 import AppTest

from app.signals import Choice, choice_in
from app.state.folds import MAX_FORESTS, TOO_MANY
from treecore.bundled import samples
from treecore.formats import read, write


def address(test: AppTest) -> dict[str, str]:
    return {name: "".join(value) for name, value in test.query_params.items()}


@pytest.mark.parametrize(
    ("fold", "kept", "said"),
    [
        ("-a1,+b1,to3,rows", "-a1,+b1,to3,rows", ""),
        ("-a1,-nothing,-none", "-a1", "no step “nothing” to fold here (and 1 more)"),
        ("-a1,a2,to0", "-a1", "its folds cannot be read"),
        ("-%zz", "", "no step “%zz” to fold here"),
        ("-" + "x" * 2000, "", "its folds cannot be read"),
    ],
)
def test_an_address_holds_folds_and_what_is_not_there_is_told(fold: str, kept: str, said: str) -> None:
    test = page(fold=fold)
    assert address(test).get("fold", "") == kept
    assert [said in one.value for one in test.warning] == ([True] if said else [])


def test_folds_are_those_of_their_prompt_and_view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write([read(samples()[name].path)[0] for name in ("early_fork", "late_fork")], tmp_path / "two.forest.jsonl")
    monkeypatch.setenv("TREECORE_FILE", str(tmp_path / "two.forest.jsonl"))
    test = page(sample="", fold="-5")
    test.session_state["view"] = "step_through"
    test.run()
    assert "fold" not in address(test)
    test.session_state["view"] = "explore"
    test.run()
    assert address(test)["fold"] == "-5"
    test.session_state["forest"] = test.session_state["turned"] = 1
    test.run()
    assert address(test)["prompt"] == "2"
    assert "fold" not in address(test)
    test.session_state["forest"] = test.session_state["turned"] = 0
    test.run()
    assert address(test)["fold"] == "-5"


def _told() -> None:
    import streamlit as st

    from app import stage, state

    state.start(lambda _: False, lambda _: None)
    if "sent" in st.session_state:
        st.session_state[stage.CHANNEL] = {"chosen": {"of": state.folds_of(), **st.session_state.sent}}
        stage.take()
    state.sync_address()
    st.text(f"{state.folds()[:40]}|{state.folds_are_lost()}|{state.field(stage.FIND)[:10]}|{state.get('node')}")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"number": 1, "id": "a1", "folds": "-a1", "find": " boss "}, "-a1|False|boss|a1"),
        ({"number": 1, "id": None, "folds": "-" + "x" * 5000}, f"{TOO_MANY}|True||"),
        ({"number": 1, "id": "a1"}, "|False||a1"),
        ({"number": 1, "id": "a1", "folds": "-a1", "of": "another/0"}, "|False||a1"),
        ({"number": 1, "id": "a1", "folds": "-a1", "of": "x" * 300}, "|False||"),
        ({"number": 1, "id": "a1", "folds": 7}, "|False||"),
        ({"number": 1, "id": "a1", "folds": "", "find": ["x"]}, "|False||"),
    ],
)
def test_what_a_browser_tells_is_checked(sent: dict[str, Any], said: str) -> None:
    test = AppTest.from_function(_told, default_timeout=60)
    test.query_params["sample"] = "by_hand"
    test.session_state["sent"] = sent
    test.run()
    assert not test.exception
    assert test.text[0].value == said
    assert len(address(test).get("fold", "")) < 1000


def test_a_choice_says_what_is_folded_or_nothing_of_it() -> None:
    assert choice_in({"chosen": {"number": 1, "id": "a"}}) == Choice(1, "a", None, None, None)
    sent = {"number": 1, "id": "a", "of": "file/0", "folds": "-a", "find": "x"}
    assert choice_in({"chosen": sent}) == Choice(1, "a", "file/0", "-a", "x")


def test_folds_that_come_late_are_those_of_the_forest_they_were_made_on() -> None:
    test = AppTest.from_function(_told, default_timeout=60)
    test.query_params["sample"] = "by_hand"
    test.session_state["sent"] = {"number": 1, "id": "a1", "folds": "-a1", "of": "another/0"}
    test.run()
    assert test.session_state["folds"] == {"another/0": "-a1"}
    assert "fold" not in address(test)


def test_few_forests_have_their_folds_kept() -> None:
    test = page()
    test.session_state["folds"] = {str(number): "-a1" for number in range(MAX_FORESTS)}
    test.query_params["fold"] = "-b1"
    test.run()
    kept = test.session_state["folds"]
    assert len(kept) == MAX_FORESTS
    assert [*kept.values()][-1] == "-b1"
    assert "0" not in kept
