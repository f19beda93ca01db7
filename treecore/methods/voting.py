"""Votes between finished trajectories by confidence, and DeepConf's early stopping replayed on recorded tokens.

Pure functions on one trajectory or one forest. Trajectories of a tree share prefixes, so their votes are correlated:
every result says how many distinct tokens stand behind it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from treecore.core.forest import Forest
from treecore.core.outcomes import is_right
from treecore.core.step_text import split_step
from treecore.core.topology import FloatArray, IntArray
from treecore.methods.confidence import DEFAULT_WINDOW

BOXED = re.compile(r"\\boxed\{([^{}]*)\}")


@dataclass(frozen=True, eq=False)
class Trace:
    """One finished trajectory: row of its `leaf`, its `answer` ("" when none), and of each token that the model
    wrote, root to leaf, `token [T]` its row in the token table and `confidence [T]` in nats."""

    leaf: int
    answer: str
    token: IntArray
    confidence: FloatArray


def traces(forest: Forest) -> list[Trace]:
    """The trajectories of a forest in order of sampling; none when no confidence is recorded."""
    table = forest.tokens
    if table is None or table.confidence is None:
        return []
    leaves = forest.leaves[np.argsort(forest.born[forest.leaves], kind="stable")]
    chosen = table.is_model & np.isfinite(table.confidence)
    found = []
    for leaf in leaves.tolist():
        rows = [np.arange(table.start[node], table.start[node + 1]) for node in forest.topology.path(leaf)]
        token = np.concatenate(rows)
        token = token[chosen[token]]
        found.append(Trace(leaf, answer_of(forest.text[leaf]), token, table.confidence[token]))
    return found


def answer_of(text: str) -> str:
    """What a last step answers: its answer tag, or else its last box; "" when there is neither."""
    boxes = BOXED.findall(text)
    return split_step(text).answer or (boxes[-1].strip() if boxes else "")


def group_confidence(confidence: FloatArray, window: int) -> FloatArray:
    """Mean confidence of every full window, stride 1; a trace shorter than the window is one window. `[W]`"""
    if len(confidence) < window:
        return confidence.mean(keepdims=True) if len(confidence) else confidence
    groups: FloatArray = np.lib.stride_tricks.sliding_window_view(confidence, window).mean(axis=1)
    return groups


class TraceConfidence(NamedTuple):
    """Scores of one trace, in nats, NaN without tokens: the lowest window, the last tokens (as many as a window has),
    the mean of the lowest share of windows, the mean of all tokens."""

    least: float
    tail: float
    bottom: float
    mean: float


def trace_confidence(confidence: FloatArray, *, window: int = DEFAULT_WINDOW, share: float = 0.1) -> TraceConfidence:
    """DeepConf's four scores of a trace; `bottom` is the mean of the lowest `max(1, int(share * W))` windows."""
    if not len(confidence):
        return TraceConfidence(least=np.nan, tail=np.nan, bottom=np.nan, mean=np.nan)
    groups = np.sort(group_confidence(confidence, window))
    lowest = groups[: max(1, int(share * len(groups)))]
    return TraceConfidence(
        least=float(groups[0]),
        tail=float(confidence[-window:].mean()),
        bottom=float(lowest.mean()),
        mean=float(confidence.mean()),
    )


@dataclass(frozen=True)
class Vote:
    """Outcome of a vote: weight of each answer in order of appearance; `winner` "" when nobody voted, the first of
    equals when `tied`; `share` of the winner in the total, 0 when nobody voted."""

    weights: dict[str, float]
    winner: str
    share: float
    tied: bool


def vote(answers: Sequence[str], weights: FloatArray) -> Vote:
    """Add up the weights of equal answers; no answer, no vote."""
    totals: dict[str, float] = {}
    for answer, weight in zip(answers, weights.tolist(), strict=True):
        if answer and not np.isnan(weight):
            totals[answer] = totals.get(answer, 0.0) + weight
    if not totals:
        return Vote({}, "", 0.0, False)
    winner = max(totals, key=lambda answer: totals[answer])
    whole = sum(totals.values())
    tied = sum(np.isclose(total, totals[winner]) for total in totals.values()) > 1
    return Vote(totals, winner, totals[winner] / whole if whole else 0.0, bool(tied))


def stop_index(confidence: FloatArray, *, window: int, threshold: float) -> int | None:
    """Token at which generation would be stopped: the end of the first full window below the threshold."""
    if len(confidence) < window:
        return None
    below = np.flatnonzero(group_confidence(confidence, window) < threshold)
    return int(below[0]) + window - 1 if len(below) else None


WEIGHTS = {
    "majority": "one vote each",
    "mean": "mean confidence of all tokens (global)",
    "least": "lowest window (local)",
    "tail": "last tokens (local)",
    "bottom": "lowest tenth of windows (local)",
}
"""What a trajectory's vote may weigh -> in words."""


class Ballot(NamedTuple):
    """A vote by one kind of weight; `right` says whether the winner's trajectories are, None where nobody voted."""

    weight: str
    vote: Vote
    right: bool | None


def ballots(forest: Forest, recorded: Sequence[Trace], *, window: int = DEFAULT_WINDOW) -> list[Ballot]:
    """The trajectories' vote by each kind of weight: global against local confidence, beside the plain majority.

    Source: DeepConf offline, arXiv:2508.15260, section 3.2.
    """
    scores = [trace_confidence(trace.confidence, window=window) for trace in recorded]
    answers, right = [trace.answer for trace in recorded], is_right(forest)
    rewarded = {trace.answer for trace in recorded if right[trace.leaf]}
    found = []
    for name in WEIGHTS:
        weights = [1.0 if name == "majority" else getattr(score, name) for score in scores]
        votes = vote(answers, np.array(weights, dtype=np.float64))
        found.append(Ballot(name, votes, votes.winner in rewarded if votes.winner else None))
    return found


@dataclass(frozen=True)
class Replayed:
    """One trace under early stopping: `stopped_at` is the index of its last token where it was cut, `used` how many
    tokens were written (0 when it was never started), `weight` its lowest window, NaN where it does not vote."""

    leaf: int
    answer: str
    n_tokens: int
    used: int
    stopped_at: int | None
    weight: float


@dataclass(frozen=True)
class Replay:
    """Early stopping on recorded traces, beside voting without it.

    Attributes:
        threshold: lowest window that is still good enough, NaN without warm-up traces.
        traces: in order of sampling; the first `n_warmup` are written to their end.
        before: plain majority of all traces; after: confidence-weighted vote of those that survive.
        tokens_recorded, tokens_used: summed over traces; distinct_recorded, distinct_used: shared prefixes once.
    """

    threshold: float
    n_warmup: int
    traces: tuple[Replayed, ...]
    before: Vote
    after: Vote
    tokens_recorded: int
    tokens_used: int
    distinct_recorded: int
    distinct_used: int

    @property
    def changed(self) -> bool:
        """Whether the answer is another one than without early stopping."""
        return self.before.winner != self.after.winner

    @property
    def saved(self) -> float:
        """Share of the traces' tokens that were never written, 0..1."""
        return 1.0 - self.tokens_used / self.tokens_recorded if self.tokens_recorded else 0.0


def replay(
    recorded: Sequence[Trace],
    *,
    window: int = DEFAULT_WINDOW,
    warmup: int = 16,
    keep: float = 90.0,
    consensus: float = 1.0,
) -> Replay:
    """DeepConf online, on traces that are recorded already.

    The first `warmup` traces run to their end; the threshold is the `100 - keep` percentile of their lowest windows.
    Later ones are stopped at the first full window below it. Traces that were stopped or lie below it do not vote.

    Args:
        recorded: in order of sampling.
        keep: percent of warm-up traces that pass (repository: 90 "high"; 10 "low").
        consensus: no further trace is started once the winner's share is at least this (paper: 0.95; the released
            code has no such rule). 1 starts them all.
    """
    lowest = np.array([trace_confidence(trace.confidence, window=window).least for trace in recorded])
    known = lowest[:warmup][~np.isnan(lowest[:warmup])]
    threshold = float(np.percentile(known, 100 - keep)) if len(known) else np.nan
    done: list[Replayed] = []
    for number, trace in enumerate(recorded):
        length = len(trace.token)
        if number >= warmup and consensus < 1 and tally(done).share >= consensus:
            done.append(Replayed(trace.leaf, trace.answer, length, 0, None, np.nan))
            continue
        cut = None if number < warmup else stop_index(trace.confidence, window=window, threshold=threshold)
        passes = cut is None and not lowest[number] < threshold
        used = length if cut is None else cut + 1
        done.append(Replayed(trace.leaf, trace.answer, length, used, cut, lowest[number] if passes else np.nan))
    everything = [trace.token for trace in recorded]
    written = [trace.token[: one.used] for trace, one in zip(recorded, done, strict=True)]
    return Replay(
        threshold=threshold,
        n_warmup=min(warmup, len(recorded)),
        traces=tuple(done),
        before=vote([trace.answer for trace in recorded], np.ones(len(recorded))),
        after=tally(done),
        tokens_recorded=sum(map(len, everything)),
        tokens_used=sum(map(len, written)),
        distinct_recorded=distinct(everything),
        distinct_used=distinct(written),
    )


def tally(done: Sequence[Replayed]) -> Vote:
    """The vote of the traces so far."""
    return vote([one.answer for one in done], np.array([one.weight for one in done]))


def distinct(rows: Sequence[IntArray]) -> int:
    """Number of different tokens among several traces."""
    return len(np.unique(np.concatenate([np.empty(0, dtype=np.int64), *rows])))
