"""A file of forests that grows while a trainer runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from treecore.core.builder import StepTokens
from treecore.core.numerals import counted
from treecore.errors import FormatError
from treecore.formats.grouping import forests_of
from treecore.formats.limits import Account
from treecore.formats.messages import chat, is_chat, prompt_of, turns_of
from treecore.formats.native_write import encode
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import as_text

RANKS = ("RANK", "LOCAL_RANK")
"""Where launchers of several processes say which one this is."""


@dataclass(frozen=True)
class TrainerBatch:
    """What a trainer has of a batch of rollouts: lists of one length, one entry a rollout; empty ones are absent.

    Attributes:
        prompts, completions: texts, or lists of messages.
        rewards: None where a rollout was not scored.
        groups: what rollouts of one prompt have in common; the prompt itself by default.
        references: expected answers.
        advantages: what the trainer made of the rewards, kept as a claim.
        token_ids, logprobs: of the completion's tokens, log probabilities in nats as they were drawn.
        reward_parts: name of a reward function -> its values.
    """

    prompts: Sequence[Any]
    completions: Sequence[Any]
    rewards: Sequence[float | None] = ()
    groups: Sequence[Any] = ()
    references: Sequence[Any] = ()
    advantages: Sequence[float | None] = ()
    token_ids: Sequence[Sequence[int]] = ()
    logprobs: Sequence[Sequence[float]] = ()
    reward_parts: dict[str, Sequence[float | None]] | None = None

    def __post_init__(self) -> None:
        given = {entry.name: getattr(self, entry.name) for entry in fields(self)} | dict(self.reward_parts or {})
        given.pop("reward_parts")
        for name, values in given.items():
            if len(values) not in (0, len(self.prompts)):
                raise FormatError(
                    f"{len(values)} {name} for {counted(len(self.prompts), 'prompt')}", todo="give one a rollout"
                )


class ForestFile:
    """A file to which the forests of each batch are appended, whole lines at a time.

    Where several processes train, each writes a file of its own, `run.forest.rank1.jsonl`; the folder is read as one.

    Args:
        path: ends in `.jsonl`.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        rank = next((os.environ[name] for name in RANKS if os.environ.get(name, "0") != "0"), "")
        place = Path(path)
        self.path = place.with_name(f"{place.stem}.rank{rank}{place.suffix}") if rank else place

    def add(self, batch: TrainerBatch, *, step: int) -> int:
        """Append the forests of a batch; returns how many they are.

        Args:
            step: of the trainer.

        Raises:
            FormatError: what is in the batch makes no forest.
            OSError: the file cannot be written.
        """
        rollouts = [rollout_of(batch, number, step=step) for number in range(len(batch.prompts))]
        size = sum(rollout.cost() for rollout in rollouts)
        forests = forests_of(rollouts, source=self.path.name, account=Account(self.path.name, size, stored=size))
        lines = b"".join(encode(forest) + b"\n" for forest in forests)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            while lines:
                lines = lines[os.write(fd, lines) :]
            os.fsync(fd)
        finally:
            os.close(fd)
        return len(forests)


def rollout_of(batch: TrainerBatch, number: int, *, step: int) -> Rollout:
    """One rollout of a batch."""
    asked, said = batch.prompts[number], batch.completions[number]
    prompt, extra = prompt_of(asked) if is_chat(asked) else (as_text(asked), {})
    turns = turns_of(said) if is_chat(said) else [Turn(text=as_text(said))]
    if not turns:
        turns = chat(said).turns or [Turn()]
    rollout = Rollout(prompt=prompt, turns=turns, prompt_extra=extra, training_step=step, where=f"step {step}")
    parts = {name: values[number] for name, values in (batch.reward_parts or {}).items()}
    rollout.scored(batch.rewards[number] if len(batch.rewards) else None, parts)
    if len(batch.groups):
        rollout.group = as_text(batch.groups[number])
    if len(batch.references):
        rollout.reference = as_text(batch.references[number])
    if len(batch.advantages) and (claimed := batch.advantages[number]) is not None:
        rollout.last.claimed["advantage"] = float(claimed)
    if len(batch.token_ids) and len(turns) == 1:
        ids = [int(one) for one in batch.token_ids[number]]
        logprobs = [float(one) for one in batch.logprobs[number]] if len(batch.logprobs) else []
        rollout.last.tokens = StepTokens(id=ids, logprob=logprobs if len(logprobs) == len(ids) else [])
    return rollout
