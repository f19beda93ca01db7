"""The scheduler of sequences: which run in the batch, which wait, and which are preempted when room runs out.

A waiting sequence is admitted when the prefix it starts from is computed and there is room: a row of the batch, and
positions within the bound of the KV cache. As rows grow, or when memory runs out, the sequences that came last are
preempted: they wait again with what they have written, their keys and values in the host's memory, or recomputed where
even that is full. Every sequence draws from a random stream of its own, so that none of this changes a text. Knows no
text and no sampler.
"""

from __future__ import annotations

from bisect import insort
from weakref import WeakSet

from torch import Tensor

from treecore.policies.local.kv_cache import Segment
from treecore.policies.local.memory import duplicate, give_back, out_of_memory
from treecore.policies.local.model_runner import Runner
from treecore.policies.local.sequences import CachedPrefix, Sequence

AHEAD = 64
"""Positions that an admitted sequence must be able to grow by beside others, so that it is not preempted at once."""


class Scheduler:
    """The running sequences by row of the batch, and those that wait.

    Args:
        runner: model and store.
        slots: most branches at once.
        max_length: longest that a branch can become.

    Attributes:
        live: by row of the batch; None where a row is free.
        limit: branches that may be live now; falls when memory runs out.
        states: all that may hold keys and values.
        on_host: whether new segments are kept in the host's memory.
    """

    def __init__(self, runner: Runner, *, slots: int, max_length: int) -> None:
        self.runner, self.cache, self.limit = runner, runner.cache, slots
        self.max_length = max_length
        self.live: list[Sequence | None] = []
        self.queue: list[Sequence] = []
        self.states: WeakSet[CachedPrefix] = WeakSet()
        self.on_host = False
        self._coming = 0

    def running(self) -> list[Sequence]:
        """Running sequences in the order of rows."""
        return [branch for branch in self.live if branch is not None]

    @property
    def _all_fit(self) -> bool:
        """Whether the bound leaves room for as many branches as may be live, however long they become."""
        return self.cache.fits(self.limit, self.max_length)

    @property
    def free(self) -> int:
        """Branches that could be added and be live at once."""
        live = self.running()
        within = self.limit
        if not self._all_fit:
            longest = max((need(branch) for branch in live), default=AHEAD)
            within = min(within, max(1, self.cache.tokens // longest))
        return within - len(self.queue) - len(live)

    @property
    def blocked(self) -> int:
        """Branches that wait for others to compute what they start from, when there is room for them."""
        if len(self.running()) >= self.limit or any(branch.startable for branch in self.queue):
            return 0
        return len(self.queue)

    @property
    def held(self) -> int:
        """Tokens whose keys and values are kept for branches that may start after them."""
        return sum(state.known for state in self.states)

    def wait(self, branch: Sequence) -> None:
        """Put a branch in the queue."""
        insort(self.queue, branch)

    def release(self, branch: Sequence) -> None:
        """Free the row of a sequence; what it has computed of prefixes that others may start from is kept."""
        self._settle(branch)
        self.live[branch.slot] = None
        self.cache.lengths[branch.slot] = 0
        branch.slot = -1

    def fill(self) -> None:
        """Preempt what has no room any more, admit what waits, then move rows together so that none between is free."""
        if not self._all_fit:
            self._thin_out()
        holes = [slot for slot, branch in enumerate(self.live) if branch is None]
        while (branch := self._next()) is not None:
            if not holes:
                self.live.append(None)
                holes.append(len(self.live) - 1)
            self._coming = 1
            self._admit(branch, holes[0])
            self.queue.remove(branch)
            self._coming = 0
            holes.pop(0)
        self._close(holes)

    def _next(self) -> Sequence | None:
        """The first of the queue that may start, if there is room for it."""
        if not self.queue:
            return None
        live = self.running()
        if len(live) >= self.limit:
            return None
        branch = next((one for one in self.queue if one.startable), None)
        if branch is None or self._all_fit:
            return branch
        longest = max(need(one) for one in (branch, *live))
        return branch if self.cache.fits(len(live) + 1, longest) else None

    def _thin_out(self) -> None:
        """Preempt the sequences that came last until the others fit."""
        # `max` is the last in order of arrival. The first always stays, however long it becomes, and a preempted one
        # waits at its old place in that order: so some sequence always makes progress, and none starves.
        live = self.running()
        while len(live) > 1 and not self.cache.fits(len(live), max(branch.end for branch in live)):
            last = max(live)
            live.remove(last)
            self.preempt(last)

    def _close(self, holes: list[int]) -> None:
        """Move the last branches into holes, so that live rows are the first."""
        self._trim()
        for hole in holes:
            if hole < len(self.live):
                last = self.live.pop()
                assert last is not None
                self.cache.move(last.slot, hole)
                self.live[hole], last.slot = last, hole
                self._trim()

    def _trim(self) -> None:
        while self.live and self.live[-1] is None:
            self.live.pop()

    def _admit(self, branch: Sequence, slot: int) -> None:
        """Load what is computed of the sequence's past into its row; the first to come computes the rest for all."""
        closing, state, tail = branch.lacks(), branch.state, branch.tail
        known = [one.segment for one in state.path()]
        if closing and not closing[0].whole:
            gap = closing[0]
            known = [*known[: -len(closing)], gap.segment]
            pending = gap.ids[gap.known :] + [token for one in closing[1:] for token in one.ids] + tail
            branch.kept = branch.logits = None
        else:
            known.append(branch.kept)
            pending = tail[branch.kept.size if branch.kept else 0 :] if tail else []
            logits = branch.logits if tail else state.logits
            if not pending and logits is None:
                pending = (tail or state.ids)[-1:]
            branch.logits = None if pending or logits is None else logits.to(self.cache.device)
        held = [one for one in known if one is not None]
        self.cache.load(slot, held, length=branch.end - len(pending))
        branch.slot, branch.kept, branch.pending, branch.closing = slot, None, pending, closing
        for one in closing:
            one.claimed = True
        self.live[slot] = branch

    def preempt(self, branch: Sequence) -> None:
        """Take a sequence out of the batch and let it wait again, with what it has written."""
        # Keys and values of its own tokens go to the host, so that resuming costs a copy and no pass through the model;
        # what it computed of a shared prefix is kept by `release`. Without memory for a copy, tokens are fed again.
        fed = self.cache.lengths[branch.slot]
        if not branch.closing and fed > branch.state.length:
            branch.kept = self.copy(branch.slot, start=branch.state.length, end=fed, on_host=True)
        if branch.logits is not None:
            branch.logits = duplicate(branch.logits, on_host=True)
        self.release(branch)
        branch.pending = []
        self.wait(branch)

    def _settle(self, branch: Sequence) -> None:
        """Keep what is computed of the state that the branch was computing; others may start from it."""
        for state in branch.closing:
            state.claimed = False
        if branch.closing and not branch.closing[0].whole:
            self.hold(branch.closing[0], branch.slot, end=self.cache.lengths[branch.slot])
        branch.closing = []

    def hold(self, state: CachedPrefix, slot: int, *, end: int) -> None:
        """Keep the keys and values of a state up to position `end`, as `slot` has them."""
        start = state.length - len(state.ids)
        if end > start:
            state.segment = self.copy(slot, start=start, end=min(end, state.length)) or state.segment

    def copy(self, slot: int, *, start: int, end: int, on_host: bool = False) -> Segment | None:
        """A copy of positions of a slot; None when there is no memory for it, and it has to be computed again."""
        try:
            return self.cache.read(slot, start, end, on_host=on_host or self.on_host)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        return None

    def copy_of(self, logits: Tensor) -> Tensor | None:
        """A copy of logits; None when there is no memory for it."""
        try:
            return duplicate(logits, on_host=self.on_host)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        return None

    def clear(self) -> int:
        """Preempt all sequences, move all that is kept to the host, and give the store's memory back.

        Returns how many were running or about to be.
        """
        live = self.running()
        for branch in live:
            self.preempt(branch)
        self.live.clear()
        if self.cache.device.type != "cpu":
            self.on_host = True
            for state in list(self.states):
                state.to_host()
        self.runner.retreat()
        give_back(self.cache.device)
        number, self._coming = len(live) + self._coming, 0
        return number


def need(branch: Sequence) -> int:
    """Positions that a branch must have beside others."""
    return min(branch.end + AHEAD, branch.state.most)
