"""Explore read as tokens, on the page: links, states without credit or tokens, what a browser should not send, keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from browser import PATIENCE_MS, ROOT, seen_by_axe, settled
from streamlit.testing.v1 import AppTest

pytestmark = pytest.mark.usefixtures("no_charts")

MAIN = str(ROOT / "app" / "main.py")


def app(**query: str) -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=120)
    for name, value in {"sample": "surprisal", "read": "tokens", **query}.items():
        test.query_params[name] = value
    return test.run()


def one(value: str | list[str]) -> str:
    """A value of the address; AppTest keeps some as lists."""
    return value if isinstance(value, str) else value[0]


def titles(test: AppTest) -> list[str]:
    return [widget.label for widget in test.button_group]


def test_a_link_opens_a_branch_at_a_token_and_stays_in_the_address() -> None:
    test = app(method="treerl", end="14", at="8", beneath="surprise")
    assert not test.exception
    assert not test.warning
    assert {name: one(test.query_params[name]) for name in ("read", "end", "at", "beneath")} == {
        "read": "tokens",
        "end": "14",
        "at": "8",
        "beneath": "surprise",
    }
    assert "Axis" not in titles(test)
    test.session_state["explore:read"] = "tree"
    test.run()
    assert not test.exception
    assert "Axis" in titles(test)


@pytest.mark.parametrize(
    "query",
    [
        {"end": "nothing", "at": "99999999", "beneath": "none"},
        {"node": "24"},
        {"sample": "by_hand"},
        {"sample": "chains", "method": "vineppo"},
        {"sample": "large", "at": "-5", "end": "0"},
    ],
)
def test_what_is_not_there_is_no_error(query: dict[str, str]) -> None:
    assert not app(**query).exception


@pytest.mark.parametrize(("sample", "strips"), [("surprisal", True), ("by_hand", False)])
def test_strips_are_offered_where_tokens_are_recorded(sample: str, strips: bool) -> None:
    assert ("Beneath the tokens" in titles(app(sample=sample))) == strips


def test_a_method_that_cannot_run_says_why_and_the_text_is_read() -> None:
    test = app(sample="early_fork", method="vineppo")
    said = "\n".join(block.value for block in [*test.info, *test.warning, *test.error, *test.markdown, *test.caption])
    assert "Monte Carlo value" in said


def _take() -> None:
    import streamlit as st

    from app import state
    from app.tokens.page import AT, CHANNEL, END, take

    state.start(lambda _: False, lambda _: None)
    for sent in st.session_state["sent"]:
        st.session_state[CHANNEL] = {"asked": sent}
        take()
    st.text(f"{state.field(END)}|{state.field(AT)}")


@pytest.mark.parametrize(
    ("sent", "left"),
    [
        ({"number": 1, "said": {"end": "14", "at": "8"}}, "14|8"),
        ({"number": 1, "said": {"end": "trap:touch", "at": "-8"}}, "|-1"),
        ({"number": 1, "said": {"end": ["14"], "at": 8}}, "|-1"),
        ({"number": True, "said": {"end": "14"}}, "|-1"),
        ({"number": 1, "said": {"at": "9" * 50}}, "|-1"),
        ("14", "|-1"),
    ],
)
def test_only_branches_and_tokens_that_there_are_are_taken(sent: object, left: str) -> None:
    test = AppTest.from_function(_take, default_timeout=120)
    test.query_params["sample"] = "surprisal"
    test.session_state["sent"] = [sent]
    test.run()
    assert not test.exception
    assert test.text[0].value == left


@pytest.mark.browser
def test_tokens_branches_and_alternatives_by_keyboard(open_page: Callable[..., Any], address: str) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=PATIENCE_MS)
    page = open_page(f"{address}/?sample=surprisal&method=treerl&read=tokens&end=14")
    title, where = page.locator(".reader h2"), page.locator(".reader .where")
    playwright.expect(title).to_have_text("“rosa”")
    playwright.expect(page.locator(".reader .fork .way")).to_have_count(2)
    assert page.locator(".choice.drawn").count() == 3
    assert page.locator(".choice").count() == 14
    settled(page)
    page.keyboard.press("ArrowRight")
    playwright.expect(title).to_have_text("“,”")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    playwright.expect(where).to_have_text("branch 5 of 10")
    playwright.expect(title).to_have_text("“clara”")
    page.wait_for_url("**end=24**")
    settled(page)
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    playwright.expect(title).to_have_text("“rosa”")
    page.wait_for_url("**end=14**")
    page.locator(".reader .spot").last.click()
    playwright.expect(where).to_have_text("branch 10 of 10")
    settled(page)
    assert seen_by_axe(page) == []
    page.close()


@pytest.mark.browser
def test_the_token_looked_at_is_in_the_address_and_back_returns_to_it(
    open_page: Callable[..., Any], address: str
) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=PATIENCE_MS)
    page = open_page(f"{address}/?sample=surprisal&method=treerl&read=tokens&end=14&at=8")
    here = page.locator(".reader .token.here")
    here.wait_for()
    settled(page)
    first = here.inner_text()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**at=9**")
    settled(page)
    second = here.inner_text()
    assert first != second
    page.go_back()
    page.wait_for_url("**at=8**")
    playwright.expect(here).to_have_text(first)
    settled(page)
    page.go_forward()
    page.wait_for_url("**at=9**")
    playwright.expect(here).to_have_text(second)
    settled(page)
    page.reload()
    playwright.expect(here).to_have_text(second)
