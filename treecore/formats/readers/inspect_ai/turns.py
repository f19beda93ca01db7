"""The turns of an inspect_ai sample: its main line stands in `messages`, its branches in events alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from treecore.core.builder import NAN, StepTokens
from treecore.core.columns import Status
from treecore.errors import FormatError
from treecore.formats.conversation import Conversation, Messages
from treecore.formats.fields import list_in, wrong
from treecore.formats.messages import ASSISTANT, beside, content_text
from treecore.formats.notes import Notes
from treecore.formats.readers.inspect_ai.container import Sample
from treecore.formats.readers.inspect_ai.events import MAIN, Anchor, Call, Events, events_of, mapping, text
from treecore.formats.rollout import PROMPT, Turn

OF_LOG = ("id", "source", "model")
"""Fields of a message that say nothing about the turn."""
STOPPED = {
    "stop": Status.TERMINATED,
    "max_tokens": Status.TRUNCATED,
    "model_length": Status.TRUNCATED,
    "content_filter": Status.FAILED,
}
MAX_LOOKED = 5_000_000
"""Messages of one sample that are looked at to find where its branches start."""


class Line(NamedTuple):
    """A message of the model on the main line, and what was said before it."""

    message: Mapping[str, Any]
    heard: Messages


class Parted(NamedTuple):
    """The messages of a sample: those of the prompt, those of the model, and what was said last."""

    prompt: Messages
    lines: list[Line]
    rest: Messages


def parted(fields: Mapping[str, Any], where: str) -> Parted:
    """The messages of a sample in their parts; what the prompt shows as the model's words is part of the prompt.

    Raises:
        FormatError: a message is no object.
    """
    messages = list_in(fields, "messages", where=where)
    for place, message in enumerate(messages):
        if not isinstance(message, dict):
            raise wrong(f"messages[{place}]", message, "an object", where=where)
    own = [n for n, one in enumerate(messages) if one.get("role") in ASSISTANT and one.get("source") != "input"]
    if not own:
        return Parted(messages, [], [])
    lines = [Line(messages[n], messages[b + 1 : n]) for b, n in zip([own[0] - 1, *own], own, strict=False)]
    return Parted(messages[: own[0]], lines, messages[own[-1] + 1 :])


class Grown(NamedTuple):
    """All turns of a sample, and the one at which its main line ends."""

    turns: list[Turn]
    end: Turn


def grown(sample: Sample, parts: Parted, notes: Notes) -> Grown:
    """The turns of a sample in the order in which they were written.

    Raises:
        FormatError: a field has the wrong type, or branches take too long to place.
    """
    growth = Growth(sample, events_of(list_in(sample.fields, "events", where=sample.where)))
    growth.grow(parts.lines, notes)
    if not parts.lines:
        growth.add(Turn(text=content_text(mapping(sample.fields.get("output")).get("completion"))), (), PROMPT, MAIN)
    end = growth.talk.end(growth.latest[MAIN], parts.rest)
    return Grown(growth.talk.finish(), end)


class Growth:
    """Turns of one sample while they are put together.

    Attributes:
        talk: so far; known: id of a message -> number of its turn; latest: branch -> number of its last turn.
    """

    def __init__(self, sample: Sample, events: Events) -> None:
        self.talk, self.sample, self.events = Conversation(), sample, events
        self.known: dict[str, int] = {}
        self.latest: dict[str, int] = {}
        self.anchors: dict[str, int] = {}
        self.by_text: dict[tuple[int, str], int] = {}
        self.left = MAX_LOOKED

    def grow(self, lines: Sequence[Line], notes: Notes) -> None:
        """All turns, each where its event stands; those of the main line that have none as early as they can be."""
        calls = {text(item.message.get("id")): item for item in self.events.items if isinstance(item, Call)}
        calls.pop("", None)
        places = {name: place for place, line in enumerate(lines) if (name := text(line.message.get("id"))) in calls}
        stops = [*sorted(places.values()), len(lines)]
        self.follow(lines[: stops[0]], calls)
        for item in self.events.items:
            if isinstance(item, Anchor):
                self.anchors[item.name] = self.latest.get(item.branch, PROMPT)
            elif (place := places.pop(text(item.message.get("id")), None)) is not None:
                self.follow(lines[place : stops[stops.index(place) + 1]], calls)
            elif text(item.message.get("id")) in self.known:
                continue
            elif item.failed:
                notes.drop("calls of the model that failed")
            elif item.branch == MAIN:
                notes.drop("calls of the model that are not in the messages of a sample: of scorers, of other agents")
            else:
                self.branch(item)

    def follow(self, lines: Sequence[Line], calls: Mapping[str, Call]) -> None:
        """Add turns of the main line."""
        for message, heard in lines:
            name = text(message.get("id"))
            number = self.add(turn_of(message, calls.get(name)), heard, self.latest.get(MAIN, PROMPT), MAIN)
            if name:
                self.known[name] = number

    def branch(self, call: Call) -> None:
        """Add a turn of a branch, or find the one that it repeats."""
        parent, heard = self.origin(call)
        name, turn = text(call.message.get("id")), turn_of(call.message, call)
        number = self.by_text.get((parent, turn.text)) if call.replayed else None
        if number is None:
            number = self.add(turn, heard, parent, call.branch)
        self.latest[call.branch] = number
        if name:
            self.known[name] = number

    def add(self, turn: Turn, heard: Messages, parent: int, branch: str) -> int:
        number = self.talk.add(turn, heard, parent)
        self.latest[branch] = number
        self.by_text.setdefault((parent, turn.text), number)
        return number

    def origin(self, call: Call) -> tuple[int, Messages]:
        """The turn that a call of a branch follows, and the messages between them."""
        heard: list[Mapping[str, Any]] = []
        for message in self.input_backwards(call):
            if message.get("role") in ASSISTANT and text(message.get("id")) in self.known:
                return self.known[text(message.get("id"))], heard[::-1]
            heard.append(message)
        anchor = self.events.origins.get(call.branch, "")
        start = self.anchors.get(anchor, self.known.get(anchor, PROMPT))
        return self.latest.get(call.branch, start), ()

    def input_backwards(self, call: Call) -> Iterator[Mapping[str, Any]]:
        """The messages that a call was given, the last one first."""
        given = call.event.get("input")
        pool, ranges = (given, [[0, len(given)]]) if isinstance(given, list) and given else (self.sample.pool, None)
        for ref in reversed(list_in(call.event, "input_refs", where=self.sample.where) if ranges is None else ranges):
            if not (isinstance(ref, list) and len(ref) == 2 and all(isinstance(one, int) for one in ref)):
                raise wrong("input_refs", ref, "a pair of whole numbers", where=self.sample.where)
            for place in range(min(ref[1], len(pool)) - 1, max(ref[0], 0) - 1, -1):
                self.left -= 1
                if self.left < 0:
                    raise FormatError(
                        f"more than {MAX_LOOKED:,} messages between turns of branches", where=self.sample.where
                    )
                if isinstance(pool[place], dict):
                    yield pool[place]


def turn_of(message: Mapping[str, Any], call: Call | None) -> Turn:
    """The turn of a message of the model, with what the event of its call says."""
    turn = Turn(text=content_text(message.get("content")), extra=beside(message))
    for name in OF_LOG:
        turn.extra.pop(name, None)
    if call is not None:
        turn.status = STOPPED.get(text(call.choice.get("stop_reason")))
        turn.tokens, turn.n_tokens = tokens_of(call.choice), call.n_tokens
    return turn


def tokens_of(choice: Mapping[str, Any]) -> StepTokens | None:
    """The tokens of an answer with their log probabilities, None where they are not recorded."""
    content = mapping(choice.get("logprobs")).get("content")
    if not isinstance(content, list) or not content or not all(isinstance(one, dict) for one in content):
        return None
    logprobs = [one.get("logprob") for one in content]
    if not all(isinstance(one, int | float) and abs(one) < 1e9 for one in logprobs):
        logprobs = [NAN] * len(content)
    return StepTokens(text=[text(one.get("token")) for one in content], logprob=[float(one) for one in logprobs])
