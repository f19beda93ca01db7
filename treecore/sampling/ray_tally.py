"""Adds up what the workers of a spread run report. Knows no Ray."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from treecore.forest import Forest
from treecore.sampling.driver import REPORT_EVERY, Plan
from treecore.sampling.progress import Progress
from treecore.sampling.ray_worker import Report


@dataclass
class Portion:
    """What one worker is at: its last report, and how much of that came in as forests since."""

    report: Report = field(default_factory=Report)
    trajectories: int = 0
    tokens: int = 0


class Tally:
    """Numbers of a run so far: of the forests that came in, and of what workers say of those that grow.

    Args:
        plan: of the run.
        on_progress: whom to tell, about ten times a second. Its `snapshot` is empty: forests grow elsewhere.
    """

    def __init__(self, plan: Plan, on_progress: Callable[[Progress], None] | None) -> None:
        self.on_progress = on_progress
        self.prompts, self.size = len(plan.prompts), plan.sampler.trajectories(plan.settings)
        self._portions: dict[Hashable, Portion] = {}
        self._counts = Counter[str]()
        self._waves: list[str] = []
        self._began = self._told = time.monotonic()

    def begun(self, worker: Hashable) -> None:
        """A worker was given a portion."""
        self._portions[worker] = Portion()

    def reported(self, worker: Hashable, report: Report) -> None:
        """News of its portion."""
        self._portions[worker].report = report
        self._waves += report.waves

    def finished(self, worker: Hashable, forest: Forest) -> None:
        """A forest of its portion came in."""
        portion, tokens = self._portions[worker], int(forest.provenance.get("tokens_generated", 0))
        portion.trajectories += len(forest.leaves)
        portion.tokens += tokens
        self._counts.update(forests=1, trajectories=len(forest.leaves), tokens=tokens)

    def lost(self, worker: Hashable) -> None:
        """A worker is gone; what came in stays counted."""
        self._portions.pop(worker, None)

    def tell(self, waiting: int, *, last: bool = False) -> None:
        """Report, unless that was done a moment ago.

        Args:
            waiting: prompts that no worker has.
            last: the run is over.
        """
        now = time.monotonic()
        if self.on_progress is None or not (last or now - self._told >= REPORT_EVERY):
            return
        self._told = now
        waves, self._waves = tuple(self._waves), []
        growing = [] if last else list(self._portions.values())
        done = self._counts["trajectories"]
        ended = done + sum(max(0, one.report.done - one.trajectories) for one in growing)
        total = done + sum(max(0, one.report.total - one.trajectories) for one in growing) + waiting * self.size
        tokens = self._counts["tokens"] + sum(max(0, one.report.tokens - one.tokens) for one in growing)
        self.on_progress(
            Progress(
                done=ended,
                total=max(total, ended),
                forests=self._counts["forests"],
                prompts=self.prompts,
                tokens=tokens,
                seconds=now - self._began,
                waves=waves,
                snapshot=list,
            )
        )
