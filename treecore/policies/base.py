"""What a sampling run asks of a policy: sessions, states, branches and written steps. Loads no model library.

    session = policy.session(temperature=1.0, top_p=1.0, stop=("\\n",), max_step_tokens=40)
    root = session.open("What is 3*4+2?")
    branch = session.grow(root, random)                # waits for a place in the batch
    for branch in session.advance():                   # one decoding step for everything that is live
        state = session.reply(branch, observation_ids) # the step becomes a state; the branch writes the next step
        session.end(branch)                            # or the trajectory is over
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

import numpy as np


class End(Enum):
    """Why a step ended."""

    STOP = "a stop string"
    EOS = "the model's end token"
    STEP = "the longest step that the task allows"
    CONTEXT = "the model's context length"


@dataclass
class Written:
    """One step as the model wrote it; lists of equal length, one entry a token.

    Attributes:
        ids: vocabulary ids.
        pieces: text of each token; the end token keeps its name here and is left out of `text`.
        logprob: under the law it was drawn from (temperature and top-p applied), nats.
        entropy: of the model's own distribution (temperature 1), nats.
        confidence: minus the mean of the model's 20 largest log probabilities, nats.
        text: the step's text.
        end: why it ended; None while it is being written.
    """

    ids: list[int] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    logprob: list[float] = field(default_factory=list)
    entropy: list[float] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    text: str = ""
    end: End | None = None


@dataclass
class Tally:
    """Tokens that one forest cost.

    Attributes:
        computed: tokens that went through the model.
        sampled: tokens that were drawn.
    """

    computed: int = 0
    sampled: int = 0


class State(Protocol):
    """A place where writing can go on: the end of the prompt or of a step with its observation.

    Attributes:
        ids: tokens since the parent state.
        length: tokens from the start of the prompt up to here.
        tally: shared by all states of one prompt.
    """

    @property
    def ids(self) -> Sequence[int]: ...

    @property
    def length(self) -> int: ...

    @property
    def tally(self) -> Tally: ...


class Branch(Protocol):
    """A trajectory that is being written; `written` is its current step."""

    @property
    def written(self) -> Written: ...


class Session(Protocol):
    """One sampling run on a policy: the batch of live branches and the law they are drawn from."""

    def open(self, prompt: str) -> State:
        """A state for a prompt; it is computed when the first branch grows from it.

        Raises:
            PolicyError: no room is left for an answer.
        """
        ...

    def grow(self, state: State, random: np.random.Generator) -> Branch:
        """Queue a branch that continues `state`; `random` gives one uniform number a token."""
        ...

    @property
    def free(self) -> int:
        """Places of the batch that no branch, live or queued, will take."""
        ...

    def advance(self) -> list[Branch]:
        """One decoding step; returns the branches whose step ended, each of which wants `reply` or `end`."""
        ...

    def reply(self, branch: Branch, observation: Sequence[int]) -> State | None:
        """Close the step and let the branch write the next; None when the context has no room for another."""
        ...

    def end(self, branch: Branch) -> None:
        """The branch is over; its place in the batch is free."""
        ...


class Policy(Protocol):
    """A model that is ready to write."""

    def session(self, *, temperature: float, top_p: float, stop: Sequence[str], max_step_tokens: int) -> Session:
        """A new run; sessions of one policy are independent of each other."""
        ...

    def encode(self, text: str) -> list[int]:
        """Vocabulary ids of text that the environment adds."""
        ...

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Text of each token, in order."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """Plain JSON values that identify the model: name, dtype, device, digest of the weights."""
        ...
