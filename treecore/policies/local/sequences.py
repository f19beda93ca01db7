"""What the scheduler schedules: `CachedPrefix`, a prefix that branches grow from, and `Sequence`, a running branch.

A prefix may hold fewer keys and values than it has tokens: what is missing goes through the model when the first
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
        parent: the prefix before; None for a prompt.
        ids: tokens since then.
        length: tokens from the start of the prompt up to here.
        usage: shared by all prefixes of one prompt.
        prompt_number: of the prompt among those of the session.
        max_length: tokens that a trajectory from here may reach.
        segment: keys and values of the first `n_cached` of `ids`.
        logits: `[V]` of the next token; None until computed here.
        being_computed: a branch computes what is missing.
    """

    parent: CachedPrefix | None
    ids: list[int]
    length: int
    usage: TokenUsage
    prompt_number: int
    max_length: int
    segment: Segment | None = None
    logits: Tensor | None = None
    being_computed: bool = False

    @property
    def n_cached(self) -> int:
        """Of how many of its tokens keys and values are known."""
        return 0 if self.segment is None else self.segment.size

    @property
    def fully_cached(self) -> bool:
        """Whether the keys and values of all its tokens are known."""
        return self.n_cached == len(self.ids)

    def path(self) -> list[CachedPrefix]:
        """Prefixes from the prompt to this one."""
        found: list[CachedPrefix] = []
        prefix: CachedPrefix | None = self
        while prefix is not None:
            found.append(prefix)
            prefix = prefix.parent
        return found[::-1]

    def child(self, ids: list[int]) -> CachedPrefix:
        """The prefix that goes on with these tokens; nothing of them is computed."""
        return CachedPrefix(self, ids, self.length + len(ids), self.usage, self.prompt_number, self.max_length)

    def uncomputed(self) -> list[CachedPrefix]:
        """Prefixes that have to be computed before a branch can start here, in order: all from the first gap on."""
        path = self.path()
        gap = next((place for place, prefix in enumerate(path) if not prefix.fully_cached), None)
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
        """The prefix of this path at so many tokens; the one that goes beyond is cut in two there.

        The part before keeps its keys and values; its logits are not known.
        """
        prefix = self
        while prefix.parent is not None and prefix.parent.length >= length:
            prefix = prefix.parent
        if prefix.length == length:
            return prefix
        n = len(prefix.ids) - (prefix.length - length)
        head, tail = (None, None) if prefix.segment is None else prefix.segment.cut(n)
        before = replace(prefix, ids=prefix.ids[:n], length=length, segment=head, logits=None, being_computed=False)
        prefix.parent, prefix.ids, prefix.segment = before, prefix.ids[n:], tail
        return before


@dataclass(eq=False)
class Sequence:
    """A trajectory in the batch.

    Attributes:
        prefix: where it last was at a boundary.
        random: where its draws come from.
        number: of those of the session, in the order in which they came.
        written: its current step.
        n_in_prefix: tokens of `written` that `prefix` holds already.
        tokens_left: tokens that it may still draw; None for no limit.
        greedy: it takes the likeliest tokens.
        pending: tokens to be fed.
        completing: prefixes that become computed when they have been, in order.
        logits: of the next token, once known.
        next_step_token: one that was drawn, with its numbers, and ended the step that it does not belong to.
        swapped_out: keys and values of its tokens after `prefix`, while it waits for a row again.
        row: of the KV cache; -1 while it waits.
        text_before: the last characters that it wrote before its step, with which a stop string may begin; "" where the
            environment spoke since, and where the space after a stop string is of the next step.
    """

    prefix: CachedPrefix
    random: np.random.Generator
    number: int
    written: Completion = field(default_factory=Completion)
    n_in_prefix: int = 0
    tokens_left: int | None = None
    greedy: bool = False
    pending: list[int] = field(default_factory=list)
    completing: list[CachedPrefix] = field(default_factory=list)
    logits: Tensor | None = None
    next_step_token: DrawnToken | None = None
    swapped_out: Segment | None = None
    row: int = -1
    text_before: str = ""

    def __lt__(self, other: Sequence) -> bool:
        return (self.prefix.prompt_number, self.number) < (other.prefix.prompt_number, other.number)

    @property
    def tail_ids(self) -> list[int]:
        """Tokens that it wrote after `prefix`."""
        return self.written.ids[self.n_in_prefix :]

    @property
    def length(self) -> int:
        """Tokens from the start of the prompt up to where it is."""
        return self.prefix.length + len(self.written.ids) - self.n_in_prefix

    def uncomputed(self) -> list[CachedPrefix]:
        """Prefixes that have to be computed before it can go on, in order."""
        missing = self.prefix.uncomputed()
        return [] if self.tail_ids and missing and missing[0].fully_cached else missing

    @property
    def can_start(self) -> bool:
        """Whether it may be admitted now: the prefix it needs is computed, or no other sequence is computing it."""
        return not any(prefix.being_computed for prefix in self.uncomputed())

    @property
    def is_decode(self) -> bool:
        """Whether one token is to be fed, and completes no prefix."""
        return len(self.pending) == 1 and not self.completing

    def single(self) -> list[int]:
        """The token to feed next, where it is the last of its chunk; none otherwise."""
        chunk = self.chunk(2)
        return chunk if len(chunk) == 1 else []

    def chunk(self, longest: int) -> list[int]:
        """What to feed next: pending tokens up to the end of the first prefix that they complete."""
        if self.completing:
            longest = min(longest, len(self.pending) - (self.length - self.completing[0].length))
        return self.pending[:longest]
