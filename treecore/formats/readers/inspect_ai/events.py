"""What the events of an inspect_ai sample say of the model's calls, and in which branch each was made.

Fields are those of `inspect_ai/event/_model.py`, `_branch.py`, `_anchor.py` and `_span.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MAIN = ""
"""The branch of what is in none."""


class Call(NamedTuple):
    """One answer of the model.

    Attributes:
        choice: message, why it stopped, log probabilities; event: the whole event.
        branch: id of its span, or `MAIN`; replayed: whether it repeats what stood before the branch.
    """

    choice: Mapping[str, Any]
    event: Mapping[str, Any]
    branch: str = MAIN
    replayed: bool = False

    @property
    def message(self) -> Mapping[str, Any]:
        return mapping(self.choice.get("message"))

    @property
    def failed(self) -> bool:
        """Whether it came to an error and not to words."""
        return bool(text(self.event.get("error"))) and not self.message.get("content")

    @property
    def n_tokens(self) -> int:
        """Tokens that the model wrote, -1 where it is not said."""
        count = mapping(mapping(self.event.get("output")).get("usage")).get("output_tokens")
        return count if isinstance(count, int) and 0 <= count < 1 << 31 else -1


class Anchor(NamedTuple):
    """A place from which a branch may start."""

    name: str
    branch: str


@dataclass
class Events:
    """The events of one sample that matter here.

    Attributes:
        items: calls and anchors in their order; origins: branch -> the anchor, or message, that it started from.
    """

    items: list[Call | Anchor] = field(default_factory=list)
    origins: dict[str, str] = field(default_factory=dict)


@dataclass
class Spans:
    """Spans by their id: the one around each, and its type."""

    parents: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    known: dict[str, str | None] = field(default_factory=dict)

    def add(self, event: Mapping[str, Any]) -> None:
        """Take the beginning of a span."""
        name = text(event.get("id"))
        self.parents[name], self.kinds[name] = text(event.get("parent_id")), text(event.get("type"))

    def branch_of(self, event: Mapping[str, Any]) -> str | None:
        """Id of the nearest branch around an event, or `MAIN`; None inside of a tool."""
        name, path = text(event.get("span_id")), list[str]()
        while name and name not in self.known:
            kind = self.kinds.get(name)
            self.known[name] = name if kind == "branch" else None if kind == "tool" else MAIN
            if kind in ("branch", "tool"):
                break
            path.append(name)
            name = self.parents.get(name, "")
        found = self.known.get(name, MAIN)
        self.known |= dict.fromkeys(path, found)
        return found


def events_of(raw: Sequence[Any]) -> Events:
    """The calls and anchors of a sample; what is no event, or in no shape that is known, is left out."""
    spans, matter = Spans(), list[Mapping[str, Any]]()
    for event in raw:
        kind = event.get("event") if isinstance(event, dict) else None
        if kind == "span_begin":
            spans.add(event)
        elif kind in ("model", "anchor", "branch"):
            matter.append(event)
    found = Events()
    for event in matter:
        if event["event"] == "branch" and (branch := spans.branch_of(event)):
            found.origins[branch] = text(event.get("from_anchor")) or text(event.get("from_message"))
    found.items = list(_items(matter, spans, set(found.origins)))
    return found


def _items(events: Sequence[Mapping[str, Any]], spans: Spans, waiting: set[str]) -> Iterator[Call | Anchor]:
    """Calls and anchors; `waiting` are branches that have not begun yet, and so replay."""
    for event in events:
        kind, branch = event["event"], spans.branch_of(event)
        if branch is None:
            continue
        if kind == "branch":
            waiting.discard(branch)
        elif kind == "anchor":
            yield Anchor(text(event.get("anchor_id")), branch)
        else:
            choices = mapping(event.get("output")).get("choices")
            if isinstance(choices, list) and choices and isinstance(choices[0], dict):
                yield Call(choices[0], event, branch, branch in waiting)


def mapping(value: Any) -> Mapping[str, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """A text; "" for anything else."""
    return value if isinstance(value, str) else ""
