"""Where the focus is after a run was begun by the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_charts")]
LONG_MS = 120_000


def test_the_focus_stays_on_the_button_that_began_the_run(address: str, open_page: Callable[..., Any]) -> None:
    page = open_page(f"{address}/?view=rollout")
    grow = page.get_by_role("button", name="Grow trees")
    grow.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Cancel").wait_for(timeout=LONG_MS)
    assert focused(page) == "Grow trees"
    page.get_by_role("button", name="Open in Explore").wait_for(timeout=LONG_MS)
    assert focused(page) == "Grow trees"


def focused(page: Any) -> str:
    """The words of what has the focus, without the name of its icon."""
    return str(page.evaluate("document.activeElement.innerText")).strip().splitlines()[-1]
