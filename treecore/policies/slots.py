"""The batch of live branches of one sampling run: who sits in which slot, what is fed next, what is drawn.

Every token that something follows goes through the model exactly once. A branch keeps its slot from step to step; at
the end of a step its keys, values and next logits are copied out into a `SlotState`, from which any later branch
starts without computing anything. A branch that starts inside a step computes the token before it again, for its
logits; so does no other that starts there. Knows no task and no sampler.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor

from treecore.errors import PolicyError
from treecore.policies.base import PLAIN, Branch, End, State, Tally, Written
from treecore.policies.draw import draw
from treecore.policies.forward import Runner
from treecore.policies.slot_state import SlotBranch, SlotState
from treecore.protocols import StepRule

if TYPE_CHECKING:
    from treecore.policies.transformers_local import TransformersPolicy

LONGEST_CHUNK = 1024
LARGEST_FEED = 8192
CHUNK_SHARE = 4


class SlotSession:
    """See `treecore.policies.base.Session`. Branches of earlier prompts come first."""

    def __init__(
        self,
        policy: TransformersPolicy,
        *,
        temperature: float,
        top_p: float,
        stop: tuple[str, ...],
        max_step_tokens: int,
        rule: StepRule = PLAIN,
    ) -> None:
        self.policy, self.temperature, self.top_p = policy, temperature, top_p
        self.stop, self.max_step_tokens, self.rule = stop, max_step_tokens, rule
        self.max_length = policy.max_length
        self.runner = Runner(policy.model, layers=policy.layers, slots=policy.slots, max_length=policy.max_length)
        self._longest_stop = max((len(one) for one in stop), default=0)
        self._live: list[SlotBranch | None] = []
        self._queue: list[SlotBranch] = []
        self._ended: list[Branch] = []
        self._opened = self._grown = 0

    def open(self, prompt: str) -> SlotState:
        ids = self.policy.encode_prompt(prompt)
        if not 0 < len(ids) < self.max_length:
            raise PolicyError(
                f"the prompt has {len(ids)} tokens, the model's context {self.max_length}",
                todo="shorten the prompt" if ids else "give a prompt that is not empty",
            )
        self._opened += 1
        most = min(self.max_length, len(ids) + (self.rule.max_tokens or self.max_length))
        return SlotState(None, ids, len(ids), Tally(), self._opened, most)

    def grow(
        self,
        state: State,
        random: np.random.Generator,
        *,
        written: Written | None = None,
        tokens: int | None = None,
        greedy: bool = False,
    ) -> SlotBranch:
        self._grown += 1
        begun = Written() if written is None else written.head(len(written.ids))
        branch = SlotBranch(
            cast(SlotState, state), random, self._grown, written=begun, start=len(begun.ids), left=tokens, greedy=greedy
        )
        insort(self._queue, branch)
        return branch

    def fork(self, state: State, length: int) -> SlotState:
        return cast(SlotState, state).at(length)

    def extend(self, state: State, ids: Sequence[int]) -> SlotState:
        above = cast(SlotState, state)
        length = above.length + len(ids)
        if length >= above.most:
            raise PolicyError(f"{length} tokens are given where {above.most} fit", todo="give a shorter text")
        return SlotState(above, list(ids), length, above.tally, above.order, above.most)

    def keep(self, branch: Branch) -> SlotState:
        own = cast(SlotBranch, branch)
        above, ids = own.state, own.written.ids[own.start :]
        held = self.runner.cache.read(own.slot, above.length, above.length + len(ids) - 1)
        return SlotState(above, ids, above.length + len(ids), above.tally, above.order, above.most, segment=held)

    @property
    def free(self) -> int:
        return self.policy.slots - len(self._queue) - sum(branch is not None for branch in self._live)

    def advance(self) -> list[Branch]:
        with torch.inference_mode(), threads(self.policy.threads):
            self._fill()
            self._feed()
            return self._draw()

    def reply(self, branch: Branch, observation: Sequence[int]) -> SlotState | None:
        own = cast(SlotBranch, branch)
        ids = [*own.written.ids[own.start :], *observation]
        length = own.state.length + len(ids)
        if length >= own.state.most:
            return None
        state = SlotState(own.state, ids, length, own.state.tally, own.state.order, own.state.most, claimed=True)
        own.pending = [own.written.ids[-1], *observation]
        own.state, own.closing = state, [state]
        own.written, own.start = Written(), 0
        if own.held is not None:
            self._go_on(own, list(observation))
        return state

    def _go_on(self, branch: SlotBranch, observation: list[int]) -> None:
        """Begin the step with the token that ended the one before, unless the environment spoke between them."""
        held, branch.held, branch.pending = branch.held, None, observation
        logits, branch.logits = branch.logits, None
        if observation:
            return
        assert held is not None
        assert logits is not None
        self._ready(branch, logits)
        self._write(branch, *held)
        if branch.written.end is None:
            branch.pending = branch.written.ids[-1:]
        else:
            self._ended.append(branch)

    def end(self, branch: Branch) -> None:
        own = cast(SlotBranch, branch)
        for state in own.closing:
            start = state.length - len(state.ids)
            state.segment = self.runner.cache.read(own.slot, start, max(start, self.runner.cache.lengths[own.slot]))
            state.claimed = False
        if branch in self._ended:
            self._ended.remove(branch)
        self._live[own.slot] = None

    def _fill(self) -> None:
        """Seat waiting branches in free slots, then close the holes that are left."""
        holes = [slot for slot, branch in enumerate(self._live) if branch is None]
        while self._queue and (holes or len(self._live) < self.policy.slots):
            place = next((i for i, branch in enumerate(self._queue) if branch.state.startable), None)
            if place is None:
                break
            if not holes:
                self._live.append(None)
                holes.append(len(self._live) - 1)
            self._seat(self._queue.pop(place), holes.pop(0))
        while self._live and self._live[-1] is None:
            self._live.pop()
        for hole in holes:
            if hole < len(self._live):
                last = self._live.pop()
                assert last is not None
                self.runner.cache.move(last.slot, hole)
                self._live[hole], last.slot = last, hole
                while self._live and self._live[-1] is None:
                    self._live.pop()

    def _seat(self, branch: SlotBranch, slot: int) -> None:
        """Put what is known of the branch's past into its slot; the first to come computes what is not."""
        state, branch.slot = branch.state, slot
        self._live[slot] = branch
        branch.closing = state.missing()
        branch.pending = [token for one in branch.closing for token in one.ids[one.known :]]
        if branch.closing and not branch.pending:
            branch.pending = state.ids[-1:]
        for one in branch.closing:
            one.claimed = True
        known = [one.segment for one in state.path() if one.segment is not None]
        self.runner.cache.load(slot, known, length=state.length - len(branch.pending))
        if not branch.closing:
            branch.logits = state.logits

    def _feed(self) -> None:
        """One forward pass: all single tokens, or chunks of like length once enough rows wait with one."""
        group = self._chunks()
        if group:
            rows = [branch.slot for branch in group]
            tokens = [branch.chunk(LONGEST_CHUNK) for branch in group]
        else:
            rows = list(range(len(self._live)))
            tokens = [branch.pending if branch and len(branch.chunk(2)) == 1 else [] for branch in self._live]
            tokens = [chunk[:1] for chunk in tokens]
            if not any(tokens):
                return
        logits = self.runner.feed(rows, tokens)
        for place, row in enumerate(rows):
            branch = self._live[row]
            if branch is not None and tokens[place]:
                self._fed(branch, len(tokens[place]), logits[place])

    def _chunks(self) -> list[SlotBranch]:
        """Rows to feed a chunk now; none while too few wait for it, themselves or as siblings of a prompt."""
        waiting = [branch for branch in self._live if branch is not None and branch.pending]
        chunks = [branch for branch in waiting if len(branch.chunk(2)) > 1]
        blocked = len(self._queue) if len(self._live) < self.policy.slots else 0
        if not chunks or (len(chunks) + blocked) * CHUNK_SHARE < len(waiting):
            return []
        longest = max(len(branch.chunk(LONGEST_CHUNK)) for branch in chunks)
        alike = [branch for branch in chunks if 2 * len(branch.chunk(LONGEST_CHUNK)) >= longest]
        return alike[: max(1, LARGEST_FEED // longest)]

    def _fed(self, branch: SlotBranch, n: int, logits: Tensor) -> None:
        branch.state.tally.computed += n
        branch.pending = branch.pending[n:]
        if branch.closing and self.runner.cache.lengths[branch.slot] == branch.closing[0].length:
            self._ready(branch, logits)
        if not branch.pending:
            branch.logits = logits

    def _ready(self, branch: SlotBranch, logits: Tensor) -> None:
        """The first state that the branch closes is computed: keep what it needs to start others."""
        state = branch.closing.pop(0)
        if not state.whole:
            state.segment = self.runner.cache.read(branch.slot, state.length - len(state.ids), state.length)
        state.logits, state.claimed = logits.clone(), False

    def _draw(self) -> list[Branch]:
        """Draw for every branch that knows its next logits; returns those whose step ended, in slot order."""
        ready = [branch for branch in self._live if branch is not None and branch.logits is not None]
        ended, self._ended = self._ended, []
        if not ready:
            return ended
        uniform = [float(branch.random.random()) for branch in ready]
        logits = torch.stack([cast(Tensor, branch.logits) for branch in ready])
        greedy = [branch.greedy for branch in ready]
        drawn = draw(logits, uniform, temperature=self.temperature, top_p=self.top_p, greedy=greedy)
        for branch, token, *numbers in zip(ready, *drawn, strict=True):
            branch.state.tally.sampled += 1
            self._write(branch, token, *numbers)
            if branch.held is None:
                branch.logits = None
            if branch.written.end is None:
                branch.pending = branch.written.ids[-1:]
            else:
                ended.append(branch)
        return ended

    def _write(
        self, branch: SlotBranch, token: int, logprob: float, entropy: float, confidence: float, top_entropy: float
    ) -> None:
        written, detokenizer = branch.written, self.policy.detokenizer
        before = written.ids or (branch.state.ids[-1:] if self.rule.joined else [])
        piece = detokenizer.next_piece(before, token)
        if self.rule.before_word and token not in self.policy.end_ids and self._begins_next(written, piece):
            written.end, branch.held = End.STOP, (token, logprob, entropy, confidence, top_entropy)
            return
        written.ids.append(token)
        if branch.left is not None:
            branch.left -= 1
        written.logprob.append(logprob)
        written.entropy.append(entropy)
        written.confidence.append(confidence)
        written.top_entropy.append(top_entropy)
        if token in self.policy.end_ids:
            written.pieces.append(detokenizer.decode([token]))
            written.end = End.EOS
            return
        written.pieces.append(piece)
        written.text += piece
        tail = written.text[-len(piece) - self._longest_stop :]
        if any(one in tail for one in self.stop):
            written.end = End.STOP
        elif len(written.ids) >= self.max_step_tokens:
            written.end = End.STEP
        elif branch.state.length + len(written.ids) - branch.start >= branch.state.most:
            written.end = End.CONTEXT
        elif branch.left == 0:
            written.end = End.PAUSE

    def _begins_next(self, written: Written, piece: str) -> bool:
        """Whether a token completes a stop string with the space before its word."""
        if not (written.ids and piece[:1].isspace() and piece.strip()):
            return False
        return (written.text[-self._longest_stop :] + piece[:1]).endswith(self.stop)


@contextmanager
def threads(number: int | None) -> Iterator[None]:
    """Use this many threads for one operation; as many as were set when None."""
    before = torch.get_num_threads()
    if number is None or number == before:
        yield
        return
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
