"""A visitor who speaks the websocket of a Streamlit server, and so may send what no browser would."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

PATIENCE = 120.0


class Sent(NamedTuple):
    """One widget's value as it goes over the wire; `kind` is a field of `WidgetState`."""

    widget: str
    kind: str
    value: Any


class Visitor:
    """One open page.

    Attributes:
        widgets: id -> (type, message) of every widget that the last runs drew.
        texts: (type, text) of everything that the last run drew.
        query: the address bar, as the server last set it.
    """

    def __init__(self, address: str, *, host: str = "", origin: str = "", headers: dict[str, str] | None = None):
        """Open a page; `host` and `origin` pretend to have come through another name."""
        at = urlsplit(address)
        host = host or at.netloc
        self.widgets: dict[str, tuple[str, Any]] = {}
        self.texts: list[tuple[str, str]] = []
        self.query = ""
        self._connection = connect(
            f"ws://{host}/_stcore/stream",
            sock=socket.create_connection((at.hostname or "", at.port or 80)),
            subprotocols=["streamlit"],  # type: ignore[list-item]
            max_size=None,
            origin=origin or f"http://{host}",  # type: ignore[arg-type]
            additional_headers=headers,
        )

    def __enter__(self) -> Visitor:
        self._socket = self._connection.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.__exit__(None, None, None)

    def run(self, query: str, *sent: Sent) -> Visitor:
        """Run the page at an address, with values for its widgets, until the server says that it is over."""
        message = BackMsg()
        message.rerun_script.query_string = query
        for widget, kind, value in sent:
            state = message.rerun_script.widget_states.widgets.add()
            state.id = widget
            if kind.endswith("array_value"):
                getattr(state, kind).data.extend(value)
            else:
                setattr(state, kind, value)
        self._socket.send(message.SerializeToString())
        self.texts, end = [], time.monotonic() + PATIENCE
        while not self._take(end - time.monotonic()):
            pass
        return self

    def _take(self, seconds: float) -> bool:
        """Take one message over; whether the run ended with it."""
        message = ForwardMsg()
        message.ParseFromString(self._socket.recv(timeout=seconds))  # type: ignore[arg-type]
        kind = message.WhichOneof("type")
        if kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._drawn(message.delta.new_element)
        return kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def _drawn(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        inner = getattr(element, kind)
        if getattr(inner, "id", ""):
            self.widgets[inner.id] = (kind, inner)
        fields: Sequence[str] = ("body", "text", "label", "message", "markup")
        found = (getattr(inner, field, None) for field in fields)
        self.texts += [(kind, text) for text in found if isinstance(text, str) and text]

    def widget(self, key: str) -> str:
        """Id of the widget with a key, or of the button with a label; "" where the page has none."""
        named = (name for name, (_, drawn) in self.widgets.items() if name.endswith(f"-{key}"))
        labelled = (name for name, (kind, one) in self.widgets.items() if kind == "button" and one.label == key)
        return next(named, "") or next(labelled, "")

    def press(self, key: str) -> Sent:
        """What a click on a button sends."""
        return Sent(self.widget(key), "trigger_value", True)

    def says(self, *words: str) -> list[str]:
        """Texts of the last run that hold one of these words."""
        return [text for _, text in self.texts if any(word in text for word in words)]

    def exceptions(self) -> list[str]:
        """Tracebacks that the last run showed."""
        return [text for kind, text in self.texts if kind == "exception"]
