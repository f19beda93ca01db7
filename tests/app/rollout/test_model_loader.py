"""Models that are loaded once for all, and visitors who do not wait for them."""

from __future__ import annotations

import threading

import pytest

from app.rollout.model_loader import MAX_LOADED, Loader

GO_ON = threading.Event()


def test_each_is_loaded_once_and_the_last_used_are_kept() -> None:
    asked: list[str] = []
    loader = Loader(lambda key: asked.append(key) or key.upper())
    assert not loader.ready("a")
    assert [loader.get(key, GO_ON) for key in ("a", "b", "a")] == ["A", "B", "A"]
    assert loader.ready("a")
    assert [loader.get(key, GO_ON) for key in ("c", "a", "b")] == ["C", "A", "B"]
    assert MAX_LOADED == 2
    assert asked == ["a", "b", "c", "b"]


def test_who_stops_waiting_leaves_the_work_to_the_next() -> None:
    began, free, asked = threading.Event(), threading.Event(), []

    def load(key: str) -> str:
        asked.append(key)
        began.set()
        free.wait()
        return key

    loader, stop, got = Loader(load), threading.Event(), []
    visitor = threading.Thread(target=lambda: got.append(loader.get("slow", stop)))
    visitor.start()
    began.wait()
    stop.set()
    visitor.join()
    assert got == [None]
    assert not loader.ready("slow")
    free.set()
    assert loader.get("slow", GO_ON) == "slow"
    assert asked == ["slow"]


def test_what_could_not_be_loaded_is_tried_again() -> None:
    answers = iter([RuntimeError("no such model"), "there"])

    def load(key: str) -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    loader = Loader(load)
    with pytest.raises(RuntimeError, match="no such model"):
        loader.get("m", GO_ON)
    assert loader.get("m", GO_ON) == "there"
