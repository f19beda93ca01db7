"""What may judge a place of a search, and the critics that are known by name.

A critic looks at the growing forest and one row. The only one that comes with the package asks the task's verifier:
it knows the answer, so a search that it guides shows what a perfect critic would do. Another is a function and a call
of `register_critic`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from treecore.errors import MethodError
from treecore.samplers.registry import Growth

NONE = "none"


class Judge(Protocol):
    """Scores row `row` of a growing forest, about -1 (hopeless) to 1 (sure)."""

    def __call__(self, growth: Growth, row: int) -> float: ...


@dataclass(frozen=True)
class Critic:
    """A judge with a name.

    Attributes:
        name: as parameters give it.
        label: what a forest says about who judged.
        judges_ends: scores finished trajectories; else it scores any step.
        judge: the function.
    """

    name: str
    label: str
    judges_ends: bool
    judge: Judge


CRITICS: dict[str, Critic] = {}


def register_critic(name: str, *, label: str, judges_ends: bool) -> Callable[[Judge], Judge]:
    """Make a function a critic.

    Raises:
        MethodError: the name is taken.
    """

    def register(judge: Judge) -> Judge:
        if name in CRITICS or name == NONE:
            raise MethodError(f"two critics are named {name!r}", todo="rename one")
        CRITICS[name] = Critic(name, label, judges_ends, judge)
        return judge

    return register


def get_critic(name: str, *, judges_ends: bool) -> Critic | None:
    """A critic by name; None for `none`.

    Raises:
        MethodError: unknown, or it judges the other kind of thing.
    """
    if name == NONE:
        return None
    fitting = sorted(one.name for one in CRITICS.values() if one.judges_ends == judges_ends)
    if name not in fitting:
        what = "finished trajectories" if judges_ends else "unfinished steps"
        raise MethodError(f"no critic {name!r} of {what}", todo="choose one of " + ", ".join([NONE, *fitting]))
    return CRITICS[name]


@register_critic("oracle", label="oracle: uses the label", judges_ends=True)
def oracle(growth: Growth, row: int) -> float:
    """The verifier's own reward, in task units; 0 where it failed."""
    reward = growth.nodes[row].reward
    return 0.0 if reward != reward else reward
