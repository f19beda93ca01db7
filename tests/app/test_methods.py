"""The list of methods: grouped, with reasons where one cannot run, and nothing is taken that it does not offer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from app.method_list import MethodGroup, asked_in
from treecore.methods import METHODS

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


def ask(test: AppTest, kind: str, name: str, number: int = 1) -> None:
    """What the list sends."""
    test.session_state["method_list"] = {"asked": {"number": number, "kind": kind, "name": name}}


@pytest.mark.parametrize(
    ("kind", "name", "taken"),
    [
        ("choose", "able", True),
        ("choose", "bare", False),
        ("choose", "zz", False),
        ("supply", "values", True),
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


def test_every_method_is_listed_once_under_its_family() -> None:
    from app.controls import methods

    test = app(sample="by_hand")
    test.button(key="methods").click().run()
    assert not test.exception
    assert methods.OPEN in test.session_state
    assert test.session_state[methods.OPEN]
    test.session_state[methods.OPEN] = False
    test.run()
    assert "method_list" not in [element.key for element in test.get("bidi_component")]
    families = [family for family, of_it in methods.by_family().items() if of_it]
    assert len(families) == len(set(families))
    assert sorted(one.name for of_it in methods.by_family().values() for one in of_it) == sorted(METHODS)
