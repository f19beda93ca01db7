"""One trajectory on its way from a state of a forest to its end, and the steps it leaves behind.

Knows the task's environment and verifier and how steps are recorded; knows no batch and no sampler. A task that fails
gives a failed step, never an exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from treecore.builder import NAN, StepTokens
from treecore.columns import Status
from treecore.errors import TaskError, TreecoreError, boundary
from treecore.policies.base import Branch, End, Policy, Session, State, Written
from treecore.protocols import Part, Prompt, Span, Step, Task, Turn


@dataclass
class Grown:
    """A step of a forest that grows; the fields of `ForestBuilder.add`, and the state after it when it has one."""

    text: str = ""
    observation: str = ""
    reward: float = NAN
    status: Status | None = None
    tokens: StepTokens | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    state: State | None = None


@dataclass
class Trajectory:
    """What one request becomes.

    Attributes:
        origin: row that it continues; None for a new tree.
        before: steps on the path up to there, as the task sees them.
        steps: finished steps, in order; the last is a leaf once `done`.
        branch: while it is being written.
    """

    origin: int | None
    before: list[Step]
    steps: list[Grown] = field(default_factory=list)
    branch: Branch | None = None
    done: bool = False

    @property
    def open_step(self) -> Written | None:
        """The step that is being written, once it has a token."""
        written = self.branch.written if self.branch is not None else None
        return written if written is not None and written.ids else None

    @property
    def begun(self) -> bool:
        """Whether there is anything of it to see."""
        return bool(self.steps) or self.open_step is not None

    def fail(self, error: Exception, step: Grown) -> None:
        """End with a failed leaf that says why."""
        step.status, step.reward = Status.FAILED, NAN
        step.extra["error"] = str(error)
        self.steps.append(step)
        self.done = True


class Writer:
    """Takes finished steps to the task and back: observation, end, reward, record.

    Args:
        task: environment and verifier.
        policy: for the text of tokens.
        session: where branches go on or end.
    """

    def __init__(self, task: Task, policy: Policy, session: Session) -> None:
        self.task, self.policy, self.session = task, policy, session

    def step_ended(self, prompt: Prompt, trajectory: Trajectory) -> None:
        """Record the step that `trajectory.branch` just ended and let the branch go on, or end the trajectory."""
        branch = trajectory.branch
        assert branch is not None
        step = Grown(text=branch.written.text)
        try:
            self._close(prompt, trajectory, step, branch)
        except TreecoreError as error:
            step.tokens = step.tokens or recorded(branch.written)
            trajectory.fail(error, step)
        if trajectory.done:
            self.session.end(branch)
            trajectory.branch = None

    def _close(self, prompt: Prompt, trajectory: Trajectory, step: Grown, branch: Branch) -> None:
        written = branch.written
        before = [*trajectory.before, *(Step(one.text, one.observation) for one in trajectory.steps)]
        turn = Turn(done=True)
        if written.end is End.STOP:
            with boundary(TaskError, f"task '{self.task.name}'"):
                turn = self.task.respond(prompt, before, written.text)
        step.observation = turn.observation
        ids = self.policy.encode(turn.observation) if turn.observation else []
        step.tokens = recorded(written, self._spans(written.text), ids, self.policy.pieces(ids))
        room = not turn.done and len(before) + 1 < self.task.max_steps
        step.state = self.session.reply(branch, ids) if room else None
        if step.state is None:
            step.status = Status.TERMINATED if turn.done and written.end in (End.STOP, End.EOS) else Status.TRUNCATED
            step.reward = self._reward(prompt, [*before, Step(step.text, step.observation)])
            trajectory.done = True
        trajectory.steps.append(step)

    def _spans(self, text: str) -> list[Span]:
        with boundary(TaskError, f"task '{self.task.name}'"):
            return self.task.parts(text)

    def _reward(self, prompt: Prompt, steps: list[Step]) -> float:
        with boundary(TaskError, f"the verifier of task '{self.task.name}'"):
            reward = float(self.task.reward(prompt, steps))
        if not np.isfinite(reward):
            raise TaskError(f"the verifier of task '{self.task.name}' gave {reward}", todo="give a finite number")
        return reward


def recorded(
    written: Written, spans: Sequence[Span] = (), observation: Sequence[int] = (), pieces: Sequence[str] = ()
) -> StepTokens:
    """Tokens of a step and its observation; those of the observation have part 0 and no numbers.

    Args:
        written: what the model wrote.
        spans: parts of `written.text`; characters outside count as thought.
        observation, pieces: ids and texts of the observation's tokens.
    """
    nothing = [NAN] * len(observation)
    return StepTokens(
        id=[*written.ids, *observation],
        text=[*written.pieces, *pieces],
        logprob=[*written.logprob, *nothing],
        entropy=[*written.entropy, *nothing],
        confidence=[*written.confidence, *nothing],
        part=[*token_parts(written, spans), *[int(Part.OBSERVATION)] * len(observation)],
    )


def token_parts(written: Written, spans: Sequence[Span]) -> list[int]:
    """Part of each token of a step: what most of its characters but spaces are; that of the token before if none."""
    of_char = np.full(len(written.text), int(Part.THOUGHT))
    for span in spans:
        of_char[span.start : span.end] = int(span.part)
    parts: list[int] = []
    at = 0
    for piece in written.pieces:
        chars = [part for part, char in zip(of_char[at:], piece, strict=False) if not char.isspace()]
        at += len(piece)
        if chars:
            parts.append(int(np.bincount(chars).argmax()))
        else:
            parts.append(parts[-1] if parts else int(Part.THOUGHT))
    return parts
