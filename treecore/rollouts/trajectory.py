"""`Trajectory`, one path during its rollout, and `GrowingStep`, a row that it adds, with the columns of its tokens.

Knows how steps are recorded; knows no task, no batch and no sampler.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from treecore.core.builder import NAN, StepTokens
from treecore.core.columns import Status
from treecore.core.transforms import END, cut_text, cut_tokens
from treecore.policies.base import Branch, Completion, State
from treecore.protocols import Part, SampledBy, Span, Step
from treecore.samplers.registry import Expand

BY_POLICY, BY_PROMPT, BY_TASK = "policy", "prompt", "task"
"""Who failed, as failed nodes say under `failed_by`: the model or its server, a prompt that it cannot take at all, or
the task with its environment and verifier."""


@dataclass
class GrowingStep:
    """A row of a forest that grows: a step, or what was written of one between a fork or pause and the next.

    Attributes:
        text, observation, reward, status, tokens, extra: the fields of `ForestBuilder.add`, of its own tokens alone.
        columns: numbers of the forest's columns; they belong to the end of the row.
        note: more fields, that all pieces of it carry.
        written: the whole step so far, with the `start` tokens that rows above it hold.
        offset: tokens from the start of the prompt up to its first own one.
        state: the end of it, when it is kept.
        over: whether the step is over, with its observation; False after a pause inside it.
        recited: it is of the task's own solution, not drawn.
    """

    text: str = ""
    observation: str = ""
    reward: float = NAN
    status: Status | None = None
    tokens: StepTokens | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, float] = field(default_factory=dict)
    note: Mapping[str, Any] = field(default_factory=dict)
    written: Completion = field(default_factory=Completion)
    start: int = 0
    offset: int = 0
    state: State | None = None
    over: bool = True
    recited: bool = False

    @property
    def own(self) -> Completion:
        return self.written.tail(self.start, self.text)

    @property
    def open(self) -> bool:
        return self.state is not None and self.status is None

    def piece(self, start: int, end: int) -> GrowingStep:
        """Own tokens `start:end` (-1: all that are left), as a step of the forest."""
        if self.tokens is None or (start, end) == (0, END):
            return self
        text = cut_text(self.text, self.tokens.text, start, end)
        tokens = cut_tokens(self.tokens, start, end)
        return (
            replace(self, text=text, tokens=tokens) if end == END else GrowingStep(text, tokens=tokens, note=self.note)
        )


@dataclass
class Trajectory:
    """What one request becomes.

    Attributes:
        request: what was asked for.
        origin, at: row that it continues, and how many of its own tokens come before (-1: all); None for a new tree.
        before: steps on the path up to there, as the task sees them.
        head: what the step that it starts in has so far; None at the end of one.
        offset: tokens from the start of the prompt up to the step that is being written.
        steps: rows that it added, in order; the last is a leaf, or open after a pause, once `done`.
        branch: while it is being written.
        recited: it is the task's own solution, not drawn.
    """

    request: Expand
    origin: int | None = None
    at: int = END
    before: list[Step] = field(default_factory=list)
    head: Completion | None = None
    offset: int = 0
    steps: list[GrowingStep] = field(default_factory=list)
    branch: Branch | None = None
    done: bool = False
    recited: bool = False

    @property
    def shared(self) -> int:
        """Tokens of the current step that rows above hold."""
        return len(self.head.ids) if self.head is not None and not self.steps else 0

    @property
    def open_step(self) -> GrowingStep | None:
        """The step that is being written, once it has a token of its own."""
        if self.branch is None or len(self.branch.written.ids) <= self.shared:
            return None
        step = self.next_row(self.branch.written)
        step.status, step.tokens = Status.OPEN, token_columns(self.branch.written, start=self.shared)
        return step

    @property
    def over(self) -> bool:
        """Whether it came to an end, and did not merely reach the number of tokens that was asked for."""
        return bool(self.steps) and self.steps[-1].status is not None

    @property
    def spent(self) -> bool:
        """Whether it has all the steps or tokens that were asked for."""
        steps, tokens = self.request.steps, self.request.tokens
        drawn = sum(len(step.written.ids) - step.start for step in self.steps)
        return (steps is not None and len(self.steps) >= steps) or (tokens is not None and drawn >= tokens)

    def next_row(self, written: Completion) -> GrowingStep:
        """A row for the step that was written, with its own part of the text."""
        text = written.text[len(self.head.text) if self.head is not None and self.shared else 0 :]
        note = {**signed(SampledBy.GREEDY if self.request.greedy else SampledBy.POLICY), **self.request.note}
        return GrowingStep(text, note=note, written=written, start=self.shared, offset=self.offset)

    @property
    def begun(self) -> bool:
        """Whether there is anything of it to see."""
        return bool(self.steps) or self.open_step is not None

    def fail(self, error: Exception, step: GrowingStep, *, by: str) -> None:
        """End with a failed leaf that says why, and by whom it failed."""
        step.status, step.reward = Status.FAILED, NAN
        step.extra |= {"error": str(error), "failed_by": by}
        self.steps.append(step)
        self.done = True


def signed(writer: SampledBy) -> dict[str, str]:
    """The note of a step: who wrote it."""
    return {"sampled_by": writer.value}


def token_columns(
    written: Completion,
    spans: Sequence[Span] = (),
    observation: Sequence[int] = (),
    token_strings: Sequence[str] = (),
    *,
    start: int = 0,
) -> StepTokens:
    """Tokens of a step from `start` on, and its observation; those of the observation have part 0 and no numbers.

    Args:
        written: what the model wrote.
        spans: parts of `written.text`; characters outside count as thought.
        observation, token_strings: ids and texts of the observation's tokens.
    """
    nothing = [NAN] * len(observation)
    return StepTokens(
        id=[*written.ids[start:], *observation],
        text=[*written.token_strings[start:], *token_strings],
        logprob=[*written.logprob[start:], *nothing],
        entropy=[*written.entropy[start:], *nothing],
        confidence=[*written.confidence[start:], *nothing],
        part=[*token_parts(written, spans)[start:], *[int(Part.OBSERVATION)] * len(observation)],
        top=[*written.top[start:], *[()] * len(observation)] if written.top[start:] else (),
    )


def token_parts(written: Completion, spans: Sequence[Span]) -> list[int]:
    """Part of each token of a step: what most of its characters but spaces are; that of the token before if none."""
    of_char = bytearray([Part.THOUGHT]) * len(written.text)
    for span in spans:
        of_char[span.start : span.end] = bytes([span.part]) * len(of_char[span.start : span.end])
    parts: list[int] = []
    at = 0
    for piece in written.token_strings:
        own = of_char[at : at + len(piece)]
        at += len(piece)
        if own and own.count(own[0]) < len(own):
            own = bytearray(part for part, char in zip(own, piece, strict=False) if not char.isspace())
        elif piece.isspace():
            own.clear()
        if own:
            parts.append(max(sorted(set(own)), key=own.count))
        else:
            parts.append(parts[-1] if parts else int(Part.THOUGHT))
    return parts
