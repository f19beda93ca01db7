"""Every registered sampler writes as many trajectories as it says."""

from __future__ import annotations

import pytest
from toy import ToyTask, toy_policy

from treecore.rollouts import rollout
from treecore.rollouts.summary import summarise
from treecore.samplers import SAMPLERS


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_sampler_writes_as_many_trajectories_as_it_says(name: str) -> None:
    forests = rollout(task=ToyTask(), model=toy_policy(), sampler=name, seed=1)
    written = summarise(forests, seconds=1.0, fresh=forests).trajectories
    said = SAMPLERS[name].trajectories({})
    assert {
        "exactly": written == said,
        "at most": written <= said,
        "at least": written >= said,
        "about": written > 0,
    }[SAMPLERS[name].count]
