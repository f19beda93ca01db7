"""Every registered sampler writes as many trajectories as it says, with any of its settings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from toy import ToyTask, toy_policy

from treecore.registry.params import Param, Value
from treecore.rollouts import rollout
from treecore.rollouts.summary import summarise
from treecore.samplers import SAMPLERS


def others(param: Param) -> list[Value]:
    """Values of a parameter beside its default: all choices, the other truth, or the least number and the next one."""
    if param.type == "bool":
        return [not param.default]
    if param.type == "int":
        return [value for value in (int(param.low), int(param.default) + 1) if value != param.default]
    return [choice for choice in param.choices if choice != param.default]


def settings() -> Iterator[tuple[str, dict[str, Value]]]:
    """Every sampler with its defaults, and with another value of each parameter where that counts."""
    for name, sampler in SAMPLERS.items():
        yield name, {}
        for param in sampler.params:
            where = {} if param.only is None else {param.only.other: param.only.values[0]}
            yield from ((name, {**where, param.name: value}) for value in others(param))


CASES = list(settings())


@pytest.mark.parametrize(("name", "chosen"), CASES, ids=[f"{name} {chosen}" for name, chosen in CASES])
def test_a_sampler_writes_as_many_trajectories_as_it_says(name: str, chosen: dict[str, Value]) -> None:
    forests = rollout(task=ToyTask(), model=toy_policy(), sampler=name, seed=1, **chosen)
    written = summarise(forests, seconds=1.0, fresh=forests).trajectories
    said = SAMPLERS[name].trajectories(chosen)
    assert {
        "exactly": written == said,
        "at most": written <= said,
        "at least": written >= said,
        "about": written > 0,
    }[SAMPLERS[name].count]
