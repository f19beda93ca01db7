"""Monte Carlo values for what is open, by the bundled model that wrote it: a job of the queue, then opened."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from app import state
from app.rollout import visitor_jobs
from app.rollout.continuing import BUNDLED, continued, lacks
from app.rollout.job_queue import Job, Phase
from app.rollout.page_job import LOOK_EVERY, PageJob
from app.rollout.worker import begins
from app.serving import permissions
from treecore.errors import TreecoreError

KIND, COLUMN, K = "monte_carlo", "mc_value", 8
"""The kind of annotation, the column that it adds, and continuations of each step."""


class Asked(NamedTuple):
    """What was asked for: the job, and the key of what it annotates."""

    job: Job
    key: str


ADDING: PageJob[Asked] = PageJob("annotating")


def lacking() -> str:
    """Why what is open cannot be annotated, "" where it can."""
    if ADDING.asked() is not None:
        return "values are being added"
    return next((reason for forest in state.recorded().forests if (reason := lacks(forest))), "")


def ask() -> None:
    """Queue Monte Carlo values for what is open; what hinders it is shown. Only from callbacks."""
    if lacking():
        return
    given = state.recorded()
    forests, size, limits = list(given.forests), K * sum(map(len, given.forests)), permissions.limits()
    job = visitor_jobs.own_job(
        lambda job: continued(job, forests, BUNDLED, limits, kind=KIND, settings={"k": K}),
        title="Monte Carlo values",
        begins=begins(BUNDLED),
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
