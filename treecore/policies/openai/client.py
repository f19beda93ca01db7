"""The HTTP client: one request to an OpenAI-compatible server, with limits of time and size, and retries.

Limits time and size, follows no redirects, waits and tries again where that may help. Knows no prompt and no tree.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import orjson

from treecore.errors import PolicyError
from treecore.policies.openai.retries import Waits, pause, seconds_to_wait

KEY_VARIABLE = "OPENAI_API_KEY"
MAX_ANSWER = 32 << 20
MAX_MESSAGE = 300
CONNECT_SECONDS = 10.0
RETRIES = 5
TIMEOUT_RETRIES = 1
BUSY = frozenset({429, 502, 503, 504, 529})
TRANSIENT = BUSY | {408, 425, 500}
NOT_YOU = frozenset({401, 402, 403, 407})
PRIVATE_HEADERS = ("OpenAI-Organization", "OpenAI-Project")


class RequestError(Exception):
    """One request got no usable answer.

    Attributes:
        status: HTTP status; 0 when there was none.
        kind: `status`, `unreachable`, `timeout` or `answer` (one came, but it cannot be read).
        wait: seconds that the server asked to wait.
    """

    def __init__(self, message: str, *, status: int = 0, kind: str = "status", wait: float | None = None) -> None:
        super().__init__(message)
        self.status, self.kind, self.wait = status, kind, wait


def transient(refusal: RequestError) -> bool:
    """Whether the same request may succeed later."""
    return refusal.kind in ("unreachable", "timeout") or refusal.status in TRANSIENT


def busy(refusal: RequestError) -> bool:
    """Whether something is there and may answer the same request later."""
    return refusal.status in TRANSIENT


def refuses(refusal: RequestError) -> bool:
    """Whether the server will not take the request as it is, whoever asks and whenever."""
    status = refusal.status
    return status == 501 or (400 <= status < 500 and status not in TRANSIENT | NOT_YOU)


class Connection:
    """A client of one server; lives in one event loop.

    Args:
        url: base address, from `base_url`.
        seconds: longest wait for one answer.
        concurrency: requests under way at a time.
        sleep: how to wait between tries.

    Attributes:
        waits: requests that wait to be tried again.

    Raises:
        PolicyError: the client's package is not installed, or the key cannot be sent.
    """

    def __init__(
        self, url: str, *, seconds: float, concurrency: int, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        try:
            import openai
        except ImportError:
            raise PolicyError("a server needs the package openai", todo="pip install 'openai>=1.98'") from None
        self.url, self.seconds = url, seconds
        self.waits = Waits(url, sleep)
        self._key = key_of(os.environ)
        self._places = asyncio.Semaphore(concurrency)
        self._random = np.random.default_rng(os.getpid())
        self._lost = False
        self._openai: Any = openai
        http = openai.DefaultAsyncHttpxClient(
            follow_redirects=False,
            timeout=openai.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS), pool=None),
            event_hooks={"request": [self._trim], "response": [self._refuse]},
        )
        self._client: Any = openai.AsyncOpenAI(
            api_key=self._key or "none", base_url=url, max_retries=0, http_client=http
        )

    async def close(self) -> None:
        """Let the open connections go."""
        await self._client.close()

    async def models(self) -> list[str]:
        """Names that the server lists; none when it does not say."""
        try:
            listed = await self._once(self._client.models.with_streaming_response.list())
            return [clean(str(entry["id"])) for entry in listed["data"]]
        except (RequestError, KeyError, TypeError):
            return []

    async def ask(
        self, endpoint: str, body: Mapping[str, Any], *, again: Callable[[RequestError], bool] = transient
    ) -> Mapping[str, Any]:
        """The JSON object that answers `body`, after as many tries as it is worth.

        Args:
            endpoint: `completions` or `chat`.
            body: all fields of the request.
            again: which refusals to try again.

        Raises:
            RequestError: the last one.
        """
        text = "prompt" if endpoint == "completions" else "messages"
        calls = self._client.completions if endpoint == "completions" else self._client.chat.completions
        extra = {name: value for name, value in body.items() if name not in ("model", text)}
        tries = 0
        async with self._places:
            while True:
                call = calls.with_streaming_response.create(
                    **{"model": body["model"], text: body[text]}, extra_body=extra
                )
                try:
                    answer = await self._once(call)
                except RequestError as refusal:
                    wait = self._wait(refusal, tries) if again(refusal) else None
                    if wait is None:
                        self._lost = refusal.kind == "unreachable"
                        raise
                    tries += 1
                    await self.waits.wait(wait, str(refusal))
                else:
                    self._lost = False
                    return answer

    def _wait(self, refusal: RequestError, tries: int) -> float | None:
        """Seconds before the next try; None when there should be none.

        Once a request has failed for lack of a connection, others try once until one of them succeeds.
        """
        most = TIMEOUT_RETRIES if refusal.kind == "timeout" else RETRIES
        if self._lost and refusal.kind == "unreachable":
            most = 0
        return None if tries >= most else pause(refusal.wait, tries, float(self._random.random()))

    async def _once(self, call: Any) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(self.seconds), call as response:
                content = await limited(response.iter_bytes())
        except (TimeoutError, self._openai.APITimeoutError):
            raise RequestError(f"no answer within {self.seconds:g} s", kind="timeout") from None
        except self._openai.APIConnectionError as error:
            if isinstance(error.__cause__, RequestError):
                raise error.__cause__ from None
            raise self._unreachable(error.__cause__ or error) from None
        except RequestError:
            raise
        except Exception as error:
            raise self._unreachable(error) from None
        try:
            answer = orjson.loads(content)
        except orjson.JSONDecodeError:
            raise RequestError("the answer is not JSON", kind="answer") from None
        if not isinstance(answer, dict):
            raise RequestError("the answer is not a JSON object", kind="answer")
        return answer

    def _unreachable(self, error: BaseException) -> RequestError:
        said = self._public(str(error)) or type(error).__name__
        return RequestError(f"the connection failed: {said}", kind="unreachable")

    async def _trim(self, request: Any) -> None:
        """Send the server nothing of the user's account but the key."""
        for name in PRIVATE_HEADERS if self._key else (*PRIVATE_HEADERS, "Authorization"):
            request.headers.pop(name, None)

    async def _refuse(self, response: Any) -> None:
        if response.is_success:
            return
        content = await limited(response.aiter_bytes())
        message = self._public(said_by(content)) or "no reason given"
        if 300 <= response.status_code < 400:
            message = f"it redirects to {self._public(response.headers.get('location', ''))}, which is not followed"
        raise RequestError(
            f"the server answers {response.status_code}: {message}",
            status=response.status_code,
            wait=seconds_to_wait(response.headers.get("retry-after")),
        )

    def _public(self, text: str) -> str:
        return clean(text.replace(self._key, "[key]") if self._key else text)


def key_of(environment: Mapping[str, str]) -> str:
    """The key, less white space around it; empty when there is none.

    Raises:
        PolicyError: a header cannot hold it.
    """
    key = environment.get(KEY_VARIABLE, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise PolicyError(f"the key in {KEY_VARIABLE} holds characters that cannot be sent", todo="copy it anew")
    return key


async def limited(chunks: AsyncIterator[bytes]) -> bytes:
    """All bytes of an answer.

    Raises:
        RequestError: it is too long.
    """
    content = bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > MAX_ANSWER:
            raise RequestError(f"the answer is longer than {MAX_ANSWER >> 20} MiB", kind="answer")
    return bytes(content)


def said_by(content: bytes) -> str:
    """The message inside the body of an error, in any of the usual shapes."""
    try:
        found: Any = orjson.loads(content)
    except orjson.JSONDecodeError:
        return content[: 4 * MAX_MESSAGE].decode("utf-8", "replace")
    while isinstance(found, dict):
        found = next((found[name] for name in ("error", "message", "detail") if name in found), "")
    return found if isinstance(found, str) else orjson.dumps(found).decode()


def clean(text: str) -> str:
    """One short printable line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * MAX_MESSAGE]).split())
    return line if len(line) <= MAX_MESSAGE else line[: MAX_MESSAGE - 1] + "…"


def base_url(url: str) -> str:
    """The address under which the endpoints lie; `/v1` is added to a bare host.

    Raises:
        PolicyError: not an http or https address, or one with a password or a query in it.
    """
    todo = "give an address such as http://localhost:8000/v1"
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise PolicyError(f"server address cannot be read ({error})", todo=todo) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise PolicyError(f"server address {clean(url)!r} is not http:// or https:// with a host", todo=todo)
    if parts.username is not None or parts.password is not None:
        raise PolicyError("a server address with a user or password", todo=f"set {KEY_VARIABLE} in the environment")
    if parts.query or parts.fragment:
        raise PolicyError("a server address with a query", todo=todo)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{parts.path.rstrip('/') or '/v1'}"
