"""Lessons in the app: what pages hold at every stage, the way through a unit, nothing of the truth before a bet."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs

import pytest
from browser import ROOT
from streamlit.testing.v1 import AppTest

from app.lessons.desk import PAGES
from app.lessons.pages import STAGES, Asked, course_page, unit_page
from app.lessons.reveal import looked_for, points
from treecore.core.numerals import of_hundred
from treecore.lessons.quantities import numbers_of, value_of
from treecore.lessons.truth import truth
from treecore.lessons.unit import units
from treecore.lessons.worksheet import answer, is_right
from treecore.methods import get_method

MAIN = str(ROOT / "app" / "main.py")
NAMES = list(units())
PLACES = {"level", "line", "parent", "tree", "mark", "digit", "number", "low", "ends", "x", "y", "minutes"}
"""Fields of numbers that say where something stands or what can be chosen."""


def app(**query: str) -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=60)
    test.query_params["view"] = "lessons"
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


def at(name: str, stage: str = "bet", *, mark: int = 0, number: float = 0.0, answer: str = "") -> dict[str, Any]:
    return dict(unit_page(units()[name], Asked(stage, mark, number, False, answer)))


@pytest.mark.parametrize("name", [name for name, unit in units().items() if unit.rows[0].settings])
def test_explore_opens_with_the_settings_of_the_unit(name: str) -> None:
    row = units()[name].rows[0]
    link = parse_qs(at(name, "try")["attempt"]["explore"].removeprefix("?"))
    test = app(view="explore", **{field: given for field, (given,) in link.items()})
    assert not test.exception
    assert not test.warning
    assert test.session_state["opened"].sample == units()[name].sample
    assert test.session_state["method"] == row.method
    assert {field: test.session_state[f"set:{row.method}:{field}"] for field, _ in row.settings} == dict(row.settings)


def leaves(value: Any, key: str = "") -> list[tuple[str, Any]]:
    """Every number and text of a page with the name of its field."""
    if isinstance(value, dict):
        return [one for name, inner in value.items() for one in leaves(inner, name)]
    if isinstance(value, list):
        return [one for inner in value for one in leaves(inner, key)]
    return [(key, value)]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_truth_is_sent_before_the_bet(name: str) -> None:
    page, held = at(name, mark=1, number=0.5), truth(units()[name].sample)
    assert (page["reveal"], page["attempt"]) == (None, None)
    numbers = [value for key, value in leaves(page) if isinstance(value, float) and key not in PLACES | {"bet"}]
    assert numbers == []
    chances = {f"{abs(value):.2f}" for value in (*held.chance, *held.change) if 0 < abs(value) < 1}
    assert chances
    texts = " ".join(value for _, value in leaves(page) if isinstance(value, str))
    assert not {*re.findall(r"\d\.\d\d", texts)} & chances


def test_the_course_says_nothing_of_a_bet() -> None:
    sent = leaves(dict(course_page(present=False)))
    assert [key for key, value in sent if isinstance(value, float) and key not in PLACES] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_unit_through_all_its_stages(name: str) -> None:
    unit = units()[name]
    place = looked_for(unit)
    truth_only, why = at(name, "truth", mark=place + 1), at(name, "why", mark=place + 1)
    assert [line["kind"] for line in truth_only["reveal"]["lines"]][:2] == ["truth", "you"]
    assert truth_only["reveal"]["why"] == []
    known = {"truth": "truth", "you": "you"} | ({"change": "its change"} if unit.bet.on == "chance" else {})
    methods = [row.called or get_method(row.method).title for row in unit.rows]
    assert [line["kind"] for line in why["reveal"]["lines"]] == [*known] + ["method"] * len(methods)
    assert [line["name"] for line in why["reveal"]["lines"]] == [*known.values(), *methods]
    assert len({(row.method, row.called) for row in unit.rows}) == len(methods)
    assert len(why["reveal"]["colours"]) == len(why["steps"])
    right = f"{value_of(unit, unit.check.number, numbers_of(unit)):.2f}"
    assert at(name, "try", answer=right)["attempt"]["verdict"] == "right"
    wrong = at(name, "try", answer="99")["attempt"]
    assert (wrong["verdict"], bool(wrong["say"])) == ("wrong", True)
    assert at(name, "try", answer="what")["attempt"]["verdict"] == "none"
    json.dumps(why, allow_nan=False)


@pytest.mark.parametrize("name", NAMES)
def test_no_table_beside_a_question_shows_its_answer(name: str) -> None:
    lines = at(name, "try")["reveal"]["lines"]
    shown = [text for line in lines if line["kind"] != "you" for text in line["shown"]]
    assert shown
    if found := answer(units()[name]):
        assert f"{abs(found):.2f}" not in {text.lstrip("+\N{MINUS SIGN}") for text in shown}


def test_points_are_more_the_closer_and_half_for_another_step() -> None:
    unit = units()["blame"]
    held, place = truth(unit.sample), looked_for(unit)
    true = float(held.change[held.forest.row(unit.bet.steps[place])])
    assert points(unit, {"mark": place + 1, "number": true}) == pytest.approx(10)
    assert points(unit, {"mark": place + 1, "number": true + 0.24}) == pytest.approx(7.6)
    other = float(held.change[held.forest.row(unit.bet.steps[0])])
    assert points(unit, {"mark": 1, "number": other}) == pytest.approx(5)
    assert points(unit, {"mark": 1, "number": -1.0}) == 0
    assert points(unit, {"mark": 0, "number": 0.0}) is None


def test_a_wrong_mark_is_answered_with_its_numbers() -> None:
    unit = units()["blame"]
    reveal = at("blame", "truth", mark=2, number=-0.5)["reveal"]
    held = truth(unit.sample)
    row = held.forest.row(unit.bet.steps[1])
    said = "".join(piece["text"] for piece in reveal["answer"])
    assert reveal["title"] == f"It was step {looked_for(unit) + 1}, not step 2"
    assert f"{of_hundred(held.chance[held.forest.parent[row]])} of 100" in said
    assert f"after it {of_hundred(held.chance[row])}" in said
    assert at("blame", "truth")["reveal"]["title"].startswith("Skipped")
    assert at("blame", "truth")["reveal"]["points"] is None


def test_numbers_are_read_as_people_write_them() -> None:
    unit = units()["outcome"]
    assert is_right(unit, "0,80") is True
    assert is_right(unit, "\N{MINUS SIGN}0.8") is False
    assert is_right(unit, "nan") is None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stage", STAGES)
def test_a_link_opens_every_stage(name: str, stage: str) -> None:
    test = app(unit=name, stage=stage, mark="1", bet="-60")
    assert not test.exception
    assert test.query_params["unit"] in (name, [name])


def test_what_a_link_names_and_is_not_there_is_told() -> None:
    test = app(unit="nothing", stage="more", mark="77", bet="100000")
    assert not test.exception
    assert "no unit called “nothing”" in test.warning[0].value


def heard(said: list[dict[str, Any]]) -> dict[str, Any]:
    """The address after the browser sent these one after the other."""

    def script(said):  # type: ignore[no-untyped-def]
        import streamlit as st

        from app.views import lessons
        from app.views.lessons import ANSWER, CHANNEL, FIELDS, HEARD

        for number, change in enumerate(said, 1):
            st.session_state[CHANNEL] = {"asked": {"number": number, "said": change, "open": False}}
            lessons.take()
        names = [f"lessons:{field.name}" for field in FIELDS]
        st.session_state["found"] = {name: st.session_state.get(name) for name in [*names, ANSWER, HEARD]}

    test = AppTest.from_function(script, default_timeout=60, kwargs={"said": said}).run()
    assert not test.exception
    found: dict[str, Any] = test.session_state["found"]
    return found


def test_the_way_through_a_unit() -> None:
    way: list[dict[str, Any]] = [
        {"unit": "blame"},
        {"stage": "truth", "mark": "5", "bet": "-60"},
        {"stage": "why"},
        {"stage": "try"},
        {"answer": "-0.17"},
    ]
    found = heard(way)
    assert {name: found[f"lessons:{name}"] for name in ("unit", "stage", "mark", "bet")} == {
        "unit": "blame",
        "stage": "try",
        "mark": 5,
        "bet": -60,
    }
    assert (found["lessons_answer"], found["lessons_heard"]) == ("-0.17", 5)
    after = heard([*way, {"unit": "outcome", "stage": "", "mark": "", "bet": ""}])
    assert (after["lessons:unit"], after["lessons:stage"], after["lessons:mark"]) == ("outcome", "bet", 0)
    assert after["lessons_answer"] == ""


def test_what_a_browser_should_not_send_changes_nothing() -> None:
    forged: list[dict[str, Any]] = [
        {"unit": "x"},
        {"stage": "end"},
        {"mark": "1e9"},
        {"bet": [1]},
        {"present": "maybe"},
    ]
    found = heard([{"unit": "blame"}, *forged])
    assert (found["lessons:unit"], found["lessons:stage"], found["lessons:mark"]) == ("blame", "bet", 0)
    assert found["lessons:bet"] == 0
    assert found["lessons:present"] is False


@pytest.mark.parametrize("page", PAGES)
def test_pages_beside_the_course(page: str) -> None:
    test = app(page=page)
    assert not test.exception
    assert any(one.value.startswith("####") for one in test.markdown)
    test.button(key="lessons_back").click().run()
    assert not test.exception
    assert "page" not in test.query_params


def test_a_tree_is_built_and_judged() -> None:
    test = app(page="free")
    assert test.info[0].value.startswith("`Not yet")
    test.text_area(key="lessons_tree").set_value("a\n  b\n    c = 1\n    d = 0\n  e = 1\nf = 0\ng = 0").run()
    assert "Done with 5 ends" in test.success[0].value
    test.text_area(key="lessons_tree").set_value("a\n        b").run()
    assert "line 2" in test.error[0].value
