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
from treecore.policies.local.model_runner import ModelRunner
from treecore.policies.local.sequences import CachedPrefix, Sequence

HEADROOM = 64
"""Positions that an admitted sequence must be able to grow by beside others, so that it is not preempted at once."""


class SequenceScheduler:
    """The running sequences by row of the batch, and those that wait.

    Args:
        runner: model and store.
        max_sequences: most that run at once.
        max_length: longest that a sequence can become.

    Attributes:
        rows: the sequence in each row of the batch; None where a row is free.
        waiting: sequences that wait, in order of arrival.
        max_running: that may run now; falls when memory runs out.
        prefixes: all that may hold keys and values.
        on_host: whether new segments are kept in the host's memory.
    """

    def __init__(self, runner: ModelRunner, *, max_sequences: int, max_length: int) -> None:
        self.runner, self.cache, self.max_running = runner, runner.cache, max_sequences
        self.max_length = max_length
        self.rows: list[Sequence | None] = []
        self.waiting: list[Sequence] = []
        self.prefixes: WeakSet[CachedPrefix] = WeakSet()
        self.on_host = False
        self._admitting = 0

    def running(self) -> list[Sequence]:
        """Running sequences in the order of rows."""
        return [sequence for sequence in self.rows if sequence is not None]

    @property
    def _all_fit(self) -> bool:
        """Whether the bound leaves room for as many sequences as may be running, however long they become."""
        return self.cache.fits(self.max_running, self.max_length)

    @property
    def free(self) -> int:
        """Branches that could be added and run at once."""
        running = self.running()
        within = self.max_running
        if not self._all_fit:
            longest = max((required_length(sequence) for sequence in running), default=HEADROOM)
            within = min(within, max(1, self.cache.max_tokens // longest))
        return within - len(self.waiting) - len(running)

    @property
    def blocked(self) -> int:
        """Branches that wait for others to compute what they start from, when there is room for them."""
        if len(self.running()) >= self.max_running or any(sequence.can_start for sequence in self.waiting):
            return 0
        return len(self.waiting)

    @property
    def tokens_cached(self) -> int:
        """Tokens whose keys and values are kept for sequences that may start after them."""
        return sum(prefix.n_cached for prefix in self.prefixes)

    def add(self, sequence: Sequence) -> None:
        """Let a sequence wait for its turn."""
        insort(self.waiting, sequence)

    def release(self, sequence: Sequence) -> None:
        """Free the row of a sequence; what it has computed of prefixes that others may start from is kept."""
        self._settle(sequence)
        self.rows[sequence.row] = None
        self.cache.lengths[sequence.row] = 0
        sequence.row = -1

    def schedule(self) -> None:
        """Preempt what has no room any more, admit what waits, then move rows together so that none between is free."""
        if not self._all_fit:
            self._preempt_overflow()
        holes = [row for row, sequence in enumerate(self.rows) if sequence is None]
        while (sequence := self._next()) is not None:
            if not holes:
                self.rows.append(None)
                holes.append(len(self.rows) - 1)
            self._admitting = 1
            self._admit(sequence, holes[0])
            self.waiting.remove(sequence)
            self._admitting = 0
            holes.pop(0)
        self._compact(holes)

    def _next(self) -> Sequence | None:
        """The first that waits and may start, if there is room for it."""
        if not self.waiting:
            return None
        running = self.running()
        if len(running) >= self.max_running:
            return None
        sequence = next((one for one in self.waiting if one.can_start), None)
        if sequence is None or self._all_fit:
            return sequence
        longest = max(required_length(one) for one in (sequence, *running))
        return sequence if self.cache.fits(len(running) + 1, longest) else None

    def _preempt_overflow(self) -> None:
        """Preempt the sequences that came last until the others fit."""
        # `max` is the last in order of arrival. The first always stays, however long it becomes, and a preempted one
        # waits at its old place in that order: so some sequence always makes progress, and none starves.
        running = self.running()
        while len(running) > 1 and not self.cache.fits(len(running), max(sequence.length for sequence in running)):
            last = max(running)
            running.remove(last)
            self.preempt(last)

    def _compact(self, holes: list[int]) -> None:
        """Move the last sequences into holes, so that the rows in use are the first."""
        self._trim()
        for hole in holes:
            if hole < len(self.rows):
                last = self.rows.pop()
                assert last is not None
                self.cache.move(last.row, hole)
                self.rows[hole], last.row = last, hole
                self._trim()

    def _trim(self) -> None:
        while self.rows and self.rows[-1] is None:
            self.rows.pop()

    def _admit(self, sequence: Sequence, row: int) -> None:
        """Load what is computed of the sequence's past into its row; the first to come computes the rest for all."""
        completing, prefix, tail = sequence.uncomputed(), sequence.prefix, sequence.tail_ids
        cached = [one.segment for one in prefix.path()]
        if completing and not completing[0].fully_cached:
            gap = completing[0]
            cached = [*cached[: -len(completing)], gap.segment]
            pending = gap.ids[gap.n_cached :] + [token for one in completing[1:] for token in one.ids] + tail
            sequence.swapped_out = sequence.logits = None
        else:
            cached.append(sequence.swapped_out)
            pending = tail[sequence.swapped_out.size if sequence.swapped_out else 0 :] if tail else []
            logits = sequence.logits if tail else prefix.logits
            if not pending and logits is None:
                pending = (tail or prefix.ids)[-1:]
            sequence.logits = None if pending or logits is None else logits.to(self.cache.device)
        segments = [one for one in cached if one is not None]
        self.cache.load(row, segments, length=sequence.length - len(pending))
        sequence.row, sequence.swapped_out, sequence.pending, sequence.completing = row, None, pending, completing
        for one in completing:
            one.being_computed = True
        self.rows[row] = sequence

    def preempt(self, sequence: Sequence) -> None:
        """Take a sequence out of the batch and let it wait again, with what it has written."""
        # Keys and values of its own tokens go to the host, so that resuming costs a copy and no pass through the model;
        # what it computed of a shared prefix is kept by `release`. Without memory for a copy, tokens are fed again.
        fed = self.cache.lengths[sequence.row]
        if not sequence.completing and fed > sequence.prefix.length:
            sequence.swapped_out = self.copy(sequence.row, start=sequence.prefix.length, end=fed, on_host=True)
        if sequence.logits is not None:
            sequence.logits = duplicate(sequence.logits, on_host=True)
        self.release(sequence)
        sequence.pending = []
        self.add(sequence)

    def _settle(self, sequence: Sequence) -> None:
        """Keep what is computed of the prefix that the sequence was computing; others may start from it."""
        for prefix in sequence.completing:
            prefix.being_computed = False
        if sequence.completing and not sequence.completing[0].fully_cached:
            self.save(sequence.completing[0], sequence.row, end=self.cache.lengths[sequence.row])
        sequence.completing = []

    def save(self, prefix: CachedPrefix, row: int, *, end: int) -> None:
        """Keep the keys and values of a prefix up to position `end`, as `row` has them."""
        start = prefix.length - len(prefix.ids)
        if end > start:
            prefix.segment = self.copy(row, start=start, end=min(end, prefix.length)) or prefix.segment

    def copy(self, row: int, *, start: int, end: int, on_host: bool = False) -> Segment | None:
        """A copy of positions of a row; None when there is no memory for it, and it has to be computed again."""
        try:
            return self.cache.read(row, start, end, on_host=on_host or self.on_host)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        return None

    def copy_logits(self, logits: Tensor) -> Tensor | None:
        """A copy of logits; None when there is no memory for it."""
        try:
            return duplicate(logits, on_host=self.on_host)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        return None

    def preempt_all(self) -> int:
        """Preempt all sequences, move all that is kept to the host, and give the store's memory back.

        Returns how many were running or about to be.
        """
        running = self.running()
        for sequence in running:
            self.preempt(sequence)
        self.rows.clear()
        if self.cache.device.type != "cpu":
            self.on_host = True
            for prefix in list(self.prefixes):
                prefix.to_host()
        self.runner.release_memory()
        give_back(self.cache.device)
        number, self._admitting = len(running) + self._admitting, 0
        return number


def required_length(sequence: Sequence) -> int:
    """Positions that a sequence must have beside others."""
    return min(sequence.length + HEADROOM, sequence.prefix.max_length)
