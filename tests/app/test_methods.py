"""The list of methods: grouped, with reasons where one cannot run, and nothing is taken that it does not offer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from app.controls import methods
from app.method_list import MethodGroup, asked_in
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.methods import METHODS
from treecore.methods.registry import lacking

MAIN = str(Path(__file__).parents[2] / "app" / "main.py")
GROUPS: list[MethodGroup] = [
    {
        "title": "Trees",
        "methods": [
            {"name": "able", "title": "Able", "question": "?", "lacks": "", "supply": "", "button": ""},
            {
                "name": "bare",
                "title": "Bare",
                "question": "?",
                "lacks": "no value",
                "supply": "values",
                "button": "Get",
            },
        ],
    }
]


def app(**query: str) -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=60)
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


@pytest.mark.parametrize(
    ("kind", "name", "taken"),
    [
        ("choose", "able", True),
        ("choose", "bare", False),
        ("choose", "zz", False),
        ("supply", "bare", True),
        ("supply", "able", False),
        ("supply", "", False),
        ("nothing", "able", False),
    ],
)
def test_only_what_is_offered_is_taken(kind: str, name: str, taken: bool) -> None:
    assert (asked_in({"asked": {"number": 1, "kind": kind, "name": name}}, GROUPS) is not None) == taken


NAMES = st.sampled_from(["number", "kind", "name"])
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner)),
)


@given(ANYTHING)
def test_a_browser_may_send_anything(value: object) -> None:
    assert asked_in({"asked": value}, GROUPS) is None or isinstance(value, dict)


def listed(test: AppTest) -> list[MethodGroup]:
    """What the list is told, nothing where it is not drawn."""
    found = (element.proto.json for element in test.get("bidi_component") if element.key == methods.CHANNEL)
    groups: list[MethodGroup] = json.loads(next(found, '{"groups": []}'))["groups"]
    return groups


def test_every_method_is_listed_once_under_its_family() -> None:
    test = app(sample="by_hand")
    assert listed(test) == []
    test.button(key="methods").click().run()
    assert not test.exception
    groups = listed(test)
    assert len({group["title"] for group in groups}) == len(groups)
    assert sorted(row["name"] for group in groups for row in group["methods"]) == sorted(METHODS)
    test.session_state[methods.OPEN] = False
    test.run()
    assert listed(test) == []


def test_methods_say_in_words_what_is_missing() -> None:
    """No name of a column stands in the list of methods."""
    forests = Forests(Forest(parent=[-1], text=["a"], prompt="p"))
    needs = {need for method in METHODS.values() for need in method.needs}
    said = {need: lacking(need, forests).partition(";")[0] for need in needs}
    assert {need for need, words in said.items() if not words or "_" in words or "'" in words} == set()
