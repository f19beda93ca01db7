"""The decoding loop of one sampling run: feed what is pending, draw a token for every branch, end steps.

Every token that something follows goes through the model exactly once. A branch keeps its row from step to step; at
the end of a step its keys, values and next logits are copied out into a `CachedPrefix`, from which any later branch
starts without computing anything. A branch that starts inside a step computes the token before it again, for its
logits; so does no other that starts there. Knows no task and no sampler.
"""

from __future__ import annotations

import logging
import weakref
from collections import abc
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor

from treecore.core.numerals import counted
from treecore.errors import PolicyError
from treecore.policies.base import PLAIN, Branch, Completion, FinishReason, Session, State, TokenUsage
from treecore.policies.local.memory import TOO_LARGE, out_of_memory
from treecore.policies.local.sequence_scheduler import SequenceScheduler
from treecore.policies.local.sequences import CachedPrefix, Sequence
from treecore.policies.local.stop_strings import StopStrings
from treecore.policies.local.token_sampling import MAX_DRAWN, DrawnToken, draw
from treecore.policies.local.torch_threads import torch_threads
from treecore.protocols import RenderedChat, StepRule

if TYPE_CHECKING:
    from treecore.policies.local.policy import TransformersPolicy

MAX_CHUNK = 1024
MAX_FEED = 8192
MIN_FEED = 16
CHUNK_SHARE = 4

log = logging.getLogger(__name__)


class LocalSession(Session):
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
        top_tokens: int = 0,
    ) -> None:
        self.policy, self.temperature, self.top_p = policy, temperature, top_p
        self.stop, self.max_step_tokens, self.rule = StopStrings(stop), max_step_tokens, rule
        self.top_tokens = top_tokens
        self.max_length = policy.max_length
        self.runner = policy.runner()
        weakref.finalize(self, policy.take_back, self.runner).atexit = False
        self.scheduler = SequenceScheduler(
            self.runner, max_sequences=policy.max_sequences, max_length=policy.max_length
        )
        self._largest_feed = MAX_FEED
        self._ended: list[Branch] = []
        self._opened = self._grown = 0
        self._alone = False

    @property
    def notes(self) -> Mapping[str, Any]:
        """What happened that whoever reads the results should know."""
        lowered = self.scheduler.max_running < self.policy.max_sequences
        return {"branches_after_out_of_memory": self.scheduler.max_running} if lowered else {}

    def open(self, prompt: str | RenderedChat) -> CachedPrefix:
        ids = self.policy.encode_prompt(prompt)
        if not 0 < len(ids) < self.max_length:
            raise PolicyError(
                f"the prompt has {counted(len(ids), 'token')}, the model's context {self.max_length}",
                todo="shorten the prompt" if ids else "give a prompt that is not empty",
            )
        self._opened += 1
        longest = min(self.max_length, len(ids) + (self.rule.max_tokens or self.max_length))
        self.runner.cache.expected = max(self.runner.cache.expected, longest)
        return self._known(
            CachedPrefix(None, ids, len(ids), TokenUsage(), prompt_number=self._opened, max_length=longest)
        )

    def grow(
        self,
        state: State,
        random: np.random.Generator,
        *,
        written: Completion | None = None,
        tokens: int | None = None,
        greedy: bool = False,
    ) -> Sequence:
        self._grown += 1
        begun = Completion() if written is None else written.head(len(written.ids))
        branch = Sequence(
            cast(CachedPrefix, state),
            random,
            self._grown,
            written=begun,
            n_in_prefix=len(begun.ids),
            tokens_left=tokens,
            greedy=greedy,
        )
        self.scheduler.add(branch)
        return branch

    def fork(self, state: State, length: int) -> CachedPrefix:
        return self._known(cast(CachedPrefix, state).at(length))

    def extend(self, state: State, ids: abc.Sequence[int]) -> CachedPrefix:
        above = cast(CachedPrefix, state)
        length = above.length + len(ids)
        if length >= above.max_length:
            raise PolicyError(
                f"{counted(length, 'token is', 'tokens are')} given where {above.max_length} fit",
                todo="give a shorter text",
            )
        return self._known(above.child(list(ids)))

    def keep(self, branch: Branch) -> CachedPrefix:
        own = cast(Sequence, branch)
        state = own.prefix.child(own.tail_ids)
        self.scheduler.save(state, own.row, end=self.runner.cache.lengths[own.row])
        return self._known(state)

    def _known(self, state: CachedPrefix) -> CachedPrefix:
        self.scheduler.prefixes.add(state)
        return state

    @property
    def free(self) -> int:
        return self.scheduler.free

    def advance(self) -> list[Branch]:
        if self._ended:
            ended, self._ended = self._ended, []
            return ended
        with torch.inference_mode(), torch_threads(self.policy.threads):
            while not self._fed_all():
                self._reduce_batch()
            return self._draw()

    def _fed_all(self) -> bool:
        """Schedule branches that have room and feed them; False when memory runs out, with nothing lost."""
        try:
            self.scheduler.schedule()
            self._feed()
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            return False
        self._alone = False
        return True

    def _reduce_batch(self) -> None:
        """Out of memory: half as many branches from now on, and half as many tokens of a prompt at a time.

        Raises:
            PolicyError: one branch alone is too much.
        """
        longest = max((len(branch.chunk(self._longest_chunk)) for branch in self.scheduler.running()), default=1)
        self.policy.give_up_idle()
        rows = self.scheduler.preempt_all()
        alone = rows <= 1 and longest <= MIN_FEED
        if alone and self._alone:
            raise PolicyError("memory is used up by one branch alone", todo=TOO_LARGE)
        self._alone = alone
        self.scheduler.max_running = max(1, rows // 2)
        self._largest_feed = max(MIN_FEED, min(self._largest_feed, rows * longest) // 2)
        log.warning("out of memory with a batch of %d, going on with %d", rows, self.scheduler.max_running)

    @property
    def _longest_chunk(self) -> int:
        return min(MAX_CHUNK, self._largest_feed)

    def reply(self, branch: Branch, observation: abc.Sequence[int], *, text: str = "") -> CachedPrefix | None:
        own = cast(Sequence, branch)
        state = own.prefix.child([*own.tail_ids, *observation])
        if state.length >= state.max_length:
            return None
        self._known(state).being_computed = True
        own.pending = [own.written.ids[-1], *observation]
        most = 0 if observation or self.rule.before_word else self.stop.longest - 1
        own.text_before = (own.text_before + own.written.text)[-most:] if most > 0 else ""
        own.prefix, own.completing = state, [state]
        own.written, own.n_in_prefix = Completion(), 0
        if own.next_step_token is not None:
            self._go_on(own, list(observation))
        return state

    def _go_on(self, branch: Sequence, observation: list[int]) -> None:
        """Begin the step with the token that ended the one before, unless the environment spoke between them."""
        held, branch.next_step_token, branch.pending = branch.next_step_token, None, observation
        logits, branch.logits = branch.logits, None
        if observation:
            return
        assert held is not None
        assert logits is not None
        self._complete_prefix(branch, logits)
        self._write(branch, held)
        if branch.written.end is None:
            branch.pending = branch.written.ids[-1:]
        else:
            self._ended.append(branch)

    def end(self, branch: Branch) -> None:
        own = cast(Sequence, branch)
        if branch in self._ended:
            self._ended.remove(branch)
        self.scheduler.release(own)

    def _feed(self) -> None:
        """One forward pass: all single tokens, or chunks of like length once enough rows wait with one."""
        group = self._chunks()
        if group:
            rows = [branch.row for branch in group]
            tokens = [branch.chunk(self._longest_chunk) for branch in group]
        else:
            group = self.scheduler.running()
            rows = [branch.row for branch in group]
            tokens = [branch.pending if branch.is_decode else branch.single() for branch in group]
            if not any(tokens):
                return
        logits = self.runner.feed(rows, tokens).unbind()
        for branch, chunk, own in zip(group, tokens, logits, strict=True):
            if chunk:
                self._after_feed(branch, len(chunk), own)

    def _chunks(self) -> list[Sequence]:
        """Rows to feed a chunk now; none while too few wait for it, themselves or as siblings of a prompt."""
        waiting = [branch for branch in self.scheduler.running() if branch.pending]
        chunks = [branch for branch in waiting if len(branch.pending) > 1 and len(branch.chunk(2)) > 1]
        if not chunks or (len(chunks) + self.scheduler.blocked) * CHUNK_SHARE < len(waiting):
            return []
        longest = max(len(branch.chunk(self._longest_chunk)) for branch in chunks)
        alike = [branch for branch in chunks if 2 * len(branch.chunk(self._longest_chunk)) >= longest]
        return alike[: max(1, self._largest_feed // longest)]

    def _after_feed(self, branch: Sequence, n: int, logits: Tensor) -> None:
        branch.prefix.usage.computed += n
        if branch.is_decode:
            branch.pending, branch.logits = [], logits
            return
        branch.pending = branch.pending[n:]
        if branch.completing and self.runner.cache.lengths[branch.row] == branch.completing[0].length:
            self._complete_prefix(branch, logits)
        if not branch.pending:
            branch.logits = logits

    def _complete_prefix(self, branch: Sequence, logits: Tensor) -> None:
        """The first state that the branch closes is computed: keep what it needs to start others."""
        state = branch.completing.pop(0)
        if not state.fully_cached:
            self.scheduler.save(state, branch.row, end=state.length)
        state.logits, state.being_computed = self.scheduler.copy_logits(logits), False

    def _draw(self) -> list[Branch]:
        """Draw for every branch that knows its next logits; returns those whose step ended, in the order of rows."""
        ready = [branch for branch in self.scheduler.running() if branch.logits is not None]
        ended: list[Branch] = []
        uniform = [float(branch.random.random()) for branch in ready]
        for branch, drawn in zip(ready, self._draw_tokens(ready, uniform), strict=True):
            branch.prefix.usage.sampled += 1
            self._write(branch, drawn)
            if branch.next_step_token is None:
                branch.logits = None
            if branch.written.end is None:
                branch.pending = branch.written.ids[-1:]
            else:
                ended.append(branch)
        return ended

    def _draw_tokens(self, ready: list[Sequence], uniform: list[float]) -> list[DrawnToken]:
        """A token with its numbers for every branch; in halves where that is much, or more than memory allows."""
        rows = [cast(Tensor, branch.logits) for branch in ready]
        if not rows:
            return []
        if len(rows) == 1 or len(rows) * len(rows[0]) <= MAX_DRAWN:
            try:
                greedy = [branch.greedy for branch in ready]
                params = {"temperature": self.temperature, "top_p": self.top_p}
                drawn = draw(torch.stack(rows), uniform, greedy=greedy, top_tokens=self.top_tokens, **params)
                return list(map(DrawnToken, *drawn))
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
            if len(rows) == 1:
                raise PolicyError("memory is used up by one branch alone", todo=TOO_LARGE)
        half = len(ready) // 2
        return [*self._draw_tokens(ready[:half], uniform[:half]), *self._draw_tokens(ready[half:], uniform[half:])]

    def _write(self, branch: Sequence, drawn: DrawnToken) -> None:
        written, detokenizer, token = branch.written, self.policy.detokenizer, drawn.id
        ends = token in self.policy.end_ids
        before = written.ids or (branch.prefix.ids[-1:] if self.rule.joined else [])
        piece = detokenizer.next_token_string(before, token)
        if self.rule.before_word and not ends and written.ids and self.stop.end_before_word(written.text, piece=piece):
            written.end, branch.next_step_token = FinishReason.STOP, drawn
            return
        if drawn.top:
            written.top.append(tuple((self._as_text(before, one), nats) for one, nats in drawn.top))
        written.ids.append(token)
        if branch.tokens_left is not None:
            branch.tokens_left -= 1
        written.logprob.append(drawn.logprob)
        written.entropy.append(drawn.entropy)
        written.confidence.append(drawn.confidence)
        written.top_entropy.append(drawn.top_entropy)
        if ends:
            written.token_strings.append(detokenizer.decode([token]))
            written.end = FinishReason.EOS
            return
        written.token_strings.append(piece)
        written.text += piece
        if self.stop.end_in(written.text, piece=piece, before=branch.text_before):
            written.end = FinishReason.STOP
        elif len(written.ids) >= self.max_step_tokens:
            written.end = FinishReason.STEP
        elif branch.prefix.length + len(written.ids) - branch.n_in_prefix >= branch.prefix.max_length:
            written.end = FinishReason.CONTEXT
        elif branch.tokens_left == 0:
            written.end = FinishReason.PAUSE

    def _as_text(self, before: abc.Sequence[int], token: int) -> str:
        """What a token would be written as after these; an end token by its name."""
        detokenizer = self.policy.detokenizer
        if token in self.policy.end_ids:
            return detokenizer.decode([token])
        return detokenizer.next_token_string(before, token)
