"""What the bundled model adds to forests that it wrote: a job of the queue, then opened. Here Monte Carlo values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import streamlit as st

from app import state
from app.rollout import visitor_jobs
from app.rollout.continuing import BUNDLED, continued, lacks
from app.rollout.job_queue import Job, Phase
from app.rollout.page_job import LOOK_EVERY, PageJob
from app.rollout.request import Limits
from app.rollout.worker import begins
from app.serving import permissions
from app.verbatim import verbatim
from treecore.core.forest import Forest

KIND, COLUMN, K = "monte_carlo", "mc_value", 8
"""The kind of annotation, the column that it adds, and continuations of each step."""


class Addition(NamedTuple):
    """Something that can be added to forests.

    Attributes:
        kind: of the job; title: what is added, in words; done: a sentence for when it is there.
        unit: what a piece of the work is called, and several.
        size: how many trajectories of a forest it counts as.
        run: the forests with it, in the worker's thread; fewer where it was cancelled or a limit ended it.
    """

    kind: str
    title: str
    done: str
    unit: tuple[str, str]
    size: Callable[[Forest], int]
    run: Callable[[Job, Sequence[Forest], Limits | None], list[Forest]]


class Asked(NamedTuple):
    """What was asked for: the job, what it adds, what it is added to, by its key, and for which method, "" for none."""

    job: Job
    adds: Addition
    key: str
    method: str


ADDING: PageJob[Asked] = PageJob("annotating")


def lacking() -> str:
    """Why what is open cannot be annotated, "" where it can."""
    if (now := ADDING.asked()) is not None:
        return f"{now.adds.title} are being added"
    return next((reason for forest in state.recorded().forests if (reason := lacks(forest))), "")


def values(job: Job, forests: Sequence[Forest], limits: Limits | None) -> list[Forest]:
    """The forests with Monte Carlo values."""
    return continued(job, forests, BUNDLED, limits, kind=KIND, settings={"k": K})


VALUES = Addition(
    KIND,
    "Monte Carlo values",
    f"Values from {K} fresh continuations of every step are there.",
    ("continuation", "continuations"),
    lambda forest: K * len(forest),
    values,
)


def ask(adds: Addition = VALUES, *, method: str = "") -> None:
    """Queue an addition to what is open, for this method if any; what hinders it is shown. Only from callbacks."""
    if lacking():
        return
    given = state.recorded()
    forests, size, limits = list(given.forests), sum(map(adds.size, given.forests)), permissions.limits()
    job = visitor_jobs.own_job(
        lambda job: adds.run(job, forests, limits),
        title=adds.title,
        begins=begins(BUNDLED),
        size=size,
        kind=adds.kind,
    )
    if refused := ADDING.begin(Asked(job, adds, given.key, method), limits):
        state.put({"notice": refused})


def settle() -> None:
    """Open what has been annotated by now, at the same prompt and step, by the method it is for; before any drawing."""
    now = ADDING.over()
    if now is None:
        return
    given, job, adds = state.recorded(), now.job, now.adds
    if job.phase is Phase.FAILED or job.note:
        state.put({"notice": f"{job.error or f'No {adds.title} were added: {job.note}'}."})
    elif given.key == now.key and job.result and len(job.result) == len(given.forests):
        kept = {name: state.get_or(name, "") for name in ("node", "method", "forest", "turned")}
        if state.open_forests(job.result, f"{given.title}, with {adds.title}"):
            state.put(kept | ({"method": now.method} if now.method else {}))
            st.toast(verbatim(adds.done), icon=":material/check:")


def bar() -> None:
    """How far it is, and the way out."""
    if (now := ADDING.asked()) is not None:
        watch = st.fragment(ADDING.watch, run_every=LOOK_EVERY)
        watch(now, title=f"Adding {now.adds.title}: ", unit=now.adds.unit)
