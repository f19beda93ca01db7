"""Credit by walking step objects: the obvious way, used as the peer that vectorised methods are measured against.

Every step asks for the leaves beneath it and takes statistics of what it finds, as the definition says. Knows nothing
of arrays; computes what a baseline over the prompt's trajectories gives each step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from treecore.forest import Forest


@dataclass(eq=False)
class Step:
    """One step; `reward` is NaN where there is none."""

    reward: float
    children: list[Step] = field(default_factory=list)

    def leaves(self) -> Iterator[Step]:
        """Scored leaves beneath; a leaf is its own."""
        waiting = [self]
        while waiting:
            step = waiting.pop()
            waiting.extend(step.children)
            if not step.children and not math.isnan(step.reward):
                yield step


class Walked(NamedTuple):
    """What a step gets: mean reward, mean and sum of advantages, number of scored leaves, standard error."""

    value: float
    credit: float
    gradient_weight: float
    n_leaves: int
    stderr: float


NOTHING = Walked(math.nan, math.nan, math.nan, 0, math.nan)


def steps_of(forest: Forest) -> list[Step]:
    """The steps of a forest as objects, in row order."""
    steps = [Step(reward) for reward in forest.reward.tolist()]
    for step, above in zip(steps, forest.parent.tolist(), strict=True):
        if above >= 0:
            steps[above].children.append(step)
    return steps


def spread(values: Sequence[float], mean: float) -> float:
    """Sample standard deviation."""
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def walk(steps: Sequence[Step], *, epsilon: float = 1e-6) -> list[Walked]:
    """Group-normalised rewards of one prompt, averaged over the leaves beneath every step. `[N]`"""
    rewards = [step.reward for step in steps if not step.children and not math.isnan(step.reward)]
    alone = len(rewards) < 2
    mean = 0.0 if alone else math.fsum(rewards) / len(rewards)
    divisor = (1.0 if alone else spread(rewards, mean)) + epsilon

    def one(step: Step) -> Walked:
        found = [leaf.reward for leaf in step.leaves()]
        if not found:
            return NOTHING
        n = len(found)
        advantages = [(reward - mean) / divisor for reward in found]
        total = math.fsum(advantages)
        error = spread(advantages, total / n) / math.sqrt(n) if n > 1 else math.nan
        return Walked(math.fsum(found) / n, total / n, total, n, error)

    return [one(step) for step in steps]
