"""Answers with an advantage for each token as trees: a step ends where the number changes.

Nobody says what the steps are, but tokens of one step have the same number. Answers share the steps at their beginning
that have the same tokens and numbers, as in the tree from which a method made these. Knows no file format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from treecore.core.builder import NAN, StepTokens
from treecore.core.topology import BoolArray, FloatArray, IntArray
from treecore.formats.rollout import PROMPT, Rollout, Turn
from treecore.formats.token_lists import edges_of

CLAIM, ANSWER = "advantage", 3


@dataclass(frozen=True, eq=False)
class Tokens:
    """The tokens of one answer, each of these `[T]`; an empty one is not known.

    Attributes:
        advantage: NaN where none is given; own: the model wrote it; id: in the vocabulary; logprob: in nats.
    """

    advantage: FloatArray
    own: BoolArray
    id: IntArray
    logprob: FloatArray

    @cached_property
    def known(self) -> FloatArray:
        """The different advantages of what the model wrote. `[K]`"""
        return np.unique(self.advantage[self.own & ~np.isnan(self.advantage)])

    @cached_property
    def stretches(self) -> IntArray:
        """First token of each stretch that the model wrote, and the one after its last. `[S, 2]`"""
        return edges_of(self.own)

    @cached_property
    def changes(self) -> IntArray:
        """Tokens before which the model's advantage is another one, inside of stretches. `[C]`"""
        now, before = self.advantage[1:], self.advantage[:-1]
        other = (now != before) & ~(np.isnan(now) & np.isnan(before))
        return np.flatnonzero(other & self.own[1:] & self.own[:-1]) + 1

    def step(self, part: slice) -> StepTokens | None:
        """Some of them as the tokens of a step; None where their ids are not known."""
        if not len(self.id):
            return None
        own = self.own[part]
        logprob = np.where(own, self.logprob[part], NAN).tolist() if len(self.logprob) else ()
        return StepTokens(id=self.id[part].tolist(), logprob=logprob, part=np.where(own, ANSWER, 0).tolist())


class Step(NamedTuple):
    """A step of an answer; two of equal `content` after the same step are one, none where that is not known."""

    turn: Turn
    content: bytes = b""


def tree_of(rollouts: Sequence[Rollout], tokens: Mapping[int, Tokens]) -> Rollout:
    """The answers of one group in one rollout that branches; each ends in a step of its own.

    Args:
        rollouts: at least one, each an answer in turns that follow each other.
        tokens: number of a rollout -> its tokens; rollouts without any stay as they are.
    """
    codes = codes_of(tokens)
    cuts = cuts_of(tokens, codes)
    turns: list[Turn] = []
    places: dict[tuple[int, bytes], int] = {}
    for number, rollout in enumerate(rollouts):
        above, steps = PROMPT, [Step(turn) for turn in rollout.turns]
        if (own := tokens.get(number)) is not None and len(own.stretches):
            steps = steps_of(own, cuts[number], rollout.turns, codes.get(number))
        for step in steps:
            inner = (above, step.content) if step.content and step is not steps[-1] else None
            known = -1 if inner is None else places.get(inner, -1)
            if known < 0:
                known = len(turns)
                turns.append(replace(step.turn, parent=above))
                if inner is not None:
                    places[inner] = known
            above = known
    return replace(rollouts[0], turns=turns)


def steps_of(tokens: Tokens, cuts: Sequence[int], turns: Sequence[Turn], codes: IntArray | None) -> list[Step]:
    """The steps of one answer, each with what it claims.

    The words of a turn stand at its last step; where turns are not the stretches that the model wrote, all at the end.

    Args:
        cuts: tokens at which steps begin or end, in order; codes: see `codes_of`, None where ids are not known.
    """
    if len(turns) != len(tokens.stretches):
        said = "".join(turn.text + turn.observation for turn in turns[:-1])
        turns = [replace(turns[-1], text=said + turns[-1].text)]
    ends = dict(zip(tokens.stretches[-len(turns) :, 1].tolist(), turns, strict=True))
    found, before = list[Step](), 0
    for low, high in pairwise(cuts):
        if not tokens.own[low]:
            continue
        claim = tokens.advantage[low]
        turn = replace(ends.get(high, Turn()), tokens=tokens.step(slice(low, high)))
        turn.n_tokens = high - low if turn.tokens is None else -1
        turn.claimed = {} if np.isnan(claim) else {CLAIM: float(claim)}
        found.append(Step(turn, b"" if codes is None else codes[before:high].tobytes()))
        before = high
    return found


def codes_of(tokens: Mapping[int, Tokens]) -> dict[int, IntArray]:
    """A number for each token of each answer whose ids are known: the same where id, author and advantage are. `[T]`"""
    known = {number: one for number, one in tokens.items() if len(one.id)}
    if not known:
        return {}
    rows = [np.column_stack([one.id, one.own, (one.advantage + 0.0).view(np.int64)]) for one in known.values()]
    _, codes = np.unique(np.concatenate(rows), axis=0, return_inverse=True)
    parts = np.split(codes.ravel(), np.cumsum([len(row) for row in rows])[:-1])
    return dict(zip(known, parts, strict=True))


def cuts_of(tokens: Mapping[int, Tokens], codes: Mapping[int, IntArray]) -> dict[int, list[int]]:
    """Number of an answer -> tokens at which its steps begin or end: where its advantages change, and where those of
    another do after the same beginning, so that what both share is one step.
    """
    own = {number: {*one.stretches.ravel().tolist(), *one.changes.tolist()} for number, one in tokens.items()}
    found = {number: set(cuts) for number, cuts in own.items()}
    order = sorted(codes, key=lambda number: codes[number].tolist())
    common = [shared(codes[one], other=codes[two]) for one, two in pairwise(order)]
    for numbers, lengths in ((order, common), (order[::-1], common[::-1])):
        others: set[int] = set()
        for before, number, length in zip(numbers, numbers[1:], lengths, strict=False):
            others = {cut for cut in others | own[before] if cut <= length and cut < len(codes[before])}
            found[number] |= others
    return {number: sorted(cuts) for number, cuts in found.items()}


def shared(one: IntArray, *, other: IntArray) -> int:
    """Tokens that two answers have in common at their beginning."""
    size = min(len(one), len(other))
    differs = np.flatnonzero(one[:size] != other[:size])
    return int(differs[0]) if len(differs) else size
