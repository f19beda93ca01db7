"""The interface of policies: `Policy`, `Session`, `State`, `Branch`, `Completion`. Loads no model library.

    session = policy.session(temperature=1.0, top_p=1.0, stop=("\\n",), max_step_tokens=40)
    root = session.open("What is 3*4+2?")
    branch = session.grow(root, random)                # waits for a place in the batch
    for branch in session.advance():                   # one decoding step for everything that is live
        state = session.reply(branch, ids, text=seen) # the step becomes a state; the branch writes the next step
        session.end(branch)                            # or the trajectory is over

Some samplers ask for more: to stop after some tokens, and to start inside a step. A policy says with `gives` which of
`EXTENDS`, `FORKS`, `GREEDY` and `TOP_ENTROPY` it has; a sampler that needs what it lacks is refused before anything is
sampled. `grow` gets its keywords, and `fork`, `keep` and `extend` are called, only for such samplers; a policy that
reads text alone may refuse a place that is no boundary of its own tokens with a PolicyError. A policy with
`ALTERNATIVES` also records the likeliest tokens on request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np

from treecore.errors import PolicyError
from treecore.protocols import Message, RenderedChat, StepRule
from treecore.registry.optional_members import with_defaults

FORKS = "forks"
"""Branches may start inside a step and stop after some tokens."""
GREEDY = "greedy"
"""A branch may take the likeliest tokens at any temperature."""
EXTENDS = "extends"
"""Places may lie after tokens that nobody drew."""
TOP_ENTROPY = "top"
"""Each token comes with the entropy of the likeliest tokens, `Completion.top_entropy`."""
TOP_LOGPROBS = 20
"""Likeliest tokens whose log probabilities the confidence is the mean of, and the most that can be recorded."""
ALTERNATIVES = "alternatives"
"""`session` takes `top_tokens`: each token comes with so many of the likeliest there, `Completion.top`."""


class FinishReason(Enum):
    """Why a step ended."""

    STOP = "a stop string"
    EOS = "the model's end token"
    STEP = "the longest step that the task allows"
    CONTEXT = "the model's context length"
    PAUSE = "the tokens that were asked for; the step is not over"


@dataclass
class Completion:
    """One step as the model wrote it; lists of equal length, one entry a token.

    Attributes:
        ids: vocabulary ids.
        token_strings: text of each token; the end token keeps its name here and is left out of `text`.
        logprob: under the distribution it was drawn from (temperature and top-p applied), nats.
        entropy: of the model's own distribution (temperature 1), nats.
        confidence: minus the mean of the model's 20 largest log probabilities, nats.
        text: the step's text.
        end: why it ended; None while it is being written.
        top_entropy: minus the sum of p ln p over the model's 10 likeliest tokens, nats; empty where not given.
        error: why there is no step; it then has no tokens, no text and no `end`.
        top: the model's likeliest tokens there, likeliest first, as text and nats; empty where not asked for.
    """

    ids: list[int] = field(default_factory=list)
    token_strings: list[str] = field(default_factory=list)
    logprob: list[float] = field(default_factory=list)
    entropy: list[float] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    text: str = ""
    end: FinishReason | None = None
    top_entropy: list[float] = field(default_factory=list)
    error: PolicyError | None = None
    top: list[tuple[tuple[str, float], ...]] = field(default_factory=list)

    def head(self, n: int) -> Completion:
        """A copy of the first `n` tokens, to be continued; the end token must not be among them."""
        text = self.text if n == len(self.ids) else "".join(self.token_strings[:n])
        return Completion(
            self.ids[:n],
            self.token_strings[:n],
            self.logprob[:n],
            self.entropy[:n],
            self.confidence[:n],
            text,
            None,
            self.top_entropy[:n],
            top=self.top[:n],
        )

    def tail(self, n: int, text: str) -> Completion:
        """All but the first `n` tokens, whose text is `text`."""
        return Completion(
            self.ids[n:],
            self.token_strings[n:],
            self.logprob[n:],
            self.entropy[n:],
            self.confidence[n:],
            text,
            self.end,
            self.top_entropy[n:],
            top=self.top[n:],
        )


@dataclass
class TokenUsage:
    """Tokens that one forest cost.

    Attributes:
        computed: tokens that went through the model.
        sampled: tokens that were drawn.
        computed_known, sampled_known: whether the number is of all tokens; a server may leave some uncounted.
    """

    computed: int = 0
    sampled: int = 0
    computed_known: bool = True
    sampled_known: bool = True


class State(Protocol):
    """A place where writing can go on: the end of the prompt, of a step with its observation, or of some tokens.

    Attributes:
        ids: tokens since the parent state.
        length: tokens from the start of the prompt up to here.
        usage: shared by all states of one prompt.
    """

    @property
    def ids(self) -> Sequence[int]: ...

    @property
    def length(self) -> int: ...

    @property
    def usage(self) -> TokenUsage: ...


class Branch(Protocol):
    """A trajectory that is being written; `written` is its current step."""

    @property
    def written(self) -> Completion: ...


class Session(Protocol):
    """One sampling run on a policy: the batch of live branches and the sampling parameters they are drawn with.

    A class that derives from this one gets `notes` and `waiting`; another may leave them out.
    """

    @property
    def notes(self) -> Mapping[str, Any]:
        """What happened that whoever reads the results should know, plain JSON values for `provenance`."""
        return {}

    @property
    def waiting(self) -> str:
        """What the session waits for, a clause; empty while it is nothing."""
        return ""

    def open(self, prompt: str | RenderedChat) -> State:
        """A state for a prompt; it is computed when the first branch grows from it.

        Raises:
            PolicyError: no room is left for an answer.
        """
        ...

    def grow(
        self,
        state: State,
        random: np.random.Generator,
        *,
        written: Completion | None = None,
        tokens: int | None = None,
        greedy: bool = False,
    ) -> Branch:
        """Queue a branch that continues `state`; `random` gives one uniform number a token.

        Args:
            written: what the step that `state` lies in has so far; the branch's `written` begins with it.
            tokens: most tokens to draw, over all steps; the step that is not over then ends with `FinishReason.PAUSE`.
            greedy: take the likeliest tokens, whatever the session's temperature is; their log probability is then 0.
        """
        ...

    def fork(self, state: State, length: int) -> State:
        """The place on the way to `state` that is `length` tokens from the start of the prompt.

        Raises:
            PolicyError: no branch can start there.
        """
        ...

    def extend(self, state: State, ids: Sequence[int]) -> State:
        """A place after tokens that nobody drew; they are computed when the first branch grows from it.

        Raises:
            PolicyError: no room is left for an answer.
        """
        ...

    def keep(self, branch: Branch) -> State:
        """The end of what a branch wrote in its current step, which is about to `end`: to go on after a pause, or to
        start inside a step that is a leaf."""
        ...

    @property
    def free(self) -> int:
        """Places of the batch that no branch, live or queued, will take."""
        ...

    def advance(self) -> list[Branch]:
        """One decoding step; returns the branches whose step ended, each of which wants `reply` or `end`."""
        ...

    def reply(self, branch: Branch, observation: Sequence[int], *, text: str) -> State | None:
        """Close the step and let the branch write the next; None when the context has no room for another.

        Args:
            observation: what the policy's `encode` made of `text`, the environment's answer.

        Writing can also go on from the state after an `end`.
        """
        ...

    def end(self, branch: Branch) -> None:
        """The branch is over; its place in the batch is free."""
        ...


PLAIN = StepRule()
SESSION_OPTIONAL = ("notes", "waiting")
POLICY_OPTIONAL = ("gives", "observed", "asked_as", "one_core", "vocabulary_size")
"""Members that may be left out."""


class Policy(Protocol):
    """A model that is ready to write.

    A class that derives from this one gets the attributes; another may leave them out.

    Attributes:
        gives: which of `ALTERNATIVES`, `EXTENDS`, `FORKS`, `GREEDY` and `TOP_ENTROPY` it has.
        observed: keys of `describe` that are never compared when a run is resumed.
        asked_as: keys of `describe` that are compared only when all prompts are read.
        one_core: it keeps one core busy, however many there are, and gives copies to other processes by
            `worker_copy(processes)`.
    """

    gives: frozenset[str] = frozenset()
    observed: frozenset[str] = frozenset()
    asked_as: frozenset[str] = frozenset()
    one_core: bool = False

    @property
    def vocabulary_size(self) -> int:
        """Largest vocabulary id plus 1; 0 where it is not known."""
        return 0

    def session(
        self,
        *,
        temperature: float,
        top_p: float,
        stop: Sequence[str],
        max_step_tokens: int,
        rule: StepRule = PLAIN,
        top_tokens: int = 0,
    ) -> Session:
        """A new run; sessions of one policy are independent of each other.

        Args:
            rule: where steps end; given only where it is not the plain one.
            top_tokens: how many of the likeliest tokens to record at each place; given only where some are asked for.
        """
        ...

    def encode(self, text: str) -> list[int]:
        """Vocabulary ids of text that the environment adds; none where only a server knows them."""
        ...

    def token_strings(self, ids: Sequence[int]) -> list[str]:
        """Text of each token, in order."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """Plain JSON values that identify the model: name, dtype, device, digest of the weights."""
        ...


@runtime_checkable
class AskingPolicy(Protocol):
    """A policy that has to ask somebody before it can write a chat down, which may take long."""

    def ask_for_chats(self, should_stop: Callable[[], bool]) -> bool:
        """Ask now, so that `chat_text` need not; False where it was stopped before an answer came.

        Raises:
            PolicyError: there is no answer to be had.
        """
        ...


@runtime_checkable
class ChatPolicy(Protocol):
    """A policy that can write a chat down as its model was trained to read it."""

    def chat_text(self, messages: Sequence[Message]) -> RenderedChat | None:
        """The chat up to where the model answers; None where the model has no chat template.

        Raises:
            PolicyError: the template refuses these messages.
        """
        ...


@runtime_checkable
class MeasuringPolicy(Protocol):
    """A policy that can read recorded tokens again."""

    def measure(self, prompt: str | RenderedChat, ids: Sequence[int]) -> list[list[float]]:
        """Entropy and confidence of its distribution before each token, in nats; fewer where its context ends.

        Args:
            prompt: what stands before; ids: `[T]` of the tokens after it, whoever wrote them.

        Returns:
            `[2, T]`, as `TokenTable` has them.

        Raises:
            PolicyError: the prompt has no tokens, or memory is used up.
        """
        ...


def complete_policy(policy: Any) -> Policy:
    """A policy with all optional members of the protocol.

    Raises:
        PolicyError: it lacks one and takes none.
    """
    return cast(Policy, _complete(policy, Policy, names=POLICY_OPTIONAL))


def complete_session(session: Any) -> Session:
    """A session with all optional members of the protocol. Same errors."""
    return cast(Session, _complete(session, Session, names=SESSION_OPTIONAL))


def _complete(made: Any, protocol: type, *, names: tuple[str, ...]) -> Any:
    try:
        return with_defaults(made, protocol, names=names)
    except AttributeError as error:
        todo = f"derive its class from treecore.policies.{protocol.__name__}"
        raise PolicyError(f"{type(made).__name__} is no {protocol.__name__.lower()}: {error}", todo=todo) from None
