"""The contracts between tasks, policies and samplers. Nothing here computes anything.

A `Task` knows prompts, environment and verifier; it knows nothing about models or trees. A `Policy` turns
contexts into sampled tokens; it knows nothing about tasks. A `Sampler` decides which branch grows next; it
knows neither. `treecore.rollout` brings the three together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple, Protocol, runtime_checkable

from treecore.errors import TaskError

MAX_SEED = 2**63 - 1
"""The largest whole number that every reader of JSON here keeps."""


class SampledBy(StrEnum):
    """Who wrote a step, as forests say in `sampled_by`."""

    POLICY = "policy"
    """Drawn with the recorded sampling parameters."""
    GREEDY = "policy, greedily"
    """Its likeliest tokens."""
    TASK = "task"
    """A recited solution, no token of which was drawn."""


class Part(IntEnum):
    """What a token is. Only parts above `OBSERVATION` are the model's own and carry credit."""

    OBSERVATION = 0
    THOUGHT = 1
    TOOL_CALL = 2
    ANSWER = 3


class Span(NamedTuple):
    """Characters `start:end` of a step's text are one `part`."""

    start: int
    end: int
    part: Part


class Message(NamedTuple):
    """One turn of a chat; `role` is `system`, `user` or `assistant`."""

    role: str
    content: str


@dataclass(frozen=True)
class RenderedChat:
    """A chat as a policy reads it.

    Attributes:
        text: with all its control tokens in it as text, so that none are put before it when it is encoded; where there
            are messages, what a person reads of them.
        messages: what is sent where a server's own template writes the chat down; empty where `text` is read.
    """

    text: str
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Prompt:
    """One question of a task.

    Attributes:
        id: stable within the task, for example `"multihop-17"`.
        text: exactly what the model reads. Where there are messages, a model with a chat template reads these in its
            place, and a model without one is refused if `text` is empty.
        question: what a person reads.
        reference: the expected answer, as the verifier compares it.
        data: whatever the task needs to answer and verify; plain JSON values.
        messages: the same as a chat; empty for a plain text.
        rendered: the chat as the policy of a run reads it; None until a run asks its policy, and for a plain text.
    """

    id: str
    text: str
    question: str
    reference: str
    data: Mapping[str, Any] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    rendered: RenderedChat | None = None

    @property
    def input(self) -> str | RenderedChat:
        """What a session opens: the chat as its policy reads it, else the text."""
        return self.rendered or self.text


@dataclass(frozen=True)
class StepRule:
    """How steps end beyond the stop strings, and how long a trajectory may be.

    Attributes:
        cut_is_end: a step cut at the task's `max_step_tokens` is a whole one, after which the trajectory goes on.
        before_word: a token that completes a stop string with its first character and goes on after it begins the next
            step; otherwise it ends the step that it completes.
        joined: steps keep the space before their first word, so that joined with nothing between they are what the
            model wrote; otherwise it is left out where the tokenizer leaves it out.
        max_tokens: tokens of a trajectory after its prompt, the environment's included; 0 is no limit.
    """

    cut_is_end: bool = False
    before_word: bool = False
    joined: bool = False
    max_tokens: int = 0


@dataclass(frozen=True)
class Step:
    """One finished step of a trajectory: what the model wrote, what the environment answered."""

    text: str
    observation: str = ""


@dataclass(frozen=True)
class Turn:
    """The environment's reply to a step. `done` ends the trajectory, whatever the step says."""

    observation: str = ""
    done: bool = False


@runtime_checkable
class Task(Protocol):
    """Prompts, an environment and an exact verifier. Stateless, so that any prefix can be continued.

    A class that derives from this one has all members but `name`, `title`, `prompts` and `reward`: one step, no
    environment, no questions of users, no known solution. Any other class writes all but the last four attributes.

    Attributes:
        name: registry name.
        title: for people.
        stop: a step ends right after the first of these strings (it belongs to the step).
        max_steps: longest trajectory; the last step ends it.
        max_step_tokens: longest step; a step cut here ends its trajectory as truncated.
        step_rule: how steps end beyond `stop`.
        settings: plain JSON values that forests keep and that must be the same when a run is resumed.
        reward_scheme: how it grades, as forests keep it.
        reward_schemes: what a parameter `reward_scheme` of the class may be, for lists and forms.
    """

    name: str
    title: str
    stop: tuple[str, ...] = ()
    max_steps: int = 1
    max_step_tokens: int = 512
    step_rule: StepRule = StepRule()
    settings: Mapping[str, Any] | None = None
    reward_scheme: str | None = None
    reward_schemes: tuple[str, ...] = ()

    def prompts(self, n: int, *, seed: int) -> list[Prompt]:
        """`n` different prompts; the same `seed` gives the same prompts."""
        ...

    def ask(self, question: str) -> Prompt:
        """A prompt for a question that a user typed.

        Raises:
            TaskError: the question is not one that this task can answer; says what is allowed.
        """
        raise TaskError(f"task '{self.name}' takes no questions", todo="use one of its prompts")

    def respond(self, prompt: Prompt, steps: Sequence[Step], text: str) -> Turn:
        """What the environment answers when `text` is written after `steps`."""
        return Turn()

    def reward(self, prompt: Prompt, steps: Sequence[Step]) -> float:
        """Outcome of a finished trajectory, in task units."""
        ...

    def parts(self, text: str) -> list[Span]:
        """Which characters of a step are thought, tool call or answer; gaps count as thought."""
        return []

    def gold(self, prompt: Prompt) -> list[Step]:
        """A trajectory that the verifier accepts: `reward(prompt, gold(prompt))` is the maximum.

        Raises:
            TaskError: none is known.
        """
        raise TaskError(f"task '{self.name}' knows no solution of prompt {prompt.id!r}", todo="use the model's own")


TASK_OPTIONAL = ("step_rule", "settings", "reward_scheme", "reward_schemes")
"""Members that a task may leave out."""
