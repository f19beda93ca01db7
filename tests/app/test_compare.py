"""Compare in the app: the rows and words of the table, what is put side by side, and the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from browser import PATIENCE_MS, ROOT, settled
from compared import columns, mixed
from forests import random_forest
from pages import in_menu
from streamlit.testing.v1 import AppTest

import treecore as tc
from app.compare import rows, sides, words
from app.compare.choosing import MAX_METHODS
from treecore.analysis.compare import Comparison, compare
from treecore.analysis.disagreements import entries
from treecore.core.forest import Forest
from treecore.methods import METHODS, SIDE_BY_SIDE

pytestmark = pytest.mark.usefixtures("no_charts")

MAIN = str(ROOT / "app" / "main.py")
NAN = float("nan")


def compared(forest: Forest, *methods: str) -> Comparison:
    return compare(forest, columns(forest, *(methods or SIDE_BY_SIDE)))


def test_a_row_has_its_numbers_and_its_place_in_the_tree() -> None:
    found = compared(mixed(), "grpo", "sibling")
    panel = rows.panel(found, entries(found))
    heads = [row for row in panel["rows"] if not row["id"]]
    assert [(row["words"][0]["text"], row["note"]) for row in heads] == [
        ("tree 1", "3 of 4 right"),
        ("tree 2", "0 of 3 right"),
    ]
    steps = {row["id"]: row for row in panel["rows"] if row["id"]}
    assert (steps["4"]["level"], steps["5"]["level"], steps["1"]["last"], steps["4"]["last"]) == (1, 2, False, True)
    assert (steps["6"]["outcome"], steps["6"]["right"], steps["4"]["right"]) == ("0.0", False, None)
    assert steps["4"]["fork"] == pytest.approx(0.5)
    assert steps["6"]["fork"] is None
    assert steps["6"]["shown"] == ["\N{MINUS SIGN}0.80", "\N{MINUS SIGN}0.50"]
    assert steps["8"]["shown"] == ["\N{MINUS SIGN}0.80", "\N{MINUS SIGN}0.50"]
    json.dumps(panel)


def test_not_assigned_is_null_and_empty_and_zero_has_no_sign() -> None:
    forest = Forest(parent=[-1, 0, 1, 1, 2], reward=[NAN, NAN, NAN, 1, 1], text=["", "a", "b", "c", "d"])
    found = compared(forest, "grpo", "sibling")
    last = next(row for row in rows.panel(found)["rows"] if row["id"] == "4")
    assert (last["values"], last["shown"]) == ([0.0, None], ["0.00", ""])


def test_a_method_that_cannot_run_keeps_its_column_with_the_reason() -> None:
    head = rows.panel(compared(mixed(), "grpo", "vineppo"))["heads"][1]
    assert head["method"] == "vineppo"
    assert "Monte Carlo value" in head["lacks"]
    assert head["scale"] == ""


def test_a_large_forest_is_given_in_part() -> None:
    forest = random_forest(np.random.default_rng(0), 3 * rows.WINDOW)
    found = compared(forest, "grpo")
    for centre in (0, 2000, len(found.rows) - 1):
        panel = rows.panel(found, centre=centre)
        places = [row["at"] for row in panel["rows"] if row["id"]]
        assert len(places) == rows.WINDOW
        assert centre in places
        assert panel["total"] == len(found.rows)
        first = next(row for row in panel["rows"] if row["id"])
        assert len(panel["above"]) == first["level"] - 1


def test_what_stands_beside() -> None:
    found = compared(mixed())
    said = words.beside(found, entries(found))
    every = [row["id"] for row in rows.panel(found, entries(found))["rows"] if row["entry"] >= 0]
    assert said["on"] == f"on {len(every)} of 10 steps"
    assert sum(one.n_steps for one in entries(found)) == len(every) > 0
    assert said["items"][0]["kind"] == "signs differ"
    assert [len(row) for row in said["agreement"]] == [6] * 6
    json.dumps(said)


def test_agreement_and_too_few_methods_are_told() -> None:
    right = mixed().with_columns(reward=[NAN, NAN, 1, 1, NAN, 1, 1, NAN, NAN, 1, 1, 1])
    assert words.beside(compared(right), [])["empty"].startswith("All methods agree on every step")
    assert words.beside(compared(mixed(), "grpo"), [])["empty"].startswith("Choose two methods")


def test_the_spreadsheet_is_not_commanded_by_words() -> None:
    forest = mixed().with_columns(text=["", "=1+1", 'a,"b"', *[""] * 9])
    lines = words.as_csv(compared(forest, "grpo")).decode().splitlines()
    assert lines[0] == "node,step,differs,grpo"
    assert lines[1].startswith("1,'=1+1,")
    assert '"a,""b"""' in lines[2]
    assert len(lines) == 11
    changed = words.as_csv(compared(tc.edit(forest, "flip:3"), "grpo")).decode().splitlines()
    assert changed[0] == f"{lines[0]},edited"
    assert all(line.endswith(",flip:3") for line in changed[1:])


def test_two_methods_stand_on_one_tree() -> None:
    found = compared(mixed())
    left, right = sides.two_methods(found, [], left=0, right=5, centre=0)
    assert ([one["method"] for one in left["heads"]], [one["method"] for one in right["heads"]]) == (
        ["grpo"],
        ["sibling"],
    )
    assert left["links"] == list(range(len(left["rows"])))


def test_steps_of_two_forests_go_together_by_their_words() -> None:
    other = Forest(parent=[-1, 0, 1, 0], text=["", "d", "f", "new"], reward=[NAN, NAN, 1, 0])
    here, there = compared(mixed(), "grpo"), compared(other, "grpo")
    left, right = sides.two_forests(here, [], other=there, titles=("one", "other"), centre=0)
    by_id = [{row["id"]: at for at, row in enumerate(one["rows"])} for one in (left, right)]
    assert left["links"][by_id[0]["4"]] == by_id[1]["1"]
    assert left["links"][by_id[0]["6"]] == by_id[1]["2"]
    assert left["links"][by_id[0]["1"]] == -1
    assert right["links"][by_id[1]["3"]] == -1


def test_trajectories_begin_where_they_part() -> None:
    found = compared(mixed(), "grpo")
    left, right = sides.two_trajectories(found, left=5, right=6)
    assert ([row["id"] for row in left["rows"]], [row["id"] for row in right["rows"]]) == (["5"], ["6"])
    assert sides.shared_words(mixed(), left=5, right=6) == "They share 1 step, up to “d”."
    assert sides.shared_words(mixed(), left=2, right=9) == "They part at the first step."
    assert sides.telling_pair(mixed()) == (5, 6)
    assert sides.telling_pair(Forest(parent=[-1])) == (0, 0)


def app(**query: str) -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=60)
    for name, value in {"view": "compare", **query}.items():
        test.query_params[name] = value
    return test.run()


def said(test: AppTest) -> str:
    blocks = [*test.markdown, *test.caption, *test.text, *test.info, *test.warning, *test.error]
    return "\n".join(block.value for block in blocks)


@pytest.mark.parametrize("mode", ["one", "methods", "forests", "paths"])
@pytest.mark.parametrize("sample", ["early_fork", "all_right", "chains"])
def test_every_way_to_show_every_kind_of_forest(sample: str, mode: str) -> None:
    test = app(sample=sample)
    test.button_group(key="compare:show").set_value(mode).run()
    assert not test.exception
    assert test.session_state["compare:show"] == mode


def test_the_formula_of_a_method_that_cannot_run_is_its_reason() -> None:
    test = app(sample="early_fork", method="vineppo")
    in_menu(test.multiselect, "compare:methods").set_value(["grpo", "vineppo"]).run()
    test.button_group(key="compare:aside").set_value("number").run()
    assert not test.exception
    assert "VinePPO cannot run" in said(test)
    assert "Monte Carlo value" in said(test)


def test_the_number_is_the_one_of_the_chosen_step_and_method() -> None:
    test = app(sample="by_hand", node="a3", method="grpo")
    test.button_group(key="compare:aside").set_value("number").run()
    assert not test.exception
    assert "##### GRPO" in said(test)
    (panel,) = [one for one in test.get("bidi_component") if one.key == "compare_number"]
    assert "\N{GREEK SMALL LETTER MU}" in str(json.loads(panel.proto.json)["numbers"]["equations"])
    test.button(key="compare_open").click().run()
    assert (test.session_state["view"], test.session_state["node"], test.session_state["method"]) == (
        "explore",
        "a3",
        "grpo",
    )


def test_the_address_holds_what_is_compared() -> None:
    test = app(sample="early_fork", methods="grpo,vineppo", show="paths", scale="one")
    assert not test.exception
    assert {"methods": "grpo,vineppo", "show": "paths", "scale": "one"}.items() <= test.query_params.items()
    assert list(in_menu(test.multiselect, "compare:methods").value) == ["grpo", "vineppo"]
    test = app(sample="early_fork", methods="grpo,nothing")
    assert "no methods called “grpo,nothing”" in said(test)
    assert list(in_menu(test.multiselect, "compare:methods").value) == list(SIDE_BY_SIDE)


def test_two_that_differ_stand_side_by_side_before_anybody_chose() -> None:
    """From an address that names none of them, and after the mode was chosen on the page."""
    for show, kept in (("methods", ("left", "right")), ("paths", ("one", "two"))):
        opened = app(sample="by_hand", show=show)
        turned = app(sample="by_hand")
        turned.session_state["compare:show"] = show
        turned.run()
        for test in (opened, turned):
            assert not test.exception
            left, right = (test.session_state[f"compare:{side}"] for side in kept)
            assert left != right


def test_no_method_shows_the_usual_six() -> None:
    test = app(sample="early_fork")
    in_menu(test.multiselect, "compare:methods").set_value([]).run()
    assert not test.exception
    assert len(test.session_state["compare:methods"]) == 0
    assert f"{len(SIDE_BY_SIDE)} methods" in [menu.proto.popover.label for menu in test.get("popover")]


def test_all_methods_that_may_be_chosen_run_or_say_why() -> None:
    test = app(sample="early_fork")
    chosen = list(METHODS)
    for first in range(0, len(chosen), MAX_METHODS):
        in_menu(test.multiselect, "compare:methods").set_value(chosen[first : first + MAX_METHODS]).run()
        assert not test.exception


@pytest.mark.browser
def test_walk_choose_and_open(open_page: Callable[..., Any], address: str) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    expect = playwright.expect
    expect.set_options(timeout=PATIENCE_MS)
    page = open_page(f"{address}/?view=compare&sample=early_fork&node=1&method=grpo")
    chosen = page.locator(".compare .row.chosen")
    expect(chosen).to_contain_text("find the teacher of jade")
    settled(page)
    page.keyboard.press("ArrowDown")
    expect(chosen).to_contain_text("find the teacher of fay")
    page.keyboard.press("ArrowRight")
    expect(chosen.locator(".cell.at")).to_have_attribute("data-method", "rloo")
    page.wait_for_url("**method=rloo**")
    page.wait_for_url("**node=2**")
    page.keyboard.press("d")
    expect(chosen).not_to_contain_text("find the teacher of fay")
    settled(page)
    page.locator(".beside .item").nth(1).click()
    expect(page.locator(".compare .row.among")).to_have_count(3)
    chosen.locator(".cell").last.click()
    page.get_by_text("How the number comes about").wait_for()
    page.wait_for_url("**method=sibling**")
    settled(page)
    page.get_by_role("button", name="Open in Explore").click()
    page.wait_for_url("**view=explore**")
    settled(page)
    page.close()


@pytest.mark.browser
def test_tables_end_where_the_window_does_whatever_comes_above_them(
    open_page: Callable[..., Any], address: str
) -> None:
    page = open_page(f"{address}/?view=compare&sample=large")
    page.locator(".compare .row").nth(4).wait_for()
    settled(page)
    at = """() => {
        const host = [...document.querySelectorAll('*')].find((one) => one.shadowRoot?.querySelector('.compare'));
        return innerHeight - host.shadowRoot.querySelector('.compare .foot').getBoundingClientRect().bottom;
    }"""
    before = page.evaluate(at)
    page.evaluate(
        """() => document.querySelector('[data-testid=stMainBlockContainer]')
            .insertAdjacentHTML('afterbegin', '<div id="above" style="flex: none; height: 120px"></div>')"""
    )
    page.wait_for_function(f"(before) => Math.abs(({at})() - before) < 2", arg=before)
    page.evaluate("() => document.querySelector('#above').remove()")
    page.wait_for_function(f"(before) => Math.abs(({at})() - before) < 2", arg=before)


@pytest.mark.browser
def test_rows_of_two_methods_stand_at_one_height_and_one_above_the_other_on_a_phone(
    open_page: Callable[..., Any], address: str
) -> None:
    page = open_page(f"{address}/?view=compare&sample=large&show=methods&left=grpo&right=sibling")
    bodies = page.locator(".compare .body")
    bodies.nth(1).wait_for()
    settled(page)
    tops = "(all) => all.map((one) => one.getBoundingClientRect().top)"
    left, right = bodies.evaluate_all(tops)
    assert left == right
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("() => innerWidth === 390")
    left, right = bodies.evaluate_all(tops)
    assert left < right
