"""Exports are made beside the page: told, broken off, one at a time for each visitor."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pages import page
from streamlit.testing.v1 import AppTest

from app.opening.background import Opening, Tell
from treecore.exports import EXPORTS, Exported


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Exports of the first kind wait for this, halfway."""
    go, kind = threading.Event(), next(iter(EXPORTS.values()))

    def waits(*_: object, **__: object) -> Exported:
        exported = Exported(size=2, unit="halves")

        def chunks() -> Iterator[bytes]:
            yield b"one "
            exported.heard(0.5)
            assert go.wait(60)
            exported.heard(1.0)
            yield b"two"

        exported.chunks = chunks()
        return exported

    monkeypatch.setattr("app.controls.export_menu.made_of", waits)
    monkeypatch.setattr("app.state.export_job.MOMENT", 0.01)
    assert kind.name
    return go


def job(test: AppTest) -> Opening:
    going: Opening = test.session_state["export_job"]
    return going


def test_the_page_goes_on_while_a_file_is_made(held: threading.Event) -> None:
    test = page()
    test.button(key="export:one").click().run()
    assert not test.exception
    assert "cancel_opening" in [button.key for button in test.button]
    assert test.session_state["exported"] is None
    going = job(test)
    held.set()
    assert going.wait(60)
    assert going.share == 1.0
    test.run()
    assert test.session_state["exported"].data == b"one two"
    assert test.session_state["exported"].said == "2 halves."
    assert "cancel_opening" not in [button.key for button in test.button]
    assert [one.key for one in test.get("download_button")].count("export_ready_download") == 1
    test.button(key="export_ready_close").click().run()
    assert "export_ready_close" not in [button.key for button in test.button]


def test_the_file_of_a_changed_forest_is_called_so() -> None:
    test = page(edit="flip:f3")
    test.session_state["export_kind"] = "csv"
    test.run().button(key="export:one").click().run()
    made = test.session_state["exported"]
    assert made.name == "Written-by-hand-csv-changed.csv"
    assert "not as recorded, changed by flip:f3" in made.said


def test_a_selected_step_is_exported_with_what_follows_it() -> None:
    test = page(node="f1")
    test.session_state["export_kind"] = "csv"
    test.run().button(key="export:step").click().run()
    made = test.session_state["exported"]
    assert made.name == "Written-by-hand-csv-from-a-step.csv"
    assert [line.split(b",")[1] for line in made.data.splitlines()] == [b"id", b"f1", b"f2", b"f3"]


def test_the_step_is_the_one_that_is_selected_when_the_button_is_pressed() -> None:
    test = page()
    test.session_state["export_kind"] = "csv"
    test.run().button(key="export:step").click().run()
    assert "no step is selected" in test.error[0].value
    test.session_state["node"] = "f1"
    test.button(key="export:step").click().run()
    assert [line.split(b",")[1] for line in test.session_state["exported"].data.splitlines()][:2] == [b"id", b"f1"]


def test_an_export_that_is_broken_off_makes_nothing(held: threading.Event) -> None:
    test = page()
    test.button(key="export:one").click().run()
    going = job(test)
    test.button(key="cancel_opening").click().run()
    held.set()
    assert going.wait(60)
    assert going.result is None
    test.run()
    assert test.session_state["exported"] is None
    assert test.session_state["export_job"] is None


def test_files_of_a_visitor_take_turns_and_hold_up_nobody_else() -> None:
    first_may_end, begun = threading.Event(), threading.Event()

    def slow(tell: Tell) -> str:
        begun.set()
        assert first_may_end.wait(60)
        return "slow"

    def quick(tell: Tell) -> str:
        return "quick"

    first = Opening("a", slow, owner="ann").start()
    assert begun.wait(60)
    second, cancelled = (Opening("b", quick, owner="ann").start() for _ in range(2))
    other, operator = (Opening("c", quick, owner=who).start() for who in ("bob", ""))
    assert other.wait(60)
    assert operator.wait(60)
    cancelled.cancel()
    assert cancelled.wait(60)
    assert (second.over, second.waits, cancelled.result) == (False, True, None)
    first_may_end.set()
    assert second.wait(60)
    assert (first.result, second.result, second.waits) == ("slow", "quick", False)
