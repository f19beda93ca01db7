"""Explore read as a table, in a browser: one selection with the page, order, search, copy, and what axe objects to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from browser import ROOT, seen_by_axe, settled
from streamlit.testing.v1 import AppTest

pytestmark = pytest.mark.usefixtures("no_charts")

Open = Callable[..., Any]
MAIN = str(ROOT / "app" / "main.py")
ROWS = ".st-key-steps_table tbody tr"


def ids(page: Any) -> list[str]:
    return [str(name) for name in page.locator(ROWS).evaluate_all("(rows) => rows.map((row) => row.dataset.id)")]


@pytest.mark.browser
def test_a_table_is_sorted_searched_walked_and_copied(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=early_fork&read=table&node=5")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(f"{ROWS}[data-id='5'][aria-current]").wait_for()
    assert len(ids(page)) == 24
    page.get_by_role("columnheader", name="credit").get_by_role("button").click()
    page.wait_for_url("**sort=-credit*")
    page.locator("th[aria-sort=descending]", has_text="credit").wait_for()
    assert page.locator(f"{ROWS} .credit .number").first.inner_text() == "+1.87"
    page.keyboard.press("/")
    page.keyboard.type("farmer")
    page.wait_for_url("**find=farmer*")
    page.locator(".st-key-steps_table [role=status]", has_text="4 of 24 steps").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    second = ids(page)[1]
    page.wait_for_url(f"**node={second}*")
    page.locator(f".st-key-side [data-node='{second}']").wait_for()
    settled(page)
    page.get_by_role("button", name="Copy as CSV").click()
    page.get_by_text("Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert copied[0].startswith("id,parent,step,")
    assert [line.split(",")[0] for line in copied[1:]] == ids(page)
    assert seen_by_axe(page) == []


def app(**query: str) -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=120)
    for name, value in {"sample": "large", "read": "table", **query}.items():
        test.query_params[name] = value
    return test.run()


def test_a_link_holds_order_page_and_words_and_names_what_is_not_there() -> None:
    test = app(sort="-value", page="1", find="find")
    assert not test.exception
    assert not test.warning
    held = {name: test.query_params[name] for name in ("read", "sort", "page", "find")}
    assert {name: one if isinstance(one, str) else one[0] for name, one in held.items()} == {
        "read": "table",
        "sort": "-value",
        "page": "1",
        "find": "find",
    }
    assert "no sort called" in app(sort="nothing").warning[0].value


def listed(**query: str) -> dict[str, Any]:
    test = app(sample="by_hand", **query)
    assert not test.exception
    found: dict[str, Any] = json.loads(
        next(one.proto.json for one in test.get("bidi_component") if one.key == "steps_table")
    )
    return found


def test_a_changed_forest_lists_pruned_steps_and_what_credit_was() -> None:
    page = listed(edit="prune:a1", what_if="1", node="a1", sort="-was")
    assert [head["name"] for head in page["heads"]][6:8] == ["credit", "was"]
    row = next(row for row in page["rows"] if row["id"] == "a1")
    assert row["pruned"]
    assert (row["was"], row["credit"]) == ("+1.11", "–")
    assert "pruned" in page["count"]
    plain = listed()
    assert "was" not in [head["name"] for head in plain["heads"]]
    assert {row["was"] for row in plain["rows"]} == {None}


@pytest.mark.browser
def test_a_page_without_the_selected_step_is_the_one_of_the_address(open_page: Open, address: str) -> None:
    """Neither a link nor going back turns to the page of a step that was selected before."""
    page = open_page(f"{address}/?sample=by_hand&read=table&node=a4&sort=depth&page=1&find=the")
    page.locator(f"{ROWS}[data-id=a1]").wait_for()
    settled(page)
    page.locator(f"{ROWS}[data-id=a1]").click()
    page.wait_for_url("**node=a1**")
    settled(page)
    assert "page=1" in page.url
    page.go_back()
    page.locator(".st-key-side [data-node=a4]").wait_for()
    settled(page)
    page.go_forward()
    page.locator(".st-key-side [data-node=a1]").wait_for()
    settled(page)
    assert "node=a1" in page.url


def _take() -> None:
    import streamlit as st

    from app import state
    from app.table.page import CHANNEL, FIND, NUMBER, SORT, take

    state.start(lambda _: False, lambda _: None)
    for sent in st.session_state["sent"]:
        st.session_state[CHANNEL] = {"asked": sent}
        take()
    st.text(f"{state.field(SORT)}|{state.field(NUMBER)}|{len(state.field(FIND))}")


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ({"sort": "-credit", "page": "3", "find": "a"}, "-credit|3|1"),
        ({"sort": "__class__", "page": "-1"}, "place|0|0"),
        ({"page": "9" * 30, "find": "x" * 900}, "place|0|200"),
        ({"sort": 5, "page": [], "find": {}}, "place|0|0"),
    ],
)
def test_what_a_browser_sends_is_checked(said: dict[str, Any], left: str) -> None:
    test = AppTest.from_function(_take, default_timeout=60)
    test.session_state["sent"] = ["nonsense", {"number": True, "said": {}}, {"number": 7, "said": said, "open": False}]
    test.run()
    assert not test.exception
    assert test.text[0].value == left


def test_words_and_credit_have_room_on_a_phone(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=by_hand&read=table", width=390, height=844)
    page.locator(".steps tbody tr").nth(4).wait_for()
    first = page.locator(".steps tbody tr").first
    assert first.locator("th.step").bounding_box()["width"] > 120
    credit = first.locator("td.credit").bounding_box()
    assert credit["x"] + credit["width"] <= 390
