"""Rollouts of visitors in the queue: who asked for them, who looks at them, and those that outlived a server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from app.rollout.job_queue import Job, JobQueue, Phase
from app.rollout.request import Request
from app.rollout.run_store import About, KeptRun
from app.rollout.worker import SHELF, begins, run
from app.serving import permissions
from app.serving.presence import open_page
from treecore.errors import TreecoreError

RECENT = 20
"""Runs on the disk that are looked through for those of a visitor."""

QUEUE = JobQueue()
"""One for all visitors of this server: they share one processor."""


def submit(request: Request, *, name: str = "") -> Job:
    """Queue a run; the job's result is the list of finished forests.

    Args:
        name: of a run that was broken off and is to go on; "" for a new one.

    Raises:
        TreecoreError: nothing is sampled on this server, it is too large, or the line is full.
    """
    if permissions.is_read_only():
        raise TreecoreError(permissions.READ_ONLY, todo="start treecore on your own machine to sample")
    if request.limits is not None:
        request.limits.check(request.trajectories)
    job = own_job(
        lambda job: run(job, request),
        title=request.title,
        begins=begins(request.model),
        size=request.trajectories,
        kind=repr((request.model, request.task, request.sampler)),
        again=request,
    )
    job.name = name or job.name
    job.changed = partial(put, job, time.time(), threading.Lock())
    QUEUE.submit(job)
    job.changed()
    return job


def own_job(run: Callable[[Job], Any], **more: Any) -> Job:
    """A job of the visitor of this page, which looks at it; not in the line yet.

    Args:
        more: further fields of `Job`.
    """
    job = Job(run, owner=permissions.visitor(), frank=permissions.is_private(), present=Pages(), **more)
    watched(job)
    return job


def put(job: Job, begun: float, lock: threading.Lock) -> None:
    """Write what is known of a job to the disk; whoever comes last writes its last phase."""
    keep = QUEUE.names()  # asked before: who holds the queue may wait for the lock
    with lock:
        about = About(job.again, job.owner, begun, job.phase.value, job.error, job.note)
        SHELF.put(job.name, about, keep=keep)


def take_up(name: str) -> Job | None:
    """A job by its name, for the page that asks now: one of this server, or one that a server before it left."""
    job = QUEUE.find(name)
    if job is None and (kept := SHELF.find(name)) is not None:
        job = revived(kept)
        QUEUE.keep(job)
    if job is not None:
        watched(job)
    return job


def is_known(name: str) -> bool:
    """Whether there is a job of a name, here or on the disk."""
    return QUEUE.find(name) is not None or SHELF.about(name) is not None


def revived(kept: KeptRun) -> Job:
    """A run from the disk; one that had not ended did so with its server."""
    about = kept.about
    phase = Phase(about.phase)
    return Job(
        run=lambda job: None,
        title=about.request.title,
        name=kept.name,
        owner=about.owner,
        phase=Phase.BROKEN if phase.live else phase,
        result=list(kept.forests),
        error=about.error,
        note=about.note,
        again=about.request,
        present=Pages(),
    )


def ended() -> int:
    """How many jobs have ended. Those that lie on the disk and are on nobody's page are taken from there next time."""
    for job in QUEUE.over():
        if not job.present() and SHELF.about(job.name) is not None:
            QUEUE.forget(job)
    return QUEUE.ended


def left_over() -> dict[str, str]:
    """Name -> title of the visitor's own runs that ended with a server, the last ones first."""
    who, recent = permissions.visitor(), SHELF.names()[:RECENT]
    found = {name: about for name in recent if (about := SHELF.about(name)) is not None}
    return {
        name: about.request.title
        for name, about in found.items()
        if who and about.owner == who and Phase(about.phase).live and not is_here(name)
    }


def is_here(name: str) -> bool:
    """Whether this server has a run, other than as one that another left."""
    job = QUEUE.find(name)
    return job is not None and job.phase is not Phase.BROKEN


def go_on(job: Job, request: Request) -> Job:
    """Queue a run that was broken off again; what it had finished is kept. Errors as in `submit`."""
    fresh = submit(request, name=job.name)
    QUEUE.forget(job)
    return fresh


def is_own(job: Job) -> bool:
    """Whether the visitor of this page asked for the job, so that it is theirs to cancel."""
    return job.owner in ("", permissions.visitor())


def cancel(job: Job) -> None:
    """Cancel a job, if it is the visitor's own."""
    QUEUE.cancel(job, by=permissions.visitor() if job.owner else "")


class Pages:
    """The pages that show a job: called, whether any of them is still open."""

    def __init__(self) -> None:
        self._open: tuple[Callable[[], bool], ...] = ()

    def add(self, is_open: Callable[[], bool]) -> None:
        """One more."""
        self._open = (*(one for one in self._open if one()), is_open)

    def __call__(self) -> bool:
        return any(one() for one in self._open)


def watched(job: Job) -> None:
    """Let the page that asks now be one of those for which the job runs; who else looks at it changes nothing."""
    if isinstance(job.present, Pages):
        job.present.add(open_page())
