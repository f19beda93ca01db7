"""The Ray engine: distributes prompts over workers with a model each, and collects finished forests.

What is drawn depends on the seed and the prompt's id alone, so it does not matter which worker samples a prompt, nor
how often: those prompts of a lost worker that are not finished are given to another. Knows no files.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from treecore.core.forest import Forest
from treecore.errors import PolicyError, TaskError
from treecore.formats import read
from treecore.protocols import Prompt
from treecore.rollouts.config import RolloutConfig
from treecore.rollouts.plan import RolloutPlan
from treecore.rollouts.prepare import DescribedPolicy, PreparedRollout
from treecore.rollouts.progress import Progress
from treecore.rollouts.ray.cluster import Lost, answer, cluster, first_ready, hire, kill, size_of
from treecore.rollouts.ray.worker import Worker, WorkerSetup
from treecore.rollouts.worker_reports import Report, WorkerTotals

POLL_SECONDS = 0.2
"""Seconds between looks at what a worker has done."""
MAX_LOSSES = 3
"""Workers that may be lost in a row while no forest is finished."""


@dataclass(eq=False)
class RayWorkerHandle:
    """A worker as this process sees it.

    Attributes:
        actor: its handle.
        asked: the question that it has not answered yet.
        prompts: what it has to sample and has not returned, by id.
        report: its last report; idle at first.
    """

    actor: Any
    asked: Any = None
    prompts: dict[str, Prompt] = field(default_factory=dict)
    report: Report = field(default_factory=Report)


class RayEngine:
    """See `treecore.rollouts.engine.Engine`; a context that starts Ray, unless it runs, and ends what it started.

    Args:
        prepared: what is to be sampled; task and model by name.

    Raises:
        PolicyError: Ray cannot be started or lacks what is asked for, or the model cannot be loaded there.
        TaskError, MethodError: something that has no name, or that does not fit.
    """

    def __init__(self, prepared: PreparedRollout) -> None:
        require_names(prepared.config)
        self.prepared, self.config = prepared, prepared.config
        self._workers: list[RayWorkerHandle] = []
        self._losses = 0

    def __enter__(self) -> Self:
        self._cluster = cluster(self.config)
        self._cluster.__enter__()
        try:
            self.size = size_of(self.config)
            load = replace(self.config.load, device=self.size.device)
            there = replace(self.config, load=load, engine="local", workers=None, ray_address=None)
            self.setup = WorkerSetup(replace(there, prompts=(), question=None), os.getcwd())
            first = self._hire()
            try:
                self.description: Mapping[str, Any] = answer(first.asked)
            except Lost as error:
                raise PolicyError(f"the worker that loaded the model was lost: {error}") from None
            first.asked = None
            policy: Any = DescribedPolicy(self.description)
            self.plan = self.prepared.plan(policy, self.prepared.prompts)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            kill(worker.actor)
        self._workers = []
        self._cluster.__exit__(None, None, None)

    def run(
        self,
        plan: RolloutPlan,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Iterator[Forest]:
        """See `Engine.run`. What a worker has not finished when the run is stopped ends with the engine."""
        waiting, totals = deque(plan.prompts), WorkerTotals(plan, on_progress)
        while waiting or any(not worker.report.idle for worker in self._workers):
            if should_stop is not None and should_stop():
                return
            self._give(waiting, totals)
            asked = {worker.asked: worker for worker in self._workers if worker.asked is not None}
            for ready in first_ready(list(asked), POLL_SECONDS):
                yield from self._heard(asked[ready], waiting, totals)
            totals.tell(len(waiting))
        totals.tell(0, last=True)

    def _hire(self) -> RayWorkerHandle:
        """A new worker, which begins to load."""
        worker = RayWorkerHandle(hire(Worker, gpus=self.size.gpus))
        self._workers.append(worker)
        worker.asked = worker.actor.load.remote(self.setup, self.prepared.prompts[0])
        return worker

    def _give(self, waiting: deque[Prompt], totals: WorkerTotals) -> None:
        """Prompts for every worker that has none, more workers for those that are left."""
        for worker in self._workers:
            if waiting and worker.asked is None:
                size = batch_size(len(waiting), workers=self.size.workers)
                worker.prompts = {prompt.id: prompt for prompt in (waiting.popleft() for _ in range(size))}
                totals.begun(worker, len(worker.prompts))
                worker.report = Report(idle=False)
                worker.asked = worker.actor.begin.remote(list(worker.prompts.values()))
        loading = sum(worker.asked is not None and worker.report.idle for worker in self._workers)
        for _ in range(min(self.size.workers - len(self._workers), len(waiting) - loading)):
            self._hire()

    def _heard(self, worker: RayWorkerHandle, waiting: deque[Prompt], totals: WorkerTotals) -> Iterator[Forest]:
        """An answer of a worker: the forests that it holds, and the next question."""
        try:
            news = answer(worker.asked)
        except Lost as error:
            self._lost(worker, waiting, totals, str(error))
            return
        worker.asked = None
        if not isinstance(news, Report):
            self._compare(news)
            return
        worker.report = news
        totals.reported(worker, news)
        if not news.idle:
            worker.asked = worker.actor.report.remote(POLL_SECONDS)
        for line in news.lines:
            (forest,) = read(line, name="a worker's forest")
            del worker.prompts[forest.id]
            self._losses = 0
            totals.finished(worker, forest)
            yield forest
        assert not (news.idle and worker.prompts), "a worker is idle and has not handed back all its prompts"

    def _lost(self, worker: RayWorkerHandle, waiting: deque[Prompt], totals: WorkerTotals, why: str) -> None:
        self._workers.remove(worker)
        self._losses += 1
        if self._losses > MAX_LOSSES:
            raise PolicyError(
                f"{self._losses} workers in a row were lost before they finished anything: {why}",
                todo="look at the logs of Ray",
            )
        totals.lost(worker)
        waiting.extendleft(reversed(worker.prompts.values()))

    def _compare(self, description: Mapping[str, Any]) -> None:
        """A worker that comes later has the same model."""
        if description != self.description:
            names = {**self.description, **description}
            odd = " and ".join(name for name in names if description.get(name) != self.description.get(name))
            raise PolicyError(f"workers have models of different {odd}", todo="give all machines the same files")


def batch_size(waiting: int, *, workers: int) -> int:
    """How many prompts to give to a worker: three quarters of its fair share, so that all end at about one time."""
    return max(1, -(-3 * waiting // (4 * workers)))


def require_names(config: RolloutConfig) -> None:
    """Task and model are given by name.

    Raises:
        TaskError, PolicyError: one is an object, which other machines cannot make again.
    """
    if not isinstance(config.task, str):
        raise TaskError("a task that is an object cannot be sent to other machines", todo="give it by name")
    if not isinstance(config.model, str):
        raise PolicyError("a model that is loaded here cannot be sent to other machines", todo="give it by name")
