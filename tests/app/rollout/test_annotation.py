"""Monte Carlo values on request: real continuations, for forests of the bundled model and of its tasks alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.rollout.annotation import K, lacks, run
from app.rollout.job_queue import Job
from app.rollout.request import JobProgress, Limits
from treecore.bundled import samples
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.formats import read
from treecore.methods import METHODS

MAIN = str(Path(__file__).parents[3] / "app" / "main.py")


def sample(name: str) -> Forest:
    found: Forest = read(samples()[name].path)[0]
    return found


def test_values_are_those_of_fresh_continuations() -> None:
    forest = sample("early_fork")
    job = Job(run=lambda job: None, title="values")
    (found,) = run(job, [forest], None)
    batch = Forests([found])
    values = batch.column("mc_value")
    known = np.isfinite(values)
    assert known.any()
    assert (batch.column("mc_count")[known] == K).all()
    assert np.isin(values[known] * K, np.arange(K + 1)).all()
    assert isinstance(job.progress, JobProgress)
    assert job.progress.done == job.progress.total


def test_a_run_ends_at_the_limits_of_a_server() -> None:
    job = Job(run=lambda job: None, title="values")
    assert run(job, [sample("early_fork")], Limits(trajectories=10**6, tokens=1, seconds=10**6)) == []
    assert "the most that a run gets on this server" in job.note


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, ""),
        ({"policy": {}}, "does not say which model"),
        ({"policy": {"model": "/tmp/evil"}}, "only forests of the bundled model"),
        ({"task": "trap:touch"}, "none of the bundled ones"),
        ({"tokens": None}, "no token ids"),
    ],
)
def test_nothing_else_that_a_file_names_is_loaded(changed: dict[str, object], reason: str) -> None:
    forest = sample("early_fork")
    said = lacks(replace(forest, **changed) if changed else forest)  # type: ignore[type-var]
    assert reason in said
    assert bool(said) == bool(reason)


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
