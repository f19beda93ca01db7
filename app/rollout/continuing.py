"""Recorded forests continued by a model, in the worker's thread: what hinders it, and the work within its limits."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.rollout.form_values import BUNDLED_MODEL
from app.rollout.job_queue import Job
from app.rollout.request import JobProgress, Limits, Model
from app.rollout.worker import MODELS
from app.serving import permissions
from treecore.core.forest import Forest
from treecore.tasks import MORE_TASKS, TASKS

if TYPE_CHECKING:
    from treecore.rollouts.progress import Progress

BUNDLED = Model(BUNDLED_MODEL)


def lacks(forest: Forest, model: Model = BUNDLED) -> str:
    """Why a model cannot continue a forest, "" where nothing is known against it.

    Models and tasks are named by the file, which a stranger may have written: none is loaded that nobody here chose.

    Args:
        model: the bundled one, or one that was named on one's own machine.
    """
    written_by = str(forest.policy.get("model", ""))
    if not written_by:
        return "the forest does not say which model wrote it"
    if forest.tokens is None or forest.tokens.id is None:
        return "no token ids are recorded, so nothing can go on from here exactly"
    if model.server:
        return "a server cannot go on after recorded tokens; name a model that is loaded here"
    if model == BUNDLED and written_by != BUNDLED_MODEL:
        return "only forests of the bundled model grow here; for others use `treecore annotate`"
    if forest.task not in (TASKS if model == BUNDLED else {**TASKS, **MORE_TASKS}):
        return "its task is none of the bundled ones"
    return "the server is read-only" if permissions.is_read_only() else ""


class Bounded:
    """Tells a job how far its work is, and the work when it is to stop.

    Args:
        limits: None on the operator's own machine; the job's note says which of them was reached.
    """

    def __init__(self, job: Job, limits: Limits | None) -> None:
        self._job, self._limits, self._began = job, limits, time.monotonic()

    def report(self, progress: Progress) -> None:
        """Take a report of an annotation."""
        self.tell(done=progress.done, total=progress.total, tokens=progress.tokens)

    def tell(self, *, done: int, total: int, tokens: int) -> None:
        """So much is done of so much, with so many tokens."""
        seconds = time.monotonic() - self._began
        self._job.tell(done, total, seconds)
        self._job.progress = JobProgress(done, total, tokens, seconds, ())
        self._bound(trajectories=done, tokens=tokens)

    def should_stop(self) -> bool:
        """Whether the job was cancelled or has had all that it may have."""
        self._bound()
        return self._job.stop.is_set() or self._job.note != ""

    def _bound(self, *, trajectories: int = 0, tokens: int = 0) -> None:
        if self._limits is not None and not self._job.note:
            spent = time.monotonic() - self._began
            self._job.note = self._limits.passed(trajectories=trajectories, tokens=tokens, seconds=spent)


def continued(
    job: Job,
    forests: Sequence[Forest],
    model: Model,
    limits: Limits | None,
    *,
    kind: str,
    settings: Mapping[str, Any],
    **more: Any,
) -> list[Forest]:
    """The annotated forests in the order in which they were given; fewer where it was cancelled or came to a limit.

    Args:
        job: whose progress is told; its note says which limit was reached.
        limits: None on the operator's own machine.
        kind, settings: see `treecore.annotate.run.Annotation`; more: further fields of it.

    Raises:
        TreecoreError: the model cannot be loaded, or cannot continue these forests.
    """
    from treecore.annotate.run import Annotation, annotate

    policy = MODELS.get(model, job.stop)
    if policy is None:
        return []
    work = Bounded(job, limits)
    asked = Annotation(kind, settings, model=policy, **more)
    done = annotate(forests, asked, on_progress=work.report, should_stop=work.should_stop)
    order = {forest.id: place for place, forest in enumerate(forests)}
    return sorted(done, key=lambda forest: order.get(forest.id, 0))
