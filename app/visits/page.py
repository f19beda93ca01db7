"""A page of the app as its socket has it: sends values of widgets, takes over what is drawn. Needs no browser."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

RUN_TIMEOUT = 120.0
"""Seconds for which a run of the page is waited for."""
TEXTS = ("body", "text", "label", "message", "markup")
"""Fields of what is drawn that people read."""
EVENTS = "$$STREAMLIT_INTERNAL_KEY_{}__events"
"""Name of the widget that carries events of a component, with the component's own."""


class Sent(NamedTuple):
    """One widget's value as it goes over the wire; `kind` is a field of `WidgetState`."""

    widget: str
    kind: str
    value: Any


class Page:
    """One open page.

    Attributes:
        widgets: id -> (type, message) of every widget that the last runs drew.
        fragments: id of a widget -> the fragment that drew it, "" for the page itself.
        runs: what was drawn since something was last sent: the fragments of each run, none for the whole page.
        texts: (type, text) of everything that the last run drew.
        errors: what the last run showed as an error.
        query: the address bar, as the server last set it.
        session: name of the session, by which files are sent.
    """

    def __init__(
        self, address: str, *, host: str = "", origin: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        """Open a page; `host` and `origin` pretend to have come through another name."""
        at = urlsplit(address)
        host = host or at.netloc
        self.widgets: dict[str, tuple[str, Any]] = {}
        self.fragments: dict[str, str] = {}
        self.runs: list[tuple[str, ...]] = []
        self._run: tuple[str, ...] | None = None
        self.texts: list[tuple[str, str]] = []
        self.errors: list[str] = []
        self.query = self.session = ""
        self._due: dict[str, tuple[float, float]] = {}
        self._urls: Any = None
        plain = socket.create_connection((at.hostname or "", at.port or 80))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self._opened = ExitStack()
        connection = connect(
            f"ws://{host}/_stcore/stream",
            sock=plain,
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
            origin=Origin(origin or f"http://{host}"),
            additional_headers=dict(headers or {}),
        )
        self._socket = self._opened.enter_context(connection)

    def close(self) -> None:
        """Leave."""
        self._opened.close()

    def run(self, query: str, *sent: Sent, fragment: str = "") -> None:
        """Run the page at an address, with values for its widgets, until the server says that it is over.

        Args:
            fragment: the part of the page that is to run; "" for all of it.

        Raises:
            TimeoutError: it takes more than two minutes.
        """
        message = BackMsg()
        message.rerun_script.query_string, message.rerun_script.fragment_id = query, fragment
        for widget, kind, value in sent:
            state = message.rerun_script.widget_states.widgets.add()
            state.id = widget
            if kind == "file_uploader_state_value":
                state.file_uploader_state_value.CopyFrom(value)
            elif kind.endswith("array_value"):
                getattr(state, kind).data.extend(value)
            else:
                setattr(state, kind, value)
        self.runs, self.texts, self.errors = [], [], []
        self.send(message)
        end = time.monotonic() + RUN_TIMEOUT
        while not self._take(end - time.monotonic()):
            pass

    def send(self, message: BackMsg) -> None:
        """Send any message."""
        self._socket.send(message.SerializeToString())

    def stay(self, seconds: float) -> None:
        """Leave the page open; parts of it that ask to be run every so often are run, as a browser does."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            fragment, (at, every) = min(self._due.items(), key=lambda item: item[1][0], default=("", (end, 0.0)))
            time.sleep(max(min(at, end) - now, 0.0))
            if at < end:
                self._due[fragment] = (time.monotonic() + every, every)
                self.run(self.query, fragment=fragment)

    @property
    def restless(self) -> bool:
        """Whether a part of the page asks to be run every so often, as one that waits for something does."""
        return bool(self._due)

    def urls(self, names: Sequence[str]) -> Any:
        """Where files of these names are to be sent."""
        message = BackMsg()
        message.file_urls_request.request_id, message.file_urls_request.session_id = "files", self.session
        message.file_urls_request.file_names.extend(names)
        self._urls = None
        self.send(message)
        end = time.monotonic() + RUN_TIMEOUT
        while self._urls is None:
            self._take(end - time.monotonic())
        return self._urls.file_urls

    def _take(self, seconds: float) -> bool:
        """Take one message over; whether the run ended with it."""
        message = ForwardMsg()
        message.ParseFromString(self._socket.recv(timeout=seconds))
        kind = message.WhichOneof("type")
        if kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "new_session":
            self.session = message.new_session.initialize.session_id or self.session
            self._run = tuple(message.metadata.run.fragment_ids)
            if not self._run:
                self._due.clear()
        elif kind == "auto_rerun":
            every = message.auto_rerun.interval
            self._due[message.auto_rerun.fragment_id] = (time.monotonic() + every, every)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._due.pop(fragment, None)
        elif kind == "file_urls_response":
            self._urls = message.file_urls_response
        elif kind == "delta":
            self._placed(message.delta)
        return kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def _placed(self, delta: Any) -> None:
        if self._run is not None:
            self.runs.append(self._run)
            self._run = None
        if delta.WhichOneof("type") == "new_element":
            self._drawn(delta.new_element, fragment=delta.fragment_id)
        elif dialog := delta.add_block.dialog.id:
            self.widgets[dialog], self.fragments[dialog] = ("dialog", delta.add_block.dialog), delta.fragment_id

    def _drawn(self, element: Any, *, fragment: str) -> None:
        kind = element.WhichOneof("type")
        inner = getattr(element, kind)
        if "id" in inner.DESCRIPTOR.fields_by_name and inner.id:
            self.widgets[inner.id], self.fragments[inner.id] = (kind, inner), fragment
        texts = [value for field, value in inner.ListFields() if field.name in TEXTS and isinstance(value, str)]
        self.texts += [(kind, text) for text in texts]
        if kind == "exception":
            self.errors.append(f"{inner.type}: {inner.message}")
        elif kind == "alert" and inner.format == inner.ERROR:
            self.errors.append(inner.body)

    def widget(self, key: str) -> str:
        """Id of the newest widget with a key, or of the button with a label; "" where the page has none."""
        named = (name for name in reversed(self.widgets) if name.endswith(f"-{key}"))
        labelled = (name for name, (kind, one) in self.widgets.items() if kind == "button" and one.label == key)
        return next(named, "") or next(labelled, "")

    def dialog(self) -> str:
        """Id of the dialog that was opened last; "" where there was none."""
        return next((name for name, (kind, _) in reversed(self.widgets.items()) if kind == "dialog"), "")

    def press(self, key: str) -> Sent:
        """What a click on a button sends."""
        return Sent(self.widget(key), "trigger_value", True)

    def says(self, *words: str) -> list[str]:
        """Texts of the last run that hold one of these words."""
        return [text for _, text in self.texts if any(word in text for word in words)]
