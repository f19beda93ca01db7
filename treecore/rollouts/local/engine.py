"""The local engine: samples in this process, and in worker processes too where a small model leaves cores idle.

Every process has its share of the prompts from the start, so that the same command makes the same batches, and with
them every bit, whatever takes how long. Small jobs never start workers: these would come too late. Knows no files.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from treecore.core.forest import Forest
from treecore.errors import PolicyError
from treecore.policies import policy_of
from treecore.rollouts.local.capacity import processes
from treecore.rollouts.local.pool import LocalWorkerHandle, NotPicklable, pool_of, sendable
from treecore.rollouts.local.worker import BeginRun, EndRun, SendSnapshot, WorkerNews
from treecore.rollouts.plan import RolloutPlan
from treecore.rollouts.prepare import PreparedRollout, as_read
from treecore.rollouts.progress import Progress
from treecore.rollouts.rollout_scheduler import RolloutScheduler
from treecore.rollouts.worker_reports import Report, WorkerTotals

MIN_TRAJECTORIES_FOR_WORKERS = 2000
"""Trajectories from which on workers pay that have to be started; some fifteen seconds for the bundled model."""
POLL_SECONDS = 0.1

log = logging.getLogger(__name__)


class LocalEngine:
    """See `treecore.rollouts.engine.Engine`. Same errors as `policy_of` and `as_read`.

    Raises:
        PolicyError: several workers for a model that does not take them.
    """

    def __init__(self, prepared: PreparedRollout) -> None:
        self.prepared, config = prepared, prepared.config
        self.policy: Any = policy_of(config.model, config.load)
        self.workers = config.workers
        if (self.workers or 1) > 1 and not self.policy.one_core:
            raise PolicyError(
                "several workers are for small models on a CPU; this one uses the machine by itself",
                todo="leave workers out",
            )
        self.plan = prepared.plan(self.policy, [as_read(prompt, self.policy) for prompt in prepared.prompts])

    def run(
        self,
        plan: RolloutPlan,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Iterator[Forest]:
        """See `Engine.run`."""
        number = min(self._processes(plan), len(plan.prompts))
        if number > 1:
            try:
                return MultiprocessRun(self, plan, number, on_progress=on_progress, should_stop=should_stop).run()
            except (NotPicklable, OSError) as error:
                self.warn_alone(str(error))
        return RolloutScheduler(plan, on_progress=on_progress, should_stop=should_stop).run()

    def _processes(self, plan: RolloutPlan) -> int:
        if len(plan.prompts) == 1 or not self.policy.one_core:
            return 1
        if self.workers is not None:
            return self.workers
        size = plan.sampler.trajectories(plan.settings)
        return processes() if len(plan.prompts) * size >= MIN_TRAJECTORIES_FOR_WORKERS else 1

    def warn_alone(self, why: str) -> None:
        """Say that this process goes on alone, where more were asked for."""
        (log.info if self.workers is None else log.warning)("one process samples alone: %s", why)


class MultiprocessRun:
    """One run, shared by this process and its workers.

    Args:
        engine: whose run it is.
        plan: of the run.
        number: of processes, this one included.

    Raises:
        NotPicklable, OSError: there can be no workers.
    """

    def __init__(
        self,
        engine: LocalEngine,
        plan: RolloutPlan,
        number: int,
        *,
        on_progress: Callable[[Progress], None] | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self.engine, self.should_stop = engine, should_stop
        self.pool = pool_of(engine.policy)
        shares = [plan.prompts[place::number] for place in range(1, number)]
        parts = [sendable(engine.prepared.share(share), "the task") for share in shares]
        self.scheduler = RolloutScheduler(replace(plan, prompts=plan.prompts[::number]), on_progress=self._own)
        self.totals = WorkerTotals(plan, on_progress, snapshot=self._snapshot)
        self.totals.begun(self, len(self.scheduler.waiting))
        self.pool.start(engine.policy, number)
        self.pool.runs += 1
        self.workers = list(self.pool.workers)
        for worker, part, share in zip(self.workers, parts, shares, strict=True):
            worker.prompts, worker.growing = {prompt.id: prompt for prompt in share}, []
            worker.send(BeginRun(self.pool.runs, part))
            self.totals.begun(worker, len(share))

    def run(self) -> Iterator[Forest]:
        """Forests in the order in which they are finished."""
        try:
            while self.scheduler.busy or any(worker.prompts for worker in self.workers):
                if self.should_stop is not None and self.should_stop():
                    return
                busy = self.scheduler.busy
                for forest in self.scheduler.turn() if busy else ():
                    self.totals.finished(self, forest)
                    yield forest
                yield from self._heard(0.0 if busy else POLL_SECONDS)
                self.scheduler.report()
                self.totals.tell(0)
            self.totals.tell(0, last=True)
        finally:
            for worker in self.workers:
                worker.prompts.clear()
                worker.send(EndRun())

    def _heard(self, seconds: float) -> Iterator[Forest]:
        """What workers tell; waits for it as long."""
        for worker in self.pool.poll(seconds):
            news = worker.news()
            if news is None:
                self._lost(worker)
            elif worker in self.workers and news.run == self.pool.runs:
                yield from self._forests_of(worker, news)

    def _forests_of(self, worker: LocalWorkerHandle, news: WorkerNews) -> Iterator[Forest]:
        if news.unable:
            self._take_over(worker)
            self.engine.warn_alone(f"the task cannot be sent to another process ({news.error})")
            return
        if news.error is not None:
            raise news.error
        worker.growing = worker.growing if news.growing is None else news.growing
        self.totals.reported(worker, news)
        for forest in news.forests:
            del worker.prompts[forest.id]
            self.totals.finished(worker, forest)
            yield forest

    def _lost(self, worker: LocalWorkerHandle) -> None:
        self.pool.drop(worker)
        if worker in self.workers:
            log.warning(
                "a worker process was lost (exit code %s); its prompts are sampled here", worker.process.returncode
            )
            self._take_over(worker)

    def _take_over(self, worker: LocalWorkerHandle) -> None:
        """Sample here what a worker has not finished."""
        self.workers.remove(worker)
        self.totals.lost(worker)
        self.totals.given(self, len(worker.prompts))
        self.scheduler.waiting.extend(worker.prompts.values())
        worker.prompts.clear()

    def _own(self, progress: Progress) -> None:
        self.totals.reported(
            self, Report(done=progress.done, total=progress.total, tokens=progress.tokens, waves=progress.waves)
        )

    def _snapshot(self) -> list[Forest]:
        """What grows here now, and what grew in the workers at the look before."""
        for worker in self.workers:
            worker.send(SendSnapshot())
        theirs = [forest for worker in self.workers for forest in worker.growing if forest.id in worker.prompts]
        return [*self.scheduler.snapshot(), *theirs]
