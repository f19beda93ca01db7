"""One of a class: opens the app, looks at samples and at a file of their own, clicks, steps, and grows a tree."""

from __future__ import annotations

import hashlib
import http.client
import random
import time
from collections.abc import Callable, Mapping, Sequence
from http.cookies import SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import orjson
from streamlit.proto.Common_pb2 import FileUploaderState

from app.controls.methods import CHANNEL as METHOD_LIST
from app.defaults import SHORT
from app.serving.permissions import BROWSER_COOKIE
from app.view_registry import VIEWS
from app.visits.page import EVENTS, Page, Sent
from treecore.bundled import samples
from treecore.core.forest import Forest
from treecore.formats import read

EXPLORE, STEP, ROLLOUT = "explore", "step_through", "rollout"
Address = dict[str, str]
"""Fields that the address bar must have after an action."""
WEIGHTS = {"click": 9, "step": 6, "view": 2, "sample": 2, "method": 1}
"""What is done, out of twenty times."""
WATCH = 0.5
"""Seconds for which something that is under way is looked at, before asking whether it is over."""
BOUNDARY = "treecore-class"


class Action(NamedTuple):
    """Something that a student did.

    Attributes:
        kind: of action; seconds: until the page was as asked for.
        error: what the page showed as an error, or what broke; "" for none.
    """

    kind: str
    seconds: float
    error: str


class Grown(NamedTuple):
    """A run that was asked for; seconds since 1970 when, and when it was seen to be over."""

    asked: float
    over: float


class Student:
    """One visitor with a browser of their own.

    Args:
        address: of the app.
        name, content: of the file that they open.
        seed: of what they do.
        cookie: of the browser; one that the server gives by default.
    """

    def __init__(self, address: str, *, name: str, content: bytes, seed: int, cookie: str = "") -> None:
        self._address, self._name, self._content, self._seed = address, name, content, seed
        self._random, self._cookie = random.Random(seed), cookie
        self._page: Page
        self._view, self._number = EXPLORE, 0
        self._ids: list[str] = []
        self.actions: list[Action] = []

    def do(self, kind: str) -> None:
        """One thing: `page` opens the app, `upload` the own file, and those of `WEIGHTS`."""
        ways = {
            "page": self._open,
            "upload": self._upload,
            "click": self._click,
            "step": self._step,
            "view": self._turn,
            "sample": self._sample,
            "method": self._method,
        }
        self._done(kind, ways[kind])

    def do_any(self) -> None:
        """One of the things that students do."""
        kind = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if (kind == "click" and self._view == STEP) or (kind == "step" and self._view == EXPLORE):
            kind = "step" if kind == "click" else "click"
        self.do(kind)

    def see(self, sample: str) -> None:
        """Open a sample, in Explore and in Step through."""
        self._done("sample", lambda: self._open_sample(sample))
        for _ in range(2):
            self._done("view", self._turn)

    def grow(self, values: Mapping[str, float]) -> Callable[[], Grown]:
        """Ask for a run with these numbers in the form; what comes back waits for its end."""
        self._done("rollout", lambda: self._turn_to(ROLLOUT))
        numbers = [Sent(self._page.widget(key), "double_value", value) for key, value in values.items()]
        asked = time.time()
        self._done("grow", lambda: self._grow(numbers))
        return lambda: self._watch(asked)

    def another(self) -> Student:
        """Another page of the same browser."""
        return Student(self._address, name=self._name, content=self._content, seed=self._seed + 1, cookie=self._cookie)

    def stay(self, seconds: float) -> None:
        """Look at the page without doing anything."""
        self._page.stay(seconds)

    def leave(self) -> None:
        """Close the page."""
        self._page.close()

    def _open(self) -> Address:
        self._cookie = self._cookie or cookie_of(self._address)
        self._page = Page(self._address, headers={"Cookie": f"{BROWSER_COOKIE}={self._cookie}"})
        self._page.run("")
        first = next(iter(samples().values()))
        self._ids = ids_of(read(first.path)[0])
        return {"sample": first.name}

    def _click(self) -> Address:
        chosen = self._random.choice(self._ids)
        self._ask(self._page.widget("selection"), event="chosen", value={"id": chosen})
        return {"node": chosen}

    def _step(self) -> Address:
        sent = self._page.press("Next")
        if not sent.widget:  # the method cannot run on what is open, so there is no film
            return self._turn()
        self._send(sent, of=sent.widget)
        return {"view": STEP}

    def _turn(self) -> Address:
        return self._turn_to(EXPLORE if self._view == STEP else STEP)

    def _turn_to(self, view: str) -> Address:
        self._view = view
        self._send(Sent(self._page.widget("view"), "string_array_value", [VIEWS.find(view).title]))
        return {"view": view}

    def _sample(self) -> Address:
        return self._open_sample(self._random.choice(list(samples())))

    def _open_sample(self, name: str) -> Address:
        self._send(self._page.press(f"sample:{name}"))
        self._ids = ids_of(read(samples()[name].path)[0])
        return {"sample": name}

    def _method(self) -> Address:
        """Open the list, choose one that can run, and close the list."""
        page = self._page
        self._send(page.press("methods"))
        widget = page.widget(METHOD_LIST)
        offered = orjson.loads(page.widgets[widget][1].json)["groups"]
        known = [row["name"] for group in offered for row in group["methods"] if not row["lacks"]]
        name = self._random.choice(known)
        self._ask(widget, event="asked", value={"kind": "choose", "name": name})
        self._send(Sent(page.dialog(), "trigger_value", True))
        return {"method": name}

    def _ask(self, widget: str, *, event: str, value: dict[str, str]) -> None:
        """Let a component tell of something that was done in it."""
        self._number += 1
        events = orjson.dumps([{"event": event, "value": {"number": self._number, **value}}]).decode()
        self._send(Sent(EVENTS.format(widget), "json_trigger_value", events), of=widget)

    def _upload(self) -> Address:
        page = self._page
        (place,) = page.urls([self._name])
        put(self._address, path=place.upload_url, name=self._name, content=self._content, cookie=self._cookie)
        state = FileUploaderState()
        file = state.uploaded_file_info.add(name=self._name, file_id=place.file_id, size=len(self._content))
        file.file_urls.CopyFrom(place)
        self._send(Sent(page.widget("upload"), "file_uploader_state_value", state))
        while page.restless:
            page.stay(WATCH)
        self._ids = ids_of(read(self._content, name=self._name)[0])
        return {"file": hashlib.sha256(self._content).hexdigest()[:SHORT]}

    def _grow(self, numbers: Sequence[Sent]) -> Address:
        before = self._page.query
        self._send(*numbers, self._page.press("Grow trees"))
        if self._page.query == before:
            raise ValueError("no run was begun")
        return {"view": ROLLOUT}

    def _watch(self, asked: float) -> Grown:
        while self._page.restless:
            self._page.stay(WATCH)
        over = time.time()
        self._done("view", lambda: self._turn_to(EXPLORE))
        return Grown(asked, over)

    def _send(self, *sent: Sent, of: str = "") -> None:
        self._page.run(self._page.query, *sent, fragment=self._page.fragments.get(of, ""))

    def _done(self, kind: str, action: Callable[[], Address]) -> None:
        """Time an action, and compare what it should lead to with what the page then says."""
        begun = time.perf_counter()
        try:
            wanted = action()
            said = dict(parse_qsl(self._page.query))
            lacking = [f"{name} is not {value}" for name, value in wanted.items() if said.get(name) != value]
            error = "; ".join([*self._page.errors, *lacking])
        except (OSError, TimeoutError, KeyError, ValueError) as broken:
            error = f"{type(broken).__name__}: {broken}"
        self.actions.append(Action(kind, time.perf_counter() - begun, error))


def ids_of(forest: Forest) -> list[str]:
    """Ids of its steps, as text."""
    return [str(forest.node_id[row]) for row in range(len(forest)) if forest.parent[row] >= 0]


def cookie_of(address: str) -> str:
    """What the server gives a browser to tell it from others.

    Raises:
        OSError: no answer.
    """
    answer = asked(address, method="GET", path="/_stcore/health")
    return SimpleCookie(answer.getheader("Set-Cookie", ""))[BROWSER_COOKIE].value


def put(address: str, *, path: str, name: str, content: bytes, cookie: str) -> None:
    """Send a file to its place.

    Raises:
        OSError: it is refused.
    """
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
    headers = {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Cookie": f"{BROWSER_COOKIE}={cookie}",
        "X-Xsrftoken": cookie,
    }
    answer = asked(address, method="PUT", path=path, body=body, headers=headers)
    if answer.status >= 300:
        raise OSError(f"the file was refused ({answer.status})")


def asked(address: str, *, method: str, path: str, **more: Any) -> http.client.HTTPResponse:
    """One request, answered."""
    at = urlsplit(address)
    connection = http.client.HTTPConnection(at.hostname or "", at.port or 80, timeout=60)
    try:
        connection.request(method, path, **more)
        answer = connection.getresponse()
        answer.read()
        return answer
    finally:
        connection.close()
