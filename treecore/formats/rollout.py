"""What most readers give: rollouts as they were recorded, one after the other. Knows no file format and no tree."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Any, Self

from treecore.core.builder import NAN, StepTokens
from treecore.core.columns import Status
from treecore.formats.limits import CELL, FOREIGN_NODE, NODE, TEXT, object_cost

BEFORE = -2
"""`Turn.parent` of a turn that follows the one before it, the first of a rollout the prompt."""
PROMPT = -1
"""`Turn.parent` of a turn that follows the prompt."""


@dataclass(kw_only=True, slots=True)
class Turn:
    """One step of a rollout.

    Attributes:
        text: what the model wrote; observation: what the environment answered to it.
        parent: number of the turn in the rollout that it follows, `PROMPT`, or `BEFORE`.
        reward: outcome, where the rollout ends here; NaN where it was not scored.
        status: how the rollout ended here.
        tokens: its tokens; n_tokens: how many, where only that is known; -1 unknown.
        columns: numbers about it: labels, judge scores, turn rewards, values; absent ones are not assigned.
        claimed: credit that the file claims, by the name of a method, or `"advantage"` where it does not say which.
        extra: everything else that the file says about it, as plain JSON.
        name: id in the file, None where it has none.
        born: order of sampling, -1 for the order in which turns stand.
    """

    text: str = ""
    observation: str = ""
    parent: int = BEFORE
    reward: float = NAN
    status: Status | None = None
    tokens: StepTokens | None = None
    n_tokens: int = -1
    columns: dict[str, float] = field(default_factory=dict)
    claimed: dict[str, float] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    name: int | str | None = None
    born: int = -1

    def cost(self) -> int:
        """Bytes that it takes in a forest, about."""
        rest = FOREIGN_NODE + object_cost(self.extra) if self.extra else 0
        said = CELL * (len(self.columns) + len(self.claimed))
        return NODE + 2 * TEXT + len(self.text) + len(self.observation) + said + rest


@dataclass(kw_only=True, slots=True)
class Rollout:
    """One rollout: an answer to a prompt in turns, which may branch.

    Attributes:
        prompt: what a person reads as the question.
        turns: at least one; parents come first.
        group: what rollouts of one prompt have in common, beside the prompt where that is part of it; None for the
            prompt alone.
        label: id of the forest; "" for one made of the training step and a number.
        training_step: of the trainer; -1 unknown.
        reference: the expected answer; task: name of the environment or data set.
        prompt_extra: everything else that the file says about the prompt; of the first rollout of a group.
        policy: of the first rollout of a group: model, temperature and so on.
        where: file and line.
    """

    prompt: str
    turns: list[Turn]
    group: Hashable = None
    label: str = ""
    training_step: int = -1
    reference: str = ""
    task: str = ""
    prompt_extra: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    where: str = ""

    @property
    def last(self) -> Turn:
        """The turn that ends it: the last one written."""
        return self.turns[-1]

    def scored(self, reward: float | None, parts: Mapping[str, float | None] = {}, end: Turn | None = None) -> Self:
        """Itself, with the outcome of the turn that ends it and the rewards that it is made of, each in a column.

        Args:
            reward: None or NaN where it was not scored.
            parts: name of a reward function -> its value; None and NaN are not assigned.
            end: the turn that ends it where that is not the last one written.
        """
        end = end or self.last
        end.reward = NAN if reward is None else float(reward)
        for name, value in parts.items():
            if value is not None and value == value:
                end.columns[intern(f"reward.{name}")] = float(value)  # one text for all rollouts
        return self

    def keep(self, rest: Mapping[str, Any]) -> Self:
        """Itself, with what else a file says of it at its last turn: numbers as columns, other values as they came."""
        for name, value in rest.items():
            if isinstance(value, bool | int | float):
                if value == value:
                    self.last.columns[name] = float(value)
            else:
                self.last.extra[name] = value
        return self

    def cost(self) -> int:
        """Bytes that it takes in a forest, about; of what is said about the prompt, the places."""
        return sum(turn.cost() for turn in self.turns) + CELL * len(self.prompt_extra)
