"""Entropy and confidence on request: read again by the bundled model, for the forests that it wrote alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pages import run_until_over
from streamlit.testing.v1 import AppTest

import treecore as tc
from app.rollout.job_queue import Job
from app.rollout.request import Limits
from app.rollout.token_numbers import run
from treecore.bundled import samples
from treecore.core.forest import Forest
from treecore.formats import write

MAIN = str(Path(__file__).parents[3] / "app" / "main.py")


def bare() -> Forest:
    forest: Forest = tc.read(samples()["early_fork"].path)[0]
    assert forest.tokens is not None
    return forest.with_columns(tokens=replace(forest.tokens, entropy=None, confidence=None))


def opened(forest: Forest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    write([forest], folder / "bare.forest.jsonl")
    monkeypatch.setenv("TREECORE_FILE", str(folder / "bare.forest.jsonl"))
    test = AppTest.from_file(MAIN, default_timeout=60)
    test.query_params["read"] = "tokens"
    test.run()
    assert not test.exception
    return test


def test_they_are_added_where_a_file_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = opened(bare(), tmp_path, monkeypatch)
    test.button(key="token_numbers").click().run()
    run_until_over(test, "annotating")
    forest = test.session_state.opened.forests[0]
    assert np.isfinite(forest.tokens.entropy).any()
    assert test.query_params["read"] in ("tokens", ["tokens"])
    assert "token_numbers" not in [button.key for button in test.button]


def test_it_says_why_where_they_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = opened(bare().with_columns(policy={"model": "/tmp/evil"}), tmp_path, monkeypatch)
    button = test.button(key="token_numbers")
    assert button.disabled
    assert "Only forests of the bundled model" in button.help


def test_a_run_ends_at_the_limits_of_a_server() -> None:
    job = Job(run=lambda job: None, title="numbers")
    assert run(job, [bare()], Limits(trajectories=10**6, tokens=1, seconds=10**6)) == []
    assert "the most that a run gets on this server" in job.note
