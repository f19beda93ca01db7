"""Forests continued for a visitor: real continuations, by no model or task that a file names, within limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.rollout.continuing import BUNDLED, continued, lacks
from app.rollout.job_queue import Job
from app.rollout.request import JobProgress, Limits, Model
from treecore.bundled import PACKAGE, samples
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.formats import read

K = 4
WIDE = 10**6


def sample(name: str) -> Forest:
    found: Forest = read(samples()[name].path)[0]
    return found


def values(job: Job, forest: Forest, model: Model = BUNDLED, limits: Limits | None = None) -> list[Forest]:
    return continued(job, [forest], model, limits, kind="monte_carlo", settings={"k": K})


def test_values_are_those_of_fresh_continuations() -> None:
    job = Job(run=lambda job: None, title="values")
    (found,) = values(job, sample("early_fork"))
    batch = Forests([found])
    known = np.isfinite(batch.column("mc_value"))
    assert known.any()
    assert (batch.column("mc_count")[known] == K).all()
    assert np.isin(batch.column("mc_value")[known] * K, np.arange(K + 1)).all()
    assert isinstance(job.progress, JobProgress)
    assert job.progress.done == job.progress.total


@pytest.mark.parametrize("limit", ["trajectories", "tokens", "seconds"])
def test_a_run_ends_at_each_limit_of_a_server(limit: str) -> None:
    job = Job(run=lambda job: None, title="values")
    bounds = {"trajectories": WIDE, "tokens": WIDE, "seconds": WIDE, limit: 0 if limit == "seconds" else 1}
    assert values(job, sample("early_fork"), limits=Limits(**bounds)) == []
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


def test_a_model_that_was_named_here_goes_on() -> None:
    forest, folder = sample("early_fork"), Model(str(PACKAGE / "tiny" / "weights"))
    other = replace(forest, policy={**forest.policy, "model": "one that is not here"})
    assert lacks(other, folder) == ""
    assert lacks(replace(other, task="trap:touch"), folder) == "its task is none of the bundled ones"
    assert "a server cannot go on" in lacks(other, Model("x", server="http://localhost:1/v1"))
    (found,) = values(Job(run=lambda job: None, title="values"), other, folder)
    assert found.provenance["annotations"][-1]["model"] == folder.name
