"""Monte Carlo values for what is open, by the bundled model that wrote it: a job of the queue, then opened."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from app import state
from app.rollout import visitor_jobs
from app.rollout.form_values import BUNDLED_MODEL
from app.rollout.job_queue import Job, Phase
from app.rollout.page_job import LOOK_EVERY, PageJob
from app.rollout.request import JobProgress, Limits, Model
from app.rollout.worker import MODELS, begins
from app.serving import permissions
from treecore.core.forest import Forest
from treecore.errors import TreecoreError
from treecore.tasks import TASKS

if TYPE_CHECKING:
    from treecore.rollouts.progress import Progress

KIND, COLUMN, K = "monte_carlo", "mc_value", 8
"""The kind of annotation, the column that it adds, and continuations of each step."""


class Asked(NamedTuple):
    """What was asked for: the job, and the key of what it annotates."""

    job: Job
    key: str


ADDING: PageJob[Asked] = PageJob("annotating")


def lacks(forest: Forest) -> str:
    """Why the bundled model cannot continue a forest, "" where it can.

    Models and tasks are named by the file, which a stranger may have written: no others are loaded.
    """
    model = str(forest.policy.get("model", ""))
    if not model:
        return "the forest does not say which model wrote it"
    if forest.tokens is None or forest.tokens.id is None:
        return "no token ids are recorded, so nothing can go on from here exactly"
    if model != BUNDLED_MODEL:
        return "only forests of the bundled model grow here; for others use `treecore annotate`"
    if forest.task not in TASKS:
        return "its task is none of the bundled ones"
    return "the server is read-only" if permissions.is_read_only() else ""


def lacking() -> str:
    """Why what is open cannot be annotated, "" where it can."""
    if ADDING.asked() is not None:
        return "values are being added"
    return next((reason for forest in state.recorded().forests if (reason := lacks(forest))), "")


def run(job: Job, forests: Sequence[Forest], limits: Limits | None) -> list[Forest]:
    """The annotated forests, in the worker's thread; fewer where it was cancelled."""
    done = annotated(job, forests, KIND, {"k": K}, limits=limits)
    order = {forest.id: place for place, forest in enumerate(forests)}
    return sorted(done, key=lambda forest: order.get(forest.id, 0))


def annotated(
    job: Job,
    forests: Sequence[Forest],
    kind: str,
    settings: Mapping[str, Any],
    *,
    limits: Limits | None = None,
    **more: Any,
) -> list[Forest]:
    """Forests with what the bundled model adds, in the worker's thread, as they are finished; fewer where it stopped.

    Args:
        kind: of the annotation, with its `settings`.
        limits: of a run on this server; the job's note says which of them ended it.
        more: further fields of `treecore.annotate.run.Annotation`.
    """
    from treecore.annotate.run import Annotation, annotate

    policy = MODELS.get(Model(BUNDLED_MODEL), job.stop)
    if policy is None:
        return []
    began = time.monotonic()

    def tell(progress: Progress) -> None:
        seconds = time.monotonic() - began
        job.tell(progress.done, progress.total, seconds)
        job.progress = JobProgress(progress.done, progress.total, progress.tokens, seconds, ())
        if limits is not None and not job.note:
            job.note = limits.passed(trajectories=progress.done, tokens=progress.tokens, seconds=seconds)

    asked = Annotation(kind, settings, model=policy, **more)
    return list(annotate(forests, asked, on_progress=tell, should_stop=lambda: job.stop.is_set() or job.note != ""))


def ask() -> None:
    """Queue Monte Carlo values for what is open; what hinders it is shown. Only from callbacks."""
    if lacking():
        return
    given = state.recorded()
    forests, size, limits = list(given.forests), K * sum(map(len, given.forests)), permissions.limits()
    job = visitor_jobs.own_job(
        lambda job: run(job, forests, limits),
        title="Monte Carlo values",
        begins=begins(Model(BUNDLED_MODEL)),
        size=size,
        kind=KIND,
    )
    try:
        if limits is not None:
            limits.check(size)
        ADDING.begin(Asked(job, given.key))
    except TreecoreError as error:
        state.put({"notice": f"{error}."})


def settle() -> None:
    """Open what has been annotated by now, at the same prompt and step; before anything is drawn."""
    now = ADDING.over()
    if now is None:
        return
    given, job = state.recorded(), now.job
    if job.phase is Phase.FAILED or job.note:
        state.put({"notice": f"{job.error or f'No values were added: {job.note}'}."})
    elif given.key == now.key and job.result and len(job.result) == len(given.forests):
        kept = {name: state.get_or(name, "") for name in ("node", "method", "forest", "turned")}
        state.open_forests(job.result, f"{given.title}, with Monte Carlo values")
        state.put(kept)
        st.toast(f"Values from {K} fresh continuations of every step are there.", icon=":material/check:")


def bar() -> None:
    """How far it is, and the way out."""
    if (now := ADDING.asked()) is not None:
        watch = st.fragment(ADDING.watch, run_every=LOOK_EVERY)
        watch(now, title="Adding Monte Carlo values: ", unit=("continuation", "continuations"))
