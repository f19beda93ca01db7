"""Where models are loaded: what is handed over, and what does not go together."""

from __future__ import annotations

from typing import Any

import pytest
from toy import ToyTask, toy_policy

from treecore.errors import PolicyError, TaskError
from treecore.rollouts import rollout
from treecore.rollouts.config import RolloutConfig
from treecore.rollouts.prepare import prepare


def test_only_what_is_given_is_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        "treecore.policies.loading.load_policy", lambda model, **how: seen.append((model, how)) or toy_policy()
    )
    rollout(task=ToyTask(), model="m", sampler="chains", m=1)
    rollout(task=ToyTask(), model="m", sampler="chains", m=1, device="cpu", dtype="float16", batch_tokens=9)
    rollout(task=ToyTask(), model="m", sampler="chains", m=1, static=True)
    whole = {"device": "cpu", "dtype": "float16", "batch_tokens": 9}
    assert seen == [("m", {}), ("m", whole), ("m", {"static": True})]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"engine": "slurm"}, "no engine is called 'slurm'; choose one of local, ray"),
        ({"workers": 0}, "0 workers"),
        ({"ray_address": "auto"}, "ray_address without Ray"),
        ({"engine": "ray", "workers": 0}, "0 workers; ask for at least 1"),
    ],
)
def test_engines_that_do_not_fit(given: dict[str, Any], said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        prepare(RolloutConfig(**given))


def test_a_loaded_model_is_not_loaded_again() -> None:
    with pytest.raises(PolicyError, match="a device for a model that is loaded already"):
        rollout(task=ToyTask(), model=toy_policy(), device="cpu")


def test_options_of_a_task_by_name() -> None:
    forest = rollout(task="countdown", task_options={"reward_scheme": "tree_grpo"}, sampler="chains", m=1)[0]
    assert forest.extra["reward_scheme"] == "tree_grpo"
    with pytest.raises(TaskError, match="made already"):
        rollout(task=ToyTask(), task_options={"verifier": "exact"}, model=toy_policy())
