"""A rollout in the worker's thread: sample what was asked for, tell how far it is, keep it on the disk as it grows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.rollout.job_queue import Job
from app.rollout.model_loader import Loader
from app.rollout.request import JobProgress, Model, Request
from app.rollout.run_store import Shelf, runs_folder
from treecore.core.forest import Forest
from treecore.errors import FormatError
from treecore.samplers import SAMPLERS

if TYPE_CHECKING:
    from treecore.rollouts import Progress, RolloutConfig

LOOK_EVERY, LOOK_SHARE = 0.25, 0.05
"""Seconds between two looks at what grows; more where they would take more than this share of the time."""
KEEP_EVERY = 1.0
"""Seconds between two times that what grows is written, likewise."""

SHELF = Shelf(runs_folder())


def load(model: Model) -> Any:
    """A model, from where it is."""
    from treecore.policies import load_policy

    given = {name: value for name, value in asdict(model).items() if name != "name" and value}
    return load_policy(model.name, **given)


MODELS = Loader(load)


class Reporter:
    """Takes what a run tells, and says when it is to stop.

    Args:
        job: whose pace, progress and note are set.
        request: with the limits.
    """

    def __init__(self, job: Job, request: Request) -> None:
        self._job, self._limits, self._count = job, request.limits, SAMPLERS[request.sampler].count
        self._seen: dict[str, Forest] = {}
        self._next_look = self._next_keep = 0.0
        self._began = time.monotonic()

    def report(self, progress: Progress) -> None:
        """Pass a report on to whoever looks at the job."""
        job = self._job
        job.tell(progress.done, progress.total, progress.seconds)
        self._bound(trajectories=progress.done, tokens=progress.tokens)
        now = time.monotonic()
        if now >= self._next_look or progress.done >= progress.total or job.note:
            growing = progress.snapshot()
            self._seen.update({forest.id: forest for forest in growing})
            self._next_look = now + max(LOOK_EVERY, (time.monotonic() - now) / LOOK_SHARE)
            self._keep(growing)
        job.progress = JobProgress(
            progress.done,
            progress.total,
            progress.tokens,
            progress.seconds,
            tuple(self._seen.values()),
            progress.waiting,
            self._count,
            progress.forests / max(progress.prompts, 1),
        )

    def _keep(self, growing: Sequence[Forest]) -> None:
        now = time.monotonic()
        if now >= self._next_keep or self._job.note:
            SHELF.put_growing(self._job.name, growing)
            self._next_keep = now + max(KEEP_EVERY, (time.monotonic() - now) / LOOK_SHARE)

    def _bound(self, *, trajectories: int = 0, tokens: int = 0) -> None:
        if self._limits is not None and not self._job.note:
            spent = time.monotonic() - self._began
            self._job.note = self._limits.passed(trajectories=trajectories, tokens=tokens, seconds=spent)

    def should_stop(self) -> bool:
        """Whether the job was cancelled or has had all that it may have; asked between the tokens."""
        self._bound()
        return self._job.stop.is_set() or bool(self._job.note)


def run(job: Job, request: Request) -> list[Forest]:
    """The finished forests, in the order of the prompts; what a run of this name had finished before is kept."""
    from treecore.formats import read
    from treecore.rollouts import rollout, rollout_to_file

    policy = MODELS.get(request.model, job.stop, meanwhile=lambda: tell_waits(job, request.model.server))
    if policy is None:
        return []
    reporter, file = Reporter(job, request), SHELF.file(job.name)
    config = config_of(request, policy)
    if file is None:
        return rollout(config, on_progress=reporter.report, should_stop=reporter.should_stop)
    try:
        rollout_to_file(file, config, resume=True, on_progress=reporter.report, should_stop=reporter.should_stop)
        if not reporter.should_stop():
            SHELF.put_growing(job.name, [])
        return list(read(file)) if file.exists() and file.stat().st_size else []
    except FormatError as error:
        raise FormatError("the run could not be written to the disk of this server", todo="try again") from error


def config_of(request: Request, policy: Any) -> RolloutConfig:
    """The run that a visitor asks for, with a model that is loaded already."""
    from treecore.rollouts import RolloutConfig
    from treecore.tasks import get_task

    return RolloutConfig(
        task=get_task(request.task, **request.options),
        model=policy,
        sampler=request.sampler,
        sampler_settings=request.settings,
        prompts=request.prompts,
        question=request.question or None,
        seed=request.seed,
        temperature=request.temperature,
        record={"top_tokens": request.top_tokens},
    )


def begins(model: Model) -> str:
    """What a run does before it can tell of anything."""
    if model.server:
        return "asking the server"
    return "starting" if MODELS.ready(model) else "loading the model"


def tell_waits(job: Job, server: str) -> None:
    """What a server is waited for while its model is asked for the first time."""
    if server:
        from treecore.policies.openai.client import base_url
        from treecore.policies.openai.retries import message_of

        waiting = message_of(base_url(server))
        job.progress = JobProgress(0, job.size, 0, 0.0, (), waiting) if waiting else None
