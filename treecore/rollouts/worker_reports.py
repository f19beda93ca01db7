"""Progress of a run whose prompts are spread over workers, here or of Ray: what each reports, added up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from treecore.core.forest import Forest
from treecore.rollouts.plan import RolloutPlan
from treecore.rollouts.progress import REPORT_EVERY, Progress


@dataclass
class Report:
    """News since the last report.

    Attributes:
        lines: forests that were finished, as lines of a file.
        done, total, tokens: as in `Progress`, of the prompts that were begun last.
        waves: as in `Progress`.
        idle: nothing is left to sample.
    """

    lines: list[bytes] = field(default_factory=list)
    done: int = 0
    total: int = 0
    tokens: int = 0
    waves: tuple[str, ...] = ()
    idle: bool = True


@dataclass
class WorkerShare:
    """What one worker is at: its last report, how much of that came in as forests, and how many prompts it has."""

    report: Report = field(default_factory=Report)
    trajectories: int = 0
    tokens: int = 0
    prompts: int = 0


class WorkerTotals:
    """Numbers of a run so far: of the forests that came in, and of what workers say of those that grow.

    Args:
        plan: of the run.
        on_progress: whom to tell, after every wave and about ten times a second.
        snapshot: gives the forests that grow, as far as they can be seen.
    """

    def __init__(
        self,
        plan: RolloutPlan,
        on_progress: Callable[[Progress], None] | None,
        *,
        snapshot: Callable[[], list[Forest]] = list,
    ) -> None:
        self.on_progress, self.snapshot = on_progress, snapshot
        self.prompts, self.size = len(plan.prompts), plan.sampler.trajectories(plan.settings)
        self._shares: dict[Hashable, WorkerShare] = {}
        self._counts = Counter[str]()
        self._waves: list[str] = []
        self._began = self._reported = time.monotonic()

    def begun(self, worker: Hashable, prompts: int) -> None:
        """A worker that has none was given so many prompts."""
        self._shares[worker] = WorkerShare(prompts=prompts)

    def given(self, worker: Hashable, prompts: int) -> None:
        """A worker was given more."""
        self._shares[worker].prompts += prompts

    def reported(self, worker: Hashable, report: Report) -> None:
        """News of its share."""
        self._shares[worker].report = report
        self._waves += report.waves

    def finished(self, worker: Hashable, forest: Forest) -> None:
        """A forest of its share came in."""
        share, tokens = self._shares[worker], int(forest.provenance.get("tokens_generated", 0))
        share.trajectories += len(forest.leaves)
        share.tokens += tokens
        share.prompts -= 1
        self._counts.update(forests=1, trajectories=len(forest.leaves), tokens=tokens)

    def lost(self, worker: Hashable) -> None:
        """A worker is gone; what came in stays counted."""
        self._shares.pop(worker, None)

    def tell(self, waiting: int, *, last: bool = False) -> None:
        """Report, unless that was done a moment ago.

        Args:
            waiting: prompts that no worker has.
            last: the run is over.
        """
        now = time.monotonic()
        if self.on_progress is None or not (last or self._waves or now - self._reported >= REPORT_EVERY):
            return
        self._reported = now
        waves, self._waves = tuple(self._waves), []
        growing = [] if last else list(self._shares.values())
        done = self._counts["trajectories"]
        ended = done + sum(max(0, one.report.done - one.trajectories) for one in growing)
        total = done + sum(self._growing(one) for one in growing) + waiting * self.size
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
                snapshot=self.snapshot,
            )
        )

    def _growing(self, share: WorkerShare) -> int:
        """Trajectories that the unfinished forests of a worker will have."""
        return max(share.report.total - share.trajectories, share.prompts * self.size)
