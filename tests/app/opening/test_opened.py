"""What is open is shared, bounded by bytes, and given back; files are read beside the page."""

from __future__ import annotations

import gc
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from forests import random_forest
from pages import finish_opening
from streamlit.testing.v1 import AppTest

from app.opening import reading
from app.opening.background import Opening, Tell
from app.opening.opened import Opened, ResultCache, Shelf, held_bytes
from app.state import open_files
from treecore.core.batch import Forests
from treecore.errors import TreecoreError
from treecore.formats import read_with_report, write
from treecore.methods import DEFAULT_METHOD, FLAT_METHOD, compute

MAIN = str(Path(__file__).parents[3] / "app" / "main.py")


def opened(size: int = 0) -> Opened:
    return Opened("k", "t", Forests(random_forest(np.random.default_rng(0))), size=size)


def test_results_are_kept_up_to_a_number_of_bytes() -> None:
    made: list[int] = []
    kept = ResultCache(most=10_000)

    def result(number: int) -> np.ndarray:
        return kept.get(number, lambda: made.append(number) or np.zeros(500))

    for number in (0, 1, 0, 2, 0, 1):
        result(number)
    assert made == [0, 1, 2, 1]
    assert len(kept) == 2
    kept.get("large", lambda: np.zeros(10_000))
    assert len(kept) == 1


def test_credits_are_measured_without_their_forests() -> None:
    batch = Forests(random_forest(np.random.default_rng(0), 2000))
    size = held_bytes(compute(batch, "tree_grpo"))
    assert 2000 * 8 < size < 2000 * 8 * 100
    assert held_bytes([batch, batch[0]]) < 100


def test_what_nobody_has_open_any_more_is_given_back() -> None:
    shelf = Shelf()
    first = shelf.put("a", opened())
    assert shelf.put("a", opened()) is first
    assert shelf.find("a") is first
    first.kept.get("credit", partial(compute, first.forests, "tree_grpo"))
    del first
    gc.collect()
    assert len(shelf) == 0


def test_a_server_holds_so_much_and_no_more() -> None:
    shelf = Shelf(most=100)
    first = shelf.put("a", opened(60))
    with pytest.raises(TreecoreError, match=r"others have 0 GB open on this server; try again"):
        shelf.put("b", opened(60))
    del first
    gc.collect()
    assert shelf.put("b", opened(60)).size == 60


def test_an_opening_tells_how_far_it_is_and_can_be_broken_off(tmp_path: Path) -> None:
    path = tmp_path / "a.forest.json"
    write(random_forest(np.random.default_rng(0), 20_000, tokens=True), path)
    shares: list[float] = []
    beside: list[str] = []

    def read(tell: Tell) -> object:
        def heard(done: int, total: int) -> None:
            shares.append(done / total)
            beside.append(threading.current_thread().name)
            if len(shares) == 3:
                opening.cancel()
            tell(done, total)

        return read_with_report(path, on_progress=heard)

    opening = Opening("a", read).start()
    assert opening.wait(60)
    assert opening.result is None
    assert opening.error == ""
    assert len(shares) == 3
    assert 0 < shares[0] < shares[1] < shares[2] < 1
    assert set(beside) == {"treecore-open"}


def test_an_opening_ends_when_its_visitor_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.opening.background.GRACE", -1.0)
    went_on: list[bool] = []
    opening = Opening("a", lambda tell: (tell(1, 2), went_on.append(True)), present=lambda: False).start()
    assert opening.wait(60)
    assert went_on == []


@pytest.mark.parametrize(
    ("raised", "said"), [(TreecoreError("no"), "no"), (ValueError("odd"), "reading failed (ValueError)")]
)
def test_an_opening_that_fails_says_why(raised: Exception, said: str) -> None:
    def read(tell: Tell) -> None:
        raise raised

    opening = Opening("a", read).start()
    assert opening.wait(60)
    assert said in opening.error


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_page_goes_on_while_a_file_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cancelled: bool) -> None:
    path, free = tmp_path / "mine.forest.json", threading.Event()
    write(random_forest(np.random.default_rng(3), 9 + cancelled), path)

    def slow(*args: object, **more: object) -> object:
        free.wait(60)
        return read_with_report(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(open_files, "MOMENT", 0.0)
    monkeypatch.setattr(reading, "read_with_report", slow)
    open_files._sample.clear()
    free.set()
    page = AppTest.from_file(MAIN, default_timeout=60).run()
    sample = page.session_state.opened.title
    free.clear()
    monkeypatch.setenv("TREECORE_FILE", str(path))
    page = AppTest.from_file(MAIN, default_timeout=60).run()
    assert page.session_state.opened.title == sample
    opening = page.session_state.opening
    if cancelled:
        page.button(key="cancel_opening").click().run()
        assert "opening" not in page.session_state or page.session_state.opening is None
    free.set()
    assert opening.wait(60)
    page.run()
    assert page.session_state.opened.title == (sample if cancelled else "mine.forest.json")


@pytest.mark.parametrize(
    ("name", "asked", "method"),
    [
        ("prm800k/phase.jsonl", "", "step_labels"),
        ("tree_grpo/nodes.jsonl", "", "tree_grpo"),
        ("trl-1.16.0-plain", "", "grpo"),
        ("trl-1.16.0-plain", "tree_grpo", "tree_grpo"),
    ],
)
def test_a_file_opens_on_a_method_that_suits_it(
    name: str, asked: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = Path(__file__).parents[2] / "formats" / "readers" / "data"
    monkeypatch.setenv("TREECORE_FILE", str(data / name))
    page = AppTest.from_file(MAIN, default_timeout=60)
    if asked:
        page.query_params["method"] = asked
    page.run()
    finish_opening(page)
    assert not page.exception
    assert not page.error
    assert (page.session_state.opened.title, page.session_state.method) == (Path(name).name, method)
    credit = page.session_state.credit[2]
    assert credit.method == method
    assert np.isfinite(credit.credit).any()


@pytest.mark.parametrize(("chosen", "then"), [("", DEFAULT_METHOD), ("sibling", "sibling")])
def test_trees_after_a_flat_file_have_their_own_method_unless_another_was_chosen(
    chosen: str, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = Path(__file__).parents[2] / "formats" / "readers" / "data"
    monkeypatch.setenv("TREECORE_FILE", str(data / "trl-1.16.0-plain"))
    page = AppTest.from_file(MAIN, default_timeout=60)
    page.run()
    finish_opening(page)
    assert page.session_state.method == FLAT_METHOD
    if chosen:
        page.session_state.method = chosen
    page.button(key="sample:early_fork").click().run()
    assert not page.exception
    assert (page.session_state.opened.sample, page.session_state.method) == ("early_fork", then)
