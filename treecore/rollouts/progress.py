"""The progress report of a running rollout, as callbacks receive it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from treecore.core.forest import Forest

REPORT_EVERY = 0.1
"""Seconds between reports."""


@dataclass(frozen=True)
class Progress:
    """One report of a run.

    Attributes:
        done, total: trajectories that ended, and that the run will have. Of a sampler that may give more than its size,
            all that are written and not yet continued, and a guess; at the end they are the leaves of all forests.
        forests, prompts: finished forests, and how many there will be.
        tokens: drawn so far.
        seconds: since the start.
        waves: prompt ids of the forests whose wave ended since the last report.
        snapshot: gives all forests begun so far and not yet finished, unfinished steps as open nodes; only valid
            during the report.
        waiting: what the run waits for and how long yet, a clause; empty while it goes on.
    """

    done: int
    total: int
    forests: int
    prompts: int
    tokens: int
    seconds: float
    waves: tuple[str, ...]
    snapshot: Callable[[], list[Forest]]
    waiting: str = ""
