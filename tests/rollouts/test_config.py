"""One config, made once: where each keyword goes, and that a run by config is the run by keywords."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from toy import ToyTask, toy_policy

from treecore.errors import MethodError
from treecore.policies import LoadOptions
from treecore.rollouts import RolloutConfig, rollout, rollout_to_file
from treecore.rollouts.prepare import prepare

POLICY = toy_policy()


def test_options_go_where_they_belong() -> None:
    config = RolloutConfig(seed=1, load=LoadOptions(static=True), sampler_settings={"m": 1, "n": 2})
    made = config.with_options(sampler="chains", device="cpu", batch_tokens=9, workers=2, m=4)
    assert made == RolloutConfig(
        sampler="chains",
        seed=1,
        load=LoadOptions(device="cpu", batch_tokens=9, static=True),
        workers=2,
        sampler_settings={"m": 4, "n": 2},
    )
    assert config.load == LoadOptions(static=True)


def test_a_config_is_not_changed_once_it_is_made() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        RolloutConfig().seed = 3  # type: ignore[misc]


def test_a_config_gives_what_keywords_give(tmp_path: Path) -> None:
    config = RolloutConfig(task=ToyTask(), model=POLICY, sampler="chains", sampler_settings={"m": 2}, prompts=2, seed=5)
    by_name = rollout(task=ToyTask(), model=POLICY, sampler="chains", m=2, prompts=2, seed=5)
    assert [forest.digest for forest in rollout(config)] == [forest.digest for forest in by_name]
    other = rollout(task=ToyTask(), model=POLICY, sampler="chains", m=3, prompts=2, seed=6)
    assert [forest.digest for forest in rollout(config, m=3, seed=6)] == [forest.digest for forest in other]
    assert rollout_to_file(tmp_path / "run.forest.jsonl", config).forests == 2


def test_preflight_loads_nothing_and_tells_how_much_is_asked_for() -> None:
    prepared = prepare(RolloutConfig(model="./no_such_model", prompts=3, sampler="chains", sampler_settings={"m": 4}))
    assert prepared.trajectories == 12
    assert [prompt.id for prompt in prepared.share(prepared.prompts[1:]).prompts] == [
        prompt.id for prompt in prepared.prompts[1:]
    ]
    with pytest.raises(MethodError, match="temperature=-1"):
        prepare(RolloutConfig(temperature=-1))
