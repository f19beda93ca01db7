"""A sampling run on a server: one request for each step, many of them at the same time.

A state is the text up to it; the server's prefix cache is what makes branches cheap. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any, cast

import numpy as np

from treecore.errors import PolicyError
from treecore.policies.base import Branch, Completion, FinishReason, Session, State, TokenUsage
from treecore.policies.openai.capabilities import MAX_SEED, Dialect, SamplingParams
from treecore.policies.openai.client import Connection, RequestError
from treecore.policies.openai.response import Answer, read_answer
from treecore.protocols import RenderedChat

TICK = 0.1
"""Seconds after which `advance` returns even if nothing ended, so that a caller may stop."""


@dataclass(eq=False)
class ServerState:
    """End of the prompt or of a step; `start` is that of the prompt, `length` an estimate until the server counts."""

    prompt: str | RenderedChat
    text: str
    usage: TokenUsage
    start: ServerState | None = None
    length: int = 0
    ids: Sequence[int] = ()

    @property
    def spent(self) -> int:
        """Tokens after the prompt, as far as the server has counted."""
        return 0 if self.start is None else max(0, self.length - self.start.length)


@dataclass(eq=False)
class ServerBranch:
    """A trajectory; one request a step."""

    state: ServerState
    random: np.random.Generator
    written: Completion = field(default_factory=Completion)
    sampled: int = 0
    greedy: bool = False


Outcome = Answer | PolicyError | Exception
Submit = Callable[[Coroutine[Any, Any, None]], "Future[None]"]


class ServerSession(Session):
    """See `treecore.policies.base.Session`. Requests that are still under way end with the session.

    Args:
        connection, params: whom to ask, and for what.
        dialect, chat: how to ask for text, and for the answer to a chat.
        places: requests under way at a time.
        submit: runs a coroutine where the connection lives.
    """

    def __init__(
        self,
        connection: Connection,
        dialect: Dialect,
        *,
        chat: Dialect | None,
        params: SamplingParams,
        places: int,
        submit: Submit,
    ) -> None:
        self._connection, self._params, self._submit = connection, params, submit
        self._dialect, self._chat = dialect, chat or dialect
        self._places = places
        self._waiting: list[ServerBranch] = []
        self._live: dict[int, ServerBranch] = {}
        self._results: SimpleQueue[tuple[int, Outcome]] = SimpleQueue()
        self._running: dict[int, Future[None]] = {}
        self._asked = 0
        weakref.finalize(self, cancel, self._running)

    def open(self, prompt: str | RenderedChat) -> ServerState:
        if not prompt:
            raise PolicyError("the prompt is empty", todo="give a prompt that is not empty")
        return ServerState(prompt, "", TokenUsage())

    def grow(
        self,
        state: State,
        random: np.random.Generator,
        *,
        written: Completion | None = None,
        tokens: int | None = None,
        greedy: bool = False,
    ) -> ServerBranch:
        if written is not None or tokens is not None:
            raise whole_steps_only()
        branch = ServerBranch(cast(ServerState, state), random, greedy=greedy)
        self._waiting.append(branch)
        return branch

    @property
    def waiting(self) -> str:
        """What the server is waited for, a clause; empty while nothing is."""
        return self._connection.waits.message

    @property
    def free(self) -> int:
        return self._places - len(self._live) - len(self._waiting)

    def advance(self) -> list[Branch]:
        waiting, self._waiting = self._waiting, []
        for branch in waiting:
            self._ask(branch)
        if not self._live:
            return []
        ended: list[Branch] = []
        try:
            number, outcome = self._results.get(timeout=TICK)
            while True:
                ended.append(self._ended(number, outcome))
                number, outcome = self._results.get_nowait()
        except Empty:
            return ended

    def reply(self, branch: Branch, observation: Sequence[int], *, text: str = "") -> ServerState | None:
        own = cast(ServerBranch, branch)
        before, longer = own.state, own.state.text + own.written.text + text
        state = ServerState(before.prompt, longer, before.usage, before.start or before, before.length + own.sampled)
        if self._longest(state) < 1:
            return None
        own.state, own.written = state, Completion()
        self._waiting.append(own)
        return own.state

    def end(self, branch: Branch) -> None:
        self._waiting = [one for one in self._waiting if one is not branch]

    def fork(self, state: State, length: int) -> State:
        raise whole_steps_only()

    def extend(self, state: State, ids: Sequence[int]) -> State:
        raise whole_steps_only()

    def keep(self, branch: Branch) -> State:
        raise whole_steps_only()

    def _longest(self, state: ServerState) -> int:
        """Tokens that a step may have there."""
        most = self._params.max_step_tokens
        return min(most, self._params.max_tokens - state.spent) if self._params.max_tokens else most

    def _ask(self, branch: ServerBranch) -> None:
        self._asked += 1
        state, seed = branch.state, int(branch.random.integers(MAX_SEED))
        dialect = self._chat if isinstance(state.prompt, RenderedChat) else self._dialect
        params = replace(self._params, temperature=0.0, top_p=1.0) if branch.greedy else self._params
        body = dialect.body(state.prompt, text=state.text, params=params, seed=seed, longest=self._longest(state))
        self._live[self._asked] = branch
        job = answered(self._connection, dialect.endpoint, body, params, self._asked, self._results)
        self._running[self._asked] = self._submit(job)

    def _ended(self, number: int, outcome: Outcome) -> ServerBranch:
        branch = self._live.pop(number)
        del self._running[number]
        if isinstance(outcome, PolicyError):
            branch.written = Completion(error=outcome)
        elif isinstance(outcome, Exception):
            raise outcome
        else:
            drawn, sent = outcome.sampled, outcome.prompt
            branch.written, branch.sampled = outcome.written, drawn or 0
            state, usage = branch.state, branch.state.usage
            if outcome.written.end is FinishReason.STEP and self._longest(state) < self._params.max_step_tokens:
                outcome.written.end = FinishReason.CONTEXT
            usage.sampled += drawn or 0
            usage.computed += (drawn or 0) + max(0, (sent or 0) - outcome.cached)
            usage.sampled_known &= drawn is not None
            usage.computed_known &= drawn is not None and sent is not None
            state.length = sent or state.length
        return branch


async def answered(
    connection: Connection,
    endpoint: str,
    body: Mapping[str, Any],
    params: SamplingParams,
    number: int,
    results: SimpleQueue[tuple[int, Outcome]],
) -> None:
    """Ask for one step and put what comes of it into `results`."""
    outcome: Outcome
    try:
        answer = await connection.ask(endpoint, body)
        plain = params.temperature == 1 and params.top_p == 1
        outcome = read_answer(answer, stop=params.stop, plain=plain, top_tokens=params.top_tokens)
    except RequestError as refusal:
        outcome = PolicyError(str(refusal))
    except asyncio.CancelledError:
        raise
    except Exception as error:
        outcome = error
    results.put((number, outcome))


def whole_steps_only() -> PolicyError:
    """Why no branch can start or pause inside a step."""
    return PolicyError("a server writes whole steps only", todo="choose another sampler, or load the model itself")


def cancel(running: Mapping[int, Future[None]]) -> None:
    """Let go of requests that nobody waits for."""
    for job in list(running.values()):
        job.cancel()
