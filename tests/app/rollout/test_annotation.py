"""Monte Carlo values on request: where the list of methods offers them."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import Open
from streamlit.testing.v1 import AppTest

from treecore.methods import METHODS

MAIN = str(Path(__file__).parents[3] / "app" / "main.py")


@pytest.mark.parametrize(("name", "button"), [("early_fork", "Add Monte Carlo values"), ("by_hand", "")])
def test_the_list_offers_what_can_be_got(name: str, button: str) -> None:
    test = AppTest.from_file(MAIN, default_timeout=60)
    test.query_params["sample"] = name
    test.session_state["methods_open"] = True
    test.run()
    assert not test.exception
    found = next(one for one in test.get("bidi_component") if one.key == "method_list")
    said = found.proto.json
    lacking = [one.title for one in METHODS.values() if "mc_value" in one.needs]
    assert all(title in said for title in lacking)
    assert ("Add Monte Carlo values" in said) == bool(button)
    assert button or "none can be added: the forest does not say which model wrote it" in said


def test_the_list_gives_way_to_the_work_and_its_method_comes_with_the_values(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?sample=rare_success")
    page.get_by_role("button", name="Tree-GRPO").click()
    row = page.get_by_role("listitem").filter(has_text="VinePPO")
    row.get_by_role("button", name="Add Monte Carlo values").click()
    page.get_by_role("dialog").wait_for(state="detached")
    page.get_by_text("Adding Monte Carlo values").wait_for()
    page.wait_for_function("() => location.search.includes('method=vineppo')")
    page.get_by_role("button", name="VinePPO").wait_for()
