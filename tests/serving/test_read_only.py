"""A server that only shows: nobody samples, whatever they send; exports and everything else are as ever."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.rollout import visitor_jobs
from app.rollout.form_values import numbers
from app.serving import permissions
from treecore.errors import TreecoreError

MAIN = str(Path(__file__).parents[2] / "app" / "main.py")


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv(permissions.READ_ONLY_VARIABLE, "1")
    return AppTest.from_file(MAIN, default_timeout=60)


def test_the_form_is_not_there_and_a_sentence_says_why(page: AppTest) -> None:
    page.query_params["view"] = "rollout"
    page.run()
    assert not page.exception
    assert "grow" not in [button.key for button in page.button]
    assert any(f"Read only: {permissions.READ_ONLY}" in one.value for one in page.markdown)
    page.button(key="to_explore").click().run()
    assert page.session_state["view"] == "explore"


def test_what_is_sent_all_the_same_begins_nothing(page: AppTest) -> None:
    with pytest.raises(TreecoreError, match="samples nothing; start treecore on your own machine"):
        visitor_jobs.submit(numbers())
    assert visitor_jobs.QUEUE.names() == set()


def test_exports_are_made(page: AppTest) -> None:
    page.query_params["sample"] = "by_hand"
    page.run()
    page.button(key="export:one").click().run()
    assert page.session_state["exported"].data


@pytest.mark.parametrize(("said", "holds"), [("", False), ("0", False), ("off", False), ("1", True), ("yes", True)])
def test_the_operator_says_so(said: str, holds: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(permissions.READ_ONLY_VARIABLE, said)
    assert permissions.is_read_only() is holds
