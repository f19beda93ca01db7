"""A small real server that speaks the protocol, and misbehaves when told to; a task for it without any model."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from treecore.policies.openai.policy import ServerPolicy
from treecore.protocols import Part, Prompt, Span, Step, Task, Turn

Connect = Callable[..., ServerPolicy]

TEXTS = ("a b?", "c!", "b a c!", "b?", "a c?")
ALTERNATIVES = [-3.0 - 0.1 * place for place in range(30)]


@dataclass(frozen=True)
class Reply:
    """One answer: `hang` keeps the request waiting until the server closes, `reset` breaks the connection."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    reset: bool = False


@dataclass
class Stub:
    """The server's manners.

    Attributes:
        script: replies to the next requests; when it is empty, requests are answered well.
        always: a reply to every request, while set.
        fails_after, failure: the reply to every request after so many.
        fails_with, failure: the reply to every request with this field.
        write: text of an answer from the body of its request.
        refuses: fields that give status 422.
        endpoints: paths that exist.
        stops: `named`, `kept` or `silent`, what becomes of a stop string.
        top: alternatives a token; None for no log probabilities.
        usage: whether tokens are counted.
        seen: bodies of all requests to `endpoints`.
        headers: headers of the last request, names in lower case.
    """

    script: list[Reply] = field(default_factory=list)
    always: Reply | None = None
    fails_after: int | None = None
    failure: Reply | None = None
    fails_with: str | None = None
    write: Callable[[dict[str, Any]], str] = lambda body: TEXTS[body.get("seed", 0) % len(TEXTS)]
    refuses: frozenset[str] = frozenset()
    endpoints: tuple[str, ...] = ("/v1/completions",)
    stops: str = "named"
    top: int | None = 20
    usage: bool = True
    seen: list[dict[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Stub:
        self.released = threading.Event()
        self.server = Server(("127.0.0.1", 0), handler(self))
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def reply(self, path: str, body: dict[str, Any]) -> Reply:
        if path not in self.endpoints:
            return Reply(404, {"error": {"message": "no such path"}})
        self.seen.append(body)
        if self.always is not None:
            return self.always
        if self.failure is not None and self.fails_after is not None and len(self.seen) > self.fails_after:
            return self.failure
        if self.failure is not None and self.fails_with in body:
            return self.failure
        if self.script:
            return self.script.pop(0)
        if unknown := self.refuses & body.keys():
            return Reply(422, {"detail": f"unexpected {sorted(unknown)}"})
        return Reply(body=self.completion(path, body))

    def completion(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        text = whole = self.write(body)
        reason, named = "length" if len(text) >= body["max_tokens"] else "stop", None
        found = [(whole.find(one), one) for one in body.get("stop", ()) if one in whole]
        if found and self.stops != "ignored":
            at, named = min(found)
            text, reason = whole[: at + len(named)], "stop"
        tokens = list(text)
        choice: dict[str, Any] = {"index": 0, "finish_reason": reason}
        if self.stops == "named":
            choice["stop_reason"] = named
        shown = text.removesuffix(named) if named and self.stops != "kept" else text
        chat = "messages" in body
        choice |= {"message": {"role": "assistant", "content": shown}} if chat else {"text": shown}
        if self.top is not None and body.get("logprobs"):
            choice["logprobs"] = modern(tokens, self.top) if chat else legacy(tokens, self.top)
        counted = {"prompt_tokens": len(str(body.get("prompt") or body["messages"])), "completion_tokens": len(tokens)}
        return {"choices": [choice]} | ({"usage": counted} if self.usage else {})


def legacy(tokens: Sequence[str], top: int) -> dict[str, Any]:
    best = {f"t{place}": value for place, value in enumerate(ALTERNATIVES[:top])}
    return {
        "tokens": list(tokens),
        "token_logprobs": [-0.25] * len(tokens),
        "top_logprobs": [best] * len(tokens) if top else None,
    }


def modern(tokens: Sequence[str], top: int) -> dict[str, Any]:
    best = [{"token": f"t{place}", "logprob": value} for place, value in enumerate(ALTERNATIVES[:top])]
    return {
        "content": [
            {"id": ord(token), "token": token, "bytes": list(token.encode()), "logprob": -0.25, "top_logprobs": best}
            for token in tokens
        ]
    }


class Server(ThreadingHTTPServer):
    daemon_threads = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


def handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def do_GET(self) -> None:
            self.send(Reply(body={"data": [{"id": "toy"}, {"id": "other"}]}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            stub.headers = {name.lower(): value for name, value in self.headers.items()}
            self.send(stub.reply(self.path, body))

        def send(self, reply: Reply) -> None:
            self.close_connection = True
            if reply.hang:
                stub.released.wait(10)
                return
            if reply.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(content)), "Connection": "close", **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler


class LetterTask(Task):
    """A step ends at `?`, which is answered, or at `!`, which ends the trajectory."""

    name = "letters"
    title = "Letters"
    stop: tuple[str, ...] = ("?", "!")
    max_steps = 4
    max_step_tokens = 12

    def prompts(self, n: int, *, seed: int) -> list[Prompt]:
        return [Prompt(f"letters-{place}", f"say {place}:", f"question {place}", "c") for place in range(n)]

    def ask(self, question: str) -> Prompt:
        return Prompt("asked", question, question, "c")

    def respond(self, prompt: Prompt, steps: Sequence[Step], text: str) -> Turn:
        return Turn(done=True) if text.endswith("!") else Turn("[ok]")

    def reward(self, prompt: Prompt, steps: Sequence[Step]) -> float:
        return float(steps[-1].text.endswith("c!"))

    def parts(self, text: str) -> list[Span]:
        return [Span(len(text) - 2, len(text), Part.ANSWER)] if text.endswith("!") else []

    def gold(self, prompt: Prompt) -> list[Step]:
        return [Step("c!")]
