"""What may judge a place of a search, and the critics that are known by name.

A critic looks at the growing forest and one row. `oracle` asks the task's verifier: it knows the answer, so a search
that it guides shows what a perfect critic would do. `prompted` asks a language model, which knows no answer. Others are
a function and a call of `register_critic`, or an entry point `module:factory`: `factory()` makes the judge.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, SupportsFloat, runtime_checkable

from treecore.core.columns import MAX_REWARD
from treecore.errors import MethodError, TaskError, boundary
from treecore.registry.entry_points import is_entry_point, load_entry_point
from treecore.registry.registry import Registry
from treecore.samplers.registry import Growth

NONE, PROMPTED = "none", "prompted"
Role = Literal["value", "process", "outcome"]


class Judge(Protocol):
    """Scores row `row` of a growing forest, about -1 (hopeless) to 1 (sure)."""

    def __call__(self, growth: Growth, row: int) -> float: ...


@runtime_checkable
class Labelled(Protocol):
    """A judge that says under which name forests keep it."""

    label: str


@dataclass(frozen=True)
class Critic:
    """A judge with a name.

    Attributes:
        name: as parameters give it.
        label: what a forest says about who judged.
        judges_ends: scores finished trajectories; else it scores any step.
        function: the judge.
    """

    name: str
    label: str
    judges_ends: bool
    function: Judge

    def judge(self, growth: Growth, row: int) -> float:
        """The score of a row.

        Raises:
            MethodError: the critic failed, or gave no finite number, or one beyond `MAX_REWARD`.
        """
        with boundary(MethodError, f"critic '{self.name}'"):
            given: object = self.function(growth, row)
            score = math.nan if isinstance(given, bool) or not isinstance(given, SupportsFloat) else float(given)
        if not math.isfinite(score):
            raise MethodError(f"critic '{self.name}' gave {given!r:.40}", todo="let it return a finite number")
        if abs(score) > MAX_REWARD:
            todo = f"let it return a number between -{MAX_REWARD:g} and {MAX_REWARD:g}"
            raise MethodError(f"critic '{self.name}' gave {score:g}", todo=todo)
        return score


CRITICS = Registry[Critic]("critic", group="treecore.critics")
RESERVED = (NONE, PROMPTED)


def register_critic(name: str, *, label: str, judges_ends: bool) -> Callable[[Judge], Judge]:
    """Make a function a critic.

    Raises:
        MethodError: the name is taken.
    """

    def register(judge: Judge) -> Judge:
        if name in RESERVED:
            raise MethodError(f"a critic cannot be called {name!r}", todo="rename it")
        CRITICS.add(Critic(name, label, judges_ends, judge))
        return judge

    return register


def get_critic(name: str, *, role: Role, model: str | None = None) -> Critic | None:
    """A critic by name or entry point; None for `none`. An entry point runs code of this machine.

    Args:
        role: what it is wanted for; `outcome` scores finished trajectories.
        model: what `prompted` asks; None where it has no question to ask.

    Raises:
        MethodError: unknown, or it judges the other kind of thing.
        PolicyError: the model cannot be loaded.
        TaskError: no such module or factory, or it makes nothing that can be called.
    """
    judges_ends = role == "outcome"
    if name == NONE:
        return None
    if name == PROMPTED and model is not None:
        return prompted(judges_ends=judges_ends, model=model)
    if is_entry_point(name):
        return made_by_user(name, judges_ends=judges_ends)
    fitting = sorted(one.name for one in CRITICS.values() if one.judges_ends == judges_ends)
    if name not in fitting:
        what = "finished trajectories" if judges_ends else "unfinished steps"
        known = ", ".join([NONE, *fitting, *([] if model is None else [PROMPTED])])
        found = f"{role}={name}: no critic of {what} has this name"
        raise MethodError(found, todo=f"choose one of {known}, or give module:factory")
    return CRITICS[name]


def prompted(*, judges_ends: bool, model: str) -> Critic:
    """A language model that is asked whether a step, or a whole answer, is correct."""
    from treecore.samplers.mcts.prompted import STEP, WHOLE, PromptedCritic, loaded

    judge = PromptedCritic(loaded(model), WHOLE if judges_ends else STEP)
    return Critic(name=PROMPTED, label=f"prompted, untrained critic: {model}", judges_ends=judges_ends, function=judge)


def made_by_user(name: str, *, judges_ends: bool) -> Critic:
    """The judge that `module:factory` makes, under its own `label` where it has one."""
    with boundary(TaskError, f"making critic '{name}'"):
        judge = load_entry_point(name)()
    if not callable(judge):
        raise TaskError(
            f"{name!r} made {type(judge).__name__}, which cannot be called", todo="return a function of growth and row"
        )
    return Critic(name, str(judge.label) if isinstance(judge, Labelled) else name, judges_ends, judge)


@register_critic("oracle", label="oracle: uses the label", judges_ends=True)
def oracle(growth: Growth, row: int) -> float:
    """The verifier's own reward, in task units; 0 where it failed."""
    reward = growth.nodes[row].reward
    return 0.0 if reward != reward else reward
