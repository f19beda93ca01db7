"""Forests beside the list of a library are read beside the page: how far, broken off, once, and anew after a change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import page
from streamlit.testing.v1 import AppTest

from app import state
from app.library import folders, rows
from app.opening.background import Opening
from app.serving import permissions
from app.state import open_files, side_job
from treecore.core.forest import Forest
from treecore.formats import write
from treecore.library.scan import refresh

WAIT = 60


def forest(name: str, step: int, words: str = "way") -> Forest:
    texts = ["", *(f"{words} {number}" for number in range(3))]
    scores = [np.nan, 1.0, 0.0, 0.0]
    return Forest(
        parent=[-1, 0, 0, 0],
        text=texts,
        reward=scores,
        id=f"{name} {step}",
        prompt=name,
        provenance={"training_step": step},
    )


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> folders.Run:
    """A folder of two prompts at two training steps, indexed."""
    monkeypatch.setenv("TREECORE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(permissions, "is_private", lambda: True)
    monkeypatch.setattr(folders, "refresh_apart", refresh)
    folder = tmp_path / "my-run"
    folder.mkdir()
    for step in (100, 200):
        write([forest("who is milo ?", step), forest("who is vera ?", step)], folder / f"{step}.forest.jsonl")
    monkeypatch.setenv(folders.LIBRARIES_VARIABLE, str(folder))
    (found,) = folders.named()
    index(found)
    return found


def index(run: folders.Run) -> None:
    """Bring the index of a folder up to date."""
    assert folders.scan(run, older=0.0).work.wait(WAIT)
    assert folders.scan(run).work.error == ""


class Reading:
    """Reads forests of a library once `go` is set.

    Attributes:
        asked: the places that were read, a list for each time.
    """

    def __init__(self) -> None:
        self.go, self.asked, self._read = threading.Event(), list[list[tuple[str, int]]](), rows.open_forests

    def __call__(self, folder: Any, index: Any, places: Any, tell: Callable[[int, int], None]) -> list[Forest]:
        self.asked.append(list(places))
        tell(1, 4)
        assert self.go.wait(WAIT)
        tell(2, 4)
        return self._read(folder, index, places, tell)


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reading]:
    """A library whose forests are large, so that pages do not wait for them."""
    found = Reading()
    monkeypatch.setattr(rows, "open_forests", found)
    for module in (side_job, open_files):
        monkeypatch.setattr(module, "MOMENT", 0.01)
    yield found
    found.go.set()


def library(run: folders.Run, **query: str) -> AppTest:
    return page(sample="", view="library", folder=run.key, **query)


def buttons(test: AppTest) -> set[str]:
    return {str(button.key) for button in test.button}


def words(test: AppTest) -> str:
    return "\n".join(block.value for block in [*test.markdown, *test.caption, *test.text, *test.error, *test.warning])


def jobs(test: AppTest) -> list[Opening]:
    """What is being read beside the list."""
    held = test.session_state
    asked = [held[job.name] for job in (state.LOOKING, state.PARTNER) if job.name in held]
    return [one.job for one in asked if one is not None and one.job is not None]


def read(test: AppTest, reading: Reading) -> AppTest:
    """The page once all is read that it asks for."""
    reading.go.set()
    for _ in range(2):  # the partner is asked for once the row is there
        for job in jobs(test):
            assert job.wait(WAIT)
        test.run()
    assert not test.exception
    return test


def test_the_page_shows_how_far_a_large_forest_is(run: folders.Run, reading: Reading) -> None:
    test = library(run)
    assert "2 prompts at 2 training steps" in words(test)
    assert "who is milo ?" in words(test)
    assert {"cancel_looking", "open_row", "open_both"} <= buttons(test)
    assert "Both hold the same steps." not in words(test)
    read(test, reading)
    assert not {"cancel_looking", "cancel_looking_partner"} & buttons(test)
    assert "Both hold the same steps." in words(test)


def test_what_was_broken_off_is_read_again_on_request_only(run: folders.Run, reading: Reading) -> None:
    test = library(run)
    (going,) = jobs(test)
    test.button(key="cancel_looking").click().run()
    reading.go.set()
    assert going.wait(WAIT)
    assert going.result is None
    test.run()
    assert "Reading it was broken off." in words(test)
    assert len(reading.asked) == 1
    test.button(key="read_looking").click().run()
    read(test, reading)
    assert "Both hold the same steps." in words(test)


def test_another_row_breaks_off_the_first(run: folders.Run, reading: Reading) -> None:
    test = library(run)
    (going,) = jobs(test)
    test.session_state["library:row"] = "1@200.forest.jsonl"
    test.run()
    assert going.cancelled
    read(test, reading)
    assert test.session_state["looking"].result.forests[0].prompt == "who is vera ?"


def test_a_forest_is_read_once_until_its_file_was_indexed_anew(run: folders.Run, reading: Reading) -> None:
    test = read(library(run, row="0@200.forest.jsonl"), reading)
    assert [len(places) for places in reading.asked] == [1, 1]
    test.run()
    assert len(reading.asked) == 2
    write([forest("who is milo ?", 200, "detour")], run.path / "200.forest.jsonl", overwrite=True)
    index(run)
    read(test.run(), reading)
    assert len(reading.asked) == 3
    assert "detour 0" in test.session_state["looking"].result.forests[0].text
    assert "They first differ at step 1" in words(test)


def test_a_file_that_is_gone_is_told_beside_the_list(run: folders.Run, reading: Reading) -> None:
    (run.path / "200.forest.jsonl").unlink()
    test = read(library(run, row="0@200.forest.jsonl"), reading)
    assert "200.forest.jsonl: the file has changed since it was indexed" in words(test)
    assert "2 prompts at 2 training steps" in words(test)


@pytest.mark.parametrize(("button", "view"), [("open_row", "explore"), ("open_both", "compare")])
def test_a_large_row_is_opened_beside_the_page(run: folders.Run, reading: Reading, button: str, view: str) -> None:
    test = library(run, row="0@200.forest.jsonl")
    test.button(key=button).click().run()
    assert test.session_state["view"] == "library"
    assert "cancel_opening" in buttons(test)
    reading.go.set()
    assert test.session_state["opening"].wait(WAIT)
    test.run()
    assert not test.exception
    assert test.session_state["view"] == view
    opened = test.session_state["opened"]
    assert opened.forests[test.session_state["forest"]].id == "who is milo ? 200"


def test_a_row_that_is_broken_off_leaves_the_library_as_it_was(run: folders.Run, reading: Reading) -> None:
    test = library(run, row="0@200.forest.jsonl")
    test.button(key="open_row").click().run()
    test.button(key="cancel_opening").click().run()
    read(test, reading)
    assert test.session_state["view"] == "library"
    assert test.session_state["opened"].sample
