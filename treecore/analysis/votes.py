"""Which answer the trajectories of a prompt agree on by confidence, and what early stopping would have saved.

Global confidence is the mean over a whole trajectory, local confidence that of its weakest window or its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from treecore.core.forest import Forest
from treecore.core.numerals import counted, whole
from treecore.errors import MethodError
from treecore.methods.confidence import DEFAULT_WINDOW
from treecore.methods.voting import Ballot, Replay, ballots, replay, traces


@dataclass(frozen=True)
class Votes:
    """The votes of one forest.

    Attributes:
        trajectories, answered: how many there are, and how many of them end with an answer.
        ballots: a vote by each kind of weight.
        stopped: the replay of early stopping.
    """

    trajectories: int
    answered: int
    ballots: tuple[Ballot, ...]
    stopped: Replay

    @property
    def in_words(self) -> str:
        """What early stopping would have done, in one sentence."""
        stop = self.stopped
        cut = sum(one.stopped_at is not None for one in stop.traces)
        never = sum(one.used == 0 for one in stop.traces)
        written = (
            f"{whole(stop.tokens_used)} of {counted(stop.tokens_recorded, 'token')} written ({stop.saved:.0%} saved)"
        )
        answer = f"the answer is {stop.after.winner}" if stop.after.winner else "nobody votes"
        return (
            f"Early stopping after {stop.n_warmup} of {self.trajectories}: {cut} stopped, {never} never started, "
            f"{written}; {answer}, {'another one than' if stop.changed else 'the same as'} by majority of all."
        )

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        stop = self.stopped
        return {
            "trajectories": self.trajectories,
            "answered": self.answered,
            "votes": [
                {
                    "weight": one.weight,
                    "answer": one.vote.winner,
                    "share": one.vote.share,
                    "tied": one.vote.tied,
                    "right": one.right,
                }
                for one in self.ballots
            ],
            "early_stopping": {
                "warmup": stop.n_warmup,
                "threshold": stop.threshold,
                "tokens_recorded": stop.tokens_recorded,
                "tokens_used": stop.tokens_used,
                "saved": stop.saved,
                "distinct_recorded": stop.distinct_recorded,
                "distinct_used": stop.distinct_used,
                "answer": stop.after.winner,
                "changed": stop.changed,
                "in_words": self.in_words,
            },
        }


def votes_of(
    forest: Forest,
    *,
    window: int = DEFAULT_WINDOW,
    warmup: int | None = None,
    keep: float = 90.0,
    consensus: float = 1.0,
) -> Votes:
    """The votes of a forest's trajectories. Arguments as in `treecore.methods.voting.replay`.

    Args:
        warmup: half of the trajectories when None; the paper's 16 is more than most forests here have.

    Raises:
        MethodError: no token has a confidence.
    """
    recorded = traces(forest)
    if not recorded:
        raise MethodError(
            "no token has a confidence, so no trajectory can vote by it", todo="sample with the bundled engine"
        )
    first = max(1, len(recorded) // 2) if warmup is None else warmup
    return Votes(
        trajectories=len(recorded),
        answered=sum(bool(trace.answer) for trace in recorded),
        ballots=tuple(ballots(forest, recorded, window=window)),
        stopped=replay(recorded, window=window, warmup=first, keep=keep, consensus=consensus),
    )
