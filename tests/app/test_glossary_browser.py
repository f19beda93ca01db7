"""Words of the glossary on a page, in a browser: underlined once, told by key and by click, left alone in code."""

from __future__ import annotations

import pytest
from browser import Open

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_charts")]
PAINTED = "() => [...(CSS.highlights.get('treecore-word') ?? [])].map(String)"


def test_words_say_what_they_mean(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?view=library")
    page.wait_for_function(f"() => ({PAINTED})().length > 2")
    painted = page.evaluate(PAINTED)
    assert painted[:3] == ["rollouts", "outcomes", "credit"]
    assert len({word.lower() for word in painted}) == len(painted)
    box = page.locator(".word")
    page.keyboard.press("w")
    assert "to its end" in box.inner_text()
    page.keyboard.press("w")
    assert "What the verifier says" in box.inner_text()
    page.keyboard.press("Escape")
    box.wait_for(state="hidden")
    at = page.evaluate("() => [...CSS.highlights.get('treecore-word')][2].getBoundingClientRect().toJSON()")
    page.mouse.click(at["x"] + 5, at["y"] + 5)
    assert box.inner_text().startswith("credit")
    page.goto(f"{address}/?view=lessons&unit=outcome&stage=why&mark=3&bet=-60")
    page.locator(".panel .term", has_text="continuations").click()
    page.get_by_text("A fresh ending of an answer").wait_for()
    assert page.locator(".panel .term", has_text="continuations").count() == 1
