"""Reward functions of TRL that also write what they judged. TRL itself is not imported."""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from treecore.core.numerals import counted
from treecore.errors import FormatError
from treecore.hooks.forest_file import ForestFile, TrainerBatch

RewardFunction = Callable[..., Any]
REFERENCES = ("solution", "answer", "ground_truth", "reference", "target")
"""Columns of a data set that usually hold the expected answer, the best first."""


def record_rewards(
    reward_funcs: RewardFunction | Sequence[RewardFunction],
    path: str | os.PathLike[str],
    *,
    weights: Sequence[float] = (),
) -> list[RewardFunction]:
    """The same reward functions, to be given to `GRPOTrainer(reward_funcs=...)` or `RLOOTrainer`; every batch that all
    of them have judged is appended to a file of native forests: prompts, completions, token ids, every reward.

    Args:
        reward_funcs: functions `(prompts, completions, **columns) -> list of numbers`, None for "not scored".
        path: file to append to, ends in `.jsonl`.
        weights: `reward_weights` of the trainer's configuration; 1 for each by default.

    Raises:
        FormatError: one is no plain function (a reward model, say, or a coroutine), or weights are too many or too few.
    """
    functions = list(reward_funcs) if isinstance(reward_funcs, Sequence) else [reward_funcs]
    for function in functions:
        if not callable(function) or inspect.iscoroutinefunction(function):
            found = f"{named(function)} is no plain function"
            raise FormatError(found, todo="wrap plain reward functions only, and give others beside them")
    if len(weights) not in (0, len(functions)):
        raise FormatError(
            f"{counted(len(weights), 'weight')} for {counted(len(functions), 'reward function')}",
            todo="give one for each",
        )
    recorder = _Recorder(ForestFile(path), [named(function) for function in functions], list(weights))
    return [recorder.wrapped(function, number) for number, function in enumerate(functions)]


def named(function: RewardFunction) -> str:
    """The name that TRL gives a reward function in its logs."""
    return str(getattr(function, "__name__", type(function).__name__))


class _Recorder:
    """Collects what the functions say of one batch, and writes it once the last of them has spoken."""

    def __init__(self, file: ForestFile, names: list[str], weights: list[float]) -> None:
        self.file, self.names = file, names
        self.weights = weights or [1.0] * len(names)
        self._said: dict[int, list[float | None]] = {}

    def wrapped(self, function: RewardFunction, number: int) -> RewardFunction:
        @wraps(function, updated=())
        def judged(*args: Any, **columns: Any) -> Any:
            rewards = function(*args, **columns)
            self._said[number] = [None if one is None else float(one) for one in rewards]
            if len(self._said) == len(self.names):
                self._write(columns)
            return rewards

        judged.__name__ = named(function)
        return judged

    def _write(self, columns: dict[str, Any]) -> None:
        said = [self._said[number] for number in range(len(self.names))]
        self._said = {}
        reference = next((columns[name] for name in REFERENCES if isinstance(columns.get(name), list)), ())
        batch = TrainerBatch(
            prompts=columns["prompts"],
            completions=columns["completions"],
            rewards=[self._total(values) for values in zip(*said, strict=True)],
            references=reference,
            token_ids=columns.get("completion_ids") or (),
            reward_parts=dict(zip(self.names, said, strict=True)),
        )
        state = columns.get("trainer_state")
        self.file.add(batch, step=int(getattr(state, "global_step", 0)))

    def _total(self, values: Sequence[float | None]) -> float | None:
        """Weighted sum of the rewards that are there, as the trainer makes it; None where none is."""
        known = [
            weight * value
            for weight, value in zip(self.weights, values, strict=True)
            if value is not None and not math.isnan(value)
        ]
        return sum(known) if known else None
