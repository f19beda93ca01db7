"""`ServerPolicy`: a model behind an OpenAI-compatible server (vLLM, SGLang, llama.cpp, `transformers serve`).

Text goes out and text comes in; the event loop that waits for it runs in a thread of its own. Knows no task and no
tree.
"""

from __future__ import annotations

import asyncio
import math
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from treecore.errors import PolicyError
from treecore.policies.base import ALTERNATIVES, GREEDY, PLAIN, Policy
from treecore.policies.openai.capabilities import Dialect, SamplingParams, UnansweredError, check_top, find_dialect
from treecore.policies.openai.client import Connection, base_url
from treecore.policies.openai.session import TICK, ServerSession
from treecore.protocols import Message, RenderedChat, StepRule

CONCURRENCY = 16
SECONDS = 120.0
CLOSE_SECONDS = 5.0

T = TypeVar("T")


class Background:
    """An event loop in a thread, until it is closed or forgotten."""

    def __init__(self) -> None:
        started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self.closing: list[Callable[[], Awaitable[None]]] = []
        thread = threading.Thread(
            target=lambda run: asyncio.run(run), args=(until_stopped(started, self.closing),), daemon=True
        )
        thread.start()
        self._loop, stop = started.result()
        self.close = weakref.finalize(self, stop_thread, thread, self._loop, stop)

    def submit(self, job: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine there."""
        return asyncio.run_coroutine_threadsafe(job, self._loop)


async def until_stopped(
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]],
    closing: Sequence[Callable[[], Awaitable[None]]],
) -> None:
    """Keep the loop running; at the end give up what is under way and close what was opened."""
    stop = asyncio.Event()
    started.set_result((asyncio.get_running_loop(), stop))
    await stop.wait()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for close in closing:
        await close()


def stop_thread(thread: threading.Thread, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """End the loop and wait for it, unless this is its own thread."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(stop.set)
    if threading.current_thread() is not thread:
        thread.join(CLOSE_SECONDS)


class ServerPolicy(Policy):
    """A model behind a server; sessions share its connections. It writes whole steps, from text.

    Args:
        connection, dialect: whom to ask and how.
        places: requests under way at a time.
        background: where the connection lives.
    """

    gives = frozenset({ALTERNATIVES, GREEDY})
    observed = frozenset({"options"})
    """The same server may show more or less of them in another answer."""
    asked_as = frozenset({"endpoint", "sent"})
    """The first prompt that is a chat changes them."""

    def __init__(self, connection: Connection, dialect: Dialect, *, places: int, background: Background) -> None:
        self.connection, self.dialect, self.places, self._background = connection, dialect, places, background
        self._chat = dialect if dialect.endpoint == "chat" else None

    @classmethod
    def connect(
        cls,
        url: str,
        model: str,
        *,
        concurrency: int = CONCURRENCY,
        timeout: float = SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> ServerPolicy:
        """Ask the server what it takes. The key, where one is needed, comes from the environment: `OPENAI_API_KEY`.

        Args:
            url: its address, for example `http://localhost:8000/v1`.
            model: the model's name there.
            concurrency: requests under way at a time.
            timeout: longest wait for one answer, seconds.
            sleep: how to wait before another try.

        Raises:
            PolicyError: it cannot be reached, or refuses the key or the model; or the timeout is none.
        """
        address = base_url(url)
        if not 0 < timeout < math.inf:
            raise PolicyError(f"timeout is {timeout:g} s", todo="give a finite number above 0")

        async def begin() -> tuple[Connection, Dialect]:
            connection = Connection(address, seconds=timeout, concurrency=concurrency, sleep=sleep)
            background.closing.append(connection.close)
            return connection, await find_dialect(connection, model)

        background = Background()
        try:
            connection, dialect = background.submit(begin()).result()
        except BaseException:
            background.close()
            raise
        return cls(connection, dialect, places=concurrency, background=background)

    def session(
        self,
        *,
        temperature: float,
        top_p: float,
        stop: Sequence[str],
        max_step_tokens: int,
        rule: StepRule = PLAIN,
        top_tokens: int = 0,
    ) -> ServerSession:
        """As `Policy.session`. A step ends right after its stop string, whatever `rule.before_word` says: what a token
        holds beyond it is written anew. `rule.max_tokens` is kept by the server's own counts.

        Raises:
            PolicyError: fewer likeliest tokens are returned than `top_tokens`, or they are of another distribution.
        """
        if top_tokens:
            check_top(self._chat or self.dialect, top_tokens, plain=temperature == 1 and top_p == 1)
        return ServerSession(
            self.connection,
            self.dialect,
            chat=self._chat,
            params=SamplingParams(temperature, top_p, tuple(stop), max_step_tokens, rule.max_tokens, top_tokens),
            places=self.places,
            submit=self._background.submit,
        )

    def chat_text(self, messages: Sequence[Message]) -> RenderedChat | None:
        """As `ChatPolicy.chat_text`; the server's own template writes the chat down. None where it answers no chats.

        Raises:
            PolicyError: it cannot be asked whether it does.
        """
        self.ask_for_chats(lambda: False)
        if self._chat is None:
            return None
        return RenderedChat("\n".join(f"{role}: {content}" for role, content in messages), tuple(messages))

    def ask_for_chats(self, should_stop: Callable[[], bool]) -> bool:
        """As `AskingPolicy.ask_for_chats`."""
        if self._chat is not None:
            return True
        search = self._background.submit(find_dialect(self.connection, self.dialect.model, endpoints=("chat",)))
        while not wait([search], timeout=TICK).done:
            if should_stop():
                search.cancel()
                return False
        try:
            self._chat = search.result()
        except UnansweredError:
            raise
        except PolicyError:
            self._chat = None
        return True

    def encode(self, text: str) -> list[int]:
        """No ids: only the server knows them."""
        return []

    def token_strings(self, ids: Sequence[int]) -> list[str]:
        """No texts for no ids."""
        return []

    def describe(self) -> Mapping[str, Any]:
        """As `Policy.describe`. `options` are those that the server's answer showed at work, `sent` the optional fields
        that it took. A seed is sent where the server takes one; no server promises the same text again."""
        dialect = self._chat or self.dialect
        return {
            "model": dialect.model,
            "device": self.connection.url,
            "endpoint": dialect.endpoint,
            "options": list(dialect.shown),
            "sent": list(dialect.options),
            "reproducible": False,
        }

    def close(self) -> None:
        """Give up what is under way and let the connections go; happens by itself when the policy is forgotten."""
        self._background.close()
