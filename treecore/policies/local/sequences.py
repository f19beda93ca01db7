"""What the scheduler schedules: `CachedPrefix`, a prefix that branches grow from, and `Sequence`, a running branch.

A state may hold fewer keys and values than it has tokens: what is missing goes through the model when the first
branch starts there. Knows no model and no batch.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from torch import Tensor

from treecore.policies.base import Completion, TokenUsage
from treecore.policies.local.kv_cache import Segment
from treecore.policies.local.token_sampling import DrawnToken


@dataclass(eq=False)
class CachedPrefix:
    """End of the prompt, of a step, or of some tokens of a step.

    Attributes:
        parent: the state before; None for a prompt.
        ids: tokens since then.
        length: tokens from the start of the prompt up to here.
        tally: shared by all states of one prompt.
        order: of the prompt among those of the session.
        most: tokens that a trajectory from here may reach.
        segment: keys and values of the first `known` of `ids`.
        logits: `[V]` of the next token; None until computed here.
        claimed: a branch computes what is missing.
    """

    parent: CachedPrefix | None
    ids: list[int]
    length: int
    tally: TokenUsage
    order: int
    most: int
    segment: Segment | None = None
    logits: Tensor | None = None
    claimed: bool = False

    @property
    def known(self) -> int:
        """Of how many of its tokens keys and values are known."""
        return 0 if self.segment is None else self.segment.size

    @property
    def whole(self) -> bool:
        """Whether the keys and values of all its tokens are known."""
        return self.known == len(self.ids)

    def path(self) -> list[CachedPrefix]:
        """States from the prompt to this one."""
        states: list[CachedPrefix] = []
        state: CachedPrefix | None = self
        while state is not None:
            states.append(state)
            state = state.parent
        return states[::-1]

    def missing(self) -> list[CachedPrefix]:
        """States that have to be gone through before a branch can start here, in order: all from the first gap on."""
        path = self.path()
        gap = next((place for place, state in enumerate(path) if not state.whole), None)
        if gap is not None:
            return path[gap:]
        return [] if self.logits is not None else [self]

    def to_host(self) -> None:
        """Move what is held of it into the host's memory."""
        if self.segment is not None:
            self.segment = self.segment.on_host()
        if self.logits is not None:
            self.logits = self.logits.cpu()

    def at(self, length: int) -> CachedPrefix:
        """The state of this path at so many tokens; the one that goes beyond is cut in two there.

        The part before keeps its keys and values; its logits are not known.
        """
        state = self
        while state.parent is not None and state.parent.length >= length:
            state = state.parent
        if state.length == length:
            return state
        n = len(state.ids) - (state.length - length)
        head, tail = (None, None) if state.segment is None else state.segment.cut(n)
        before = replace(state, ids=state.ids[:n], length=length, segment=head, logits=None, claimed=False)
        state.parent, state.ids, state.segment = before, state.ids[n:], tail
        return before


@dataclass(eq=False)
class Sequence:
    """A trajectory in the batch.

    Attributes:
        state: where it last was at a boundary.
        start: tokens of `written` that `state` holds already.
        left: tokens that it may still draw; None for no limit.
        greedy: it takes the likeliest tokens.
        pending: tokens to be fed.
        closing: states that become computed when they have been, in order.
        logits: of the next token, once known.
        held: a token that was drawn, with its numbers, and ended the step that it does not belong to.
        kept: keys and values of its tokens after `state`, while it waits for a slot again.
        slot: its row of the store; -1 while it waits.
        before: the last characters that it wrote before its step, with which a stop string may begin; "" where the
            environment spoke since, and where the space after a stop string is of the next step.
    """

    state: CachedPrefix
    random: np.random.Generator
    serial: int
    written: Completion = field(default_factory=Completion)
    start: int = 0
    left: int | None = None
    greedy: bool = False
    pending: list[int] = field(default_factory=list)
    closing: list[CachedPrefix] = field(default_factory=list)
    logits: Tensor | None = None
    held: DrawnToken | None = None
    kept: Segment | None = None
    slot: int = -1
    before: str = ""

    def __lt__(self, other: Sequence) -> bool:
        return (self.state.order, self.serial) < (other.state.order, other.serial)

    @property
    def tail(self) -> list[int]:
        """Tokens that it wrote after `state`."""
        return self.written.ids[self.start :]

    @property
    def end(self) -> int:
        """Tokens from the start of the prompt up to where it is."""
        return self.state.length + len(self.written.ids) - self.start

    def lacks(self) -> list[CachedPrefix]:
        """States that it has to go through before it can go on, in order."""
        missing = self.state.missing()
        return [] if self.tail and missing and missing[0].whole else missing

    @property
    def startable(self) -> bool:
        """Whether it may be admitted now: the prefix it needs is computed, or no other sequence is computing it."""
        return not any(state.claimed for state in self.lacks())

    @property
    def lone(self) -> bool:
        """Whether one token is to be fed, and closes no state."""
        return len(self.pending) == 1 and not self.closing

    def single(self) -> list[int]:
        """The token to feed next, where it is the last of its chunk; none otherwise."""
        chunk = self.chunk(2)
        return chunk if len(chunk) == 1 else []

    def chunk(self, longest: int) -> list[int]:
        """What to feed next: pending tokens up to the end of the first state that they close."""
        if self.closing:
            longest = min(longest, len(self.pending) - (self.end - self.closing[0].length))
        return self.pending[:longest]
