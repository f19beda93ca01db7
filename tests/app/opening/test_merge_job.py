"""Merging runs beside the page: told, broken off, counted against what a visitor may hold."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pages import finish_opening
from streamlit.testing.v1 import AppTest

from app.opening.background import Opening
from app.state import merge_job, side_job
from treecore import quotas

MAIN = str(Path(__file__).parents[3] / "app" / "main.py")


@pytest.fixture
def flat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of answers that begin alike."""
    rows = [{"prompt": "p", "completion": f"first\nsecond\n{last}", "reward": float(last)} for last in (0, 1)]
    path = tmp_path / "mine.jsonl"
    path.write_bytes(b"\n".join(json.dumps(row).encode() for row in rows))
    monkeypatch.setenv("TREECORE_FILE", str(path))
    return path


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Merging waits for this."""
    go, merge = threading.Event(), merge_job.merge_all

    def waits(given: Any, rule: str, tell: Callable[[int, int], None]) -> Any:
        assert go.wait(60)
        tell(0, 1)
        return merge(given, rule, tell)

    monkeypatch.setattr(merge_job, "merge_all", waits)
    monkeypatch.setattr(side_job, "MOMENT", 0.01)
    return go


def opened() -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=60).run()
    finish_opening(test)
    assert not test.exception
    return test


def is_merged(test: AppTest) -> bool:
    return test.session_state["merged"].result is not None


def job(test: AppTest) -> Opening:
    going: Opening = test.session_state["merged"].job
    return going


def test_what_was_given_is_shown_until_the_merged_trees_are_there(flat: Path, held: threading.Event) -> None:
    test = opened()
    assert not is_merged(test)
    assert "cancel_opening" in [button.key for button in test.button]
    held.set()
    assert job(test).wait(60)
    test.run()
    assert is_merged(test)
    assert "cancel_opening" not in [button.key for button in test.button]
    assert "merge" not in test.query_params, "it is what is usual"


def test_merging_that_is_broken_off_leaves_the_answers_as_they_were(flat: Path, held: threading.Event) -> None:
    test = opened()
    going = job(test)
    test.button(key="cancel_opening").click().run()
    held.set()
    assert going.wait(60)
    test.run()
    assert not is_merged(test)
    assert test.query_params["merge"] in ("off", ["off"])
    assert test.session_state["merged"].job is None


def test_trees_that_are_too_large_for_a_visitor_are_told_in_a_sentence(
    flat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_job, "hold", refuse)
    test = opened()
    assert not is_merged(test)
    assert any("Answers are shown unmerged: too much" in one.value for one in test.warning)


def refuse(name: str, key: object, *, size: int, what: str) -> None:
    raise side_job.TreecoreError("too much")


def test_a_file_that_is_too_large_for_a_visitor_is_told_and_what_is_open_stays(
    flat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TREECORE_PUBLIC", "1")
    monkeypatch.setattr("app.serving.permissions.visitor", lambda: "ann")
    monkeypatch.setenv(quotas.VISITOR_BYTES.variable, "10")
    test = opened()
    assert test.session_state["opened"].sample
    assert any("and a visitor of this server may hold 0 MB" in one.value for one in test.warning)


def test_an_export_that_is_too_large_for_a_visitor_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREECORE_PUBLIC", "1")
    monkeypatch.setattr("app.serving.permissions.visitor", lambda: "ann")
    monkeypatch.setenv(quotas.VISITOR_BYTES.variable, "10")
    test = AppTest.from_file(MAIN, default_timeout=60)
    test.query_params["sample"] = "by_hand"
    test.run()
    test.button(key="export:one").click().run()
    assert test.session_state["exported"] is None
    assert any("a visitor of this server may hold" in one.value for one in test.error)


def test_a_table_that_is_too_large_for_a_visitor_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"colour,weight\nred,1\nblue,2\n")
    monkeypatch.setenv("TREECORE_FILE", str(path))
    monkeypatch.setenv("TREECORE_PUBLIC", "1")
    monkeypatch.setattr("app.serving.permissions.visitor", lambda: "ann")
    monkeypatch.setenv(quotas.VISITOR_BYTES.variable, "10")
    test = opened()
    assert "draft" not in test.session_state
    assert any("table.csv: it takes 0 MB" in one.value for one in test.warning)
