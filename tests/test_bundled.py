"""The bundled samples: what the index says of a file is what the file shows."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import treecore as tc
from treecore.analysis.lint import lint
from treecore.bundled import by_group, file_meant, samples, samples_dir
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.methods import METHODS
from treecore.samplers import SAMPLERS
from treecore.tasks import get_task

TRUE_FINDINGS = {
    "by_hand": {"zero-variance-tree"},
    "early_fork": {"zero-variance-tree"},
    "late_fork": {"zero-variance-tree"},
    "all_right": {"zero-variance-group"},
    "rare_success": {"zero-variance-tree"},
    "surprisal": {"zero-variance-tree"},
    "tool_entropy": {"zero-variance-tree"},
    "mcts": {"unscored-leaf"},
}
REPEATS = set(samples()) - {"all_right", "rare_success"}
"""Samples in which two answers have the same words: the tiny model often writes the likeliest one again."""
"""What lint may say of a sample, because it is so."""


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


@cache
def recording() -> ModuleType:
    with importable(samples_dir()):
        import record  # type: ignore[import-not-found]
    return record


WANTED = {wanted.name: wanted for wanted in recording().WANTED}


def sampled(name: str) -> Forest:
    (forest,) = tc.read(samples()[name].path)
    return forest


def test_samples_are_of_samplers_that_there_are() -> None:
    names = {str(sampled(name).sampler.get("name", "")) for name in samples()} - {""}
    assert len(names) >= 7
    assert names <= set(SAMPLERS)


def test_the_samples_stand_under_two_headings_and_none_is_without_its_rule() -> None:
    assert list(by_group()) == ["One idea each", "One sampler each"]
    assert set(samples()) == {*WANTED, "by_hand"}
    files = {path.name for path in samples_dir().glob("*.forest.json")}
    assert files == {sample.path.name for sample in samples().values()}


@pytest.mark.parametrize("name", list(samples()))
def test_a_sample_validates_and_lint_says_what_is_so(name: str) -> None:
    found = {finding.kind for finding in lint(Forests([sampled(name)]))}
    assert found == TRUE_FINDINGS.get(name, set()) | ({"duplicate-trajectory"} if name in REPEATS else set())


@pytest.mark.parametrize("name", WANTED)
def test_the_text_of_a_sample_is_what_its_file_shows(name: str) -> None:
    wanted, forest = WANTED[name], sampled(name)
    assert recording().described(wanted, forest) == samples()[name].look_for
    assert (wanted.title, wanted.group) == (samples()[name].title, samples()[name].group)


@pytest.mark.parametrize("name", WANTED)
def test_a_sample_was_grown_by_the_run_that_the_table_names(name: str) -> None:
    run, forest = WANTED[name].run, sampled(name)
    parameters = forest.sampler["parameters"]
    settings = {key: value for key, value in run.items() if key in parameters}
    assert settings == {key: parameters[key] for key in settings}
    assert set(run) - {"record"} == {*settings, "model", "seed", "sampler", "task", "prompts"}
    assert forest.sampler.get("record") == run.get("record")
    assert (forest.sampler["name"], forest.sampler["seed"]) == (run["sampler"], run["seed"])
    assert (forest.policy["model"], forest.task) == (run["model"], run["task"])


def again(name: str) -> Forest:
    """The sample's prompt alone, sampled as the table says."""
    run: dict[str, Any] = {**WANTED[name].run}
    drawn = get_task(run["task"]).prompts(run["prompts"], seed=run["seed"])
    (forest,) = tc.rollout(**run | {"prompts": [prompt for prompt in drawn if prompt.id == sampled(name).id]})
    return forest


@pytest.mark.parametrize("name", ["late_fork", "chains", "surprisal"])
def test_the_bundled_model_grows_the_sample_again(name: str) -> None:
    kept, fresh = sampled(name), again(name)
    assert list(fresh.text) == list(kept.text)
    assert list(fresh.parent) == list(kept.parent)
    assert np.array_equal(fresh.reward, kept.reward, equal_nan=True)
    if "record" in WANTED[name].run:
        assert recording().same(kept, fresh)


def test_a_forest_that_does_not_show_the_thing_is_refused() -> None:
    with pytest.raises(ValueError, match="does not show late_fork"):
        recording().described(WANTED["late_fork"], sampled("all_right"))


def test_the_text_of_an_early_fork_counts_the_wrong_ones() -> None:
    reward = [np.nan, 1.0, 0.0, 0.0]
    forest = Forest(parent=[-1, 0, 0, 0], text=["", "a", "b", "c"], reward=reward, prompt="q")
    shown = recording().described(WANTED["early_fork"], forest)
    assert shown.startswith("1 of 3 trajectories are right. What separates them from the 2 wrong ones beside them is")


def test_a_second_recording_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.forest.json"
    path.write_bytes(samples()["chains"].path.read_bytes())
    before, forest = path.read_bytes(), sampled("chains")
    recording().save(forest.with_columns(provenance={**forest.provenance, "seconds": 99.0}), path)
    assert path.read_bytes() == before
    assert forest.tokens is not None
    for shift, kept in ((1e-5, True), (1e-2, False)):
        moved = replace(forest.tokens, entropy=forest.tokens.entropy + shift)
        assert recording().same(forest, forest.with_columns(tokens=moved)) is kept
    recording().save(forest.with_columns(prompt="another one"), path)
    assert json.loads(path.read_bytes())["prompt"] == "another one"


def test_a_sample_can_be_named_in_place_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert file_meant("mcts") == str(samples()["mcts"].path)
    assert file_meant("nothing") == "nothing"
    (tmp_path / "mcts").write_text("")
    assert file_meant("mcts") == "mcts"


@pytest.mark.parametrize("method", [name for name, one in METHODS.items() if one.laws.shift_free == {}])
def test_nothing_is_learnt_where_all_are_right(method: str) -> None:
    """Those that depend on differences of rewards only, and discount none."""
    credit = tc.credit(sampled("all_right"), method).credit
    known = credit[np.isfinite(credit)]
    assert len(known)
    assert not known.any()
