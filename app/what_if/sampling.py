"""Sample more here: fresh branches after the selected step. A real rollout and no what-if, queued as any other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from app import state
from app.rollout import visitor_jobs
from app.rollout.annotation import lacks
from app.rollout.form_values import BUNDLED_MODEL
from app.rollout.job_queue import Job, Phase
from app.rollout.request import JobProgress, Model
from app.rollout.worker import MODELS, begins
from app.verbatim import ours, verbatim
from app.what_if import NOTE
from app.what_if.words import name_of
from treecore.analysis.intervals import wilson
from treecore.core.forest import Forest
from treecore.core.numerals import counted, plain
from treecore.core.outcomes import means
from treecore.errors import TreecoreError

if TYPE_CHECKING:
    from treecore.rollouts.progress import Progress

ASKED, BRANCHES, LOOK_EVERY = "sample_here", 4, 0.5
"""Where the session holds what was asked for, how many branches that is, and seconds between two looks at it."""


class Place(NamedTuple):
    """What was asked for: the job, the forest by its number and digest, and the step to branch from."""

    job: Job
    number: int
    digest: str
    node: str


def start_of(forest: Forest, row: int) -> int:
    """The step after which branches can grow: the selected one, or the one before an end."""
    return int(forest.parent[row]) if forest.topology.is_leaf[row] and forest.parent[row] >= 0 else row


def value(forest: Forest, row: int) -> str:
    """`mean outcome 0.50, 0.15 to 0.85 (6 ends)`: the interval narrows as ends come in."""
    found = means(forest)
    mean, n = float(found.value[row]), int(found.n[row])
    if not n:
        return "no outcome yet"
    ends = wilson(np.array(mean), count=np.array(n))
    spread = "" if np.isnan(ends.low) else f", {plain(float(ends.low))} to {plain(float(ends.high))}"
    return f"mean outcome {plain(mean)}{spread} ({counted(n, 'end')})"


def run(job: Job, forest: Forest, node: str) -> Forest | None:
    """The forest with new branches, in the worker's thread; None where it was cancelled."""
    from treecore.annotate.run import Annotation, annotate

    model = Model(BUNDLED_MODEL)
    policy = MODELS.get(model, job.stop)
    if policy is None:
        return None
    began = time.monotonic()

    def tell(progress: Progress) -> None:
        job.tell(progress.done, progress.total, time.monotonic() - began)
        job.progress = JobProgress(progress.done, progress.total, progress.tokens, time.monotonic() - began, ())

    settings = {"k": BRANCHES}
    seed = sum(str(extra.get("sampled_for")) == "branches" for extra in forest.node_extra.values())
    asked = Annotation("branches", settings, seed=seed, node=node, keep=True, model=policy)
    found = list(annotate([forest], asked, on_progress=tell, should_stop=job.stop.is_set))
    return found[0] if found else None


def ask(node: str) -> None:
    """Queue fresh branches after a step of the recorded forest; what hinders it is shown."""
    forest = state.recorded_forest()
    if asked() is not None or not state.has(forest, node):
        return
    row = start_of(forest, forest.row(node))
    if reason := lacks(forest):
        state.put({NOTE: f"Nothing can be sampled here: {reason}."})
        return
    node = str(forest.node_id[row])
    job = visitor_jobs.own_job(
        lambda job: run(job, forest, node),
        title=f"{BRANCHES} more after a step",
        begins=begins(Model(BUNDLED_MODEL)),
        size=BRANCHES,
        kind="branches",
    )
    try:
        visitor_jobs.QUEUE.submit(job)
    except TreecoreError as error:
        state.put({NOTE: f"{error}."})
        return
    state.put({ASKED: Place(job, state.forest_number(), forest.digest, node), NOTE: ""})


def asked() -> Place | None:
    """What is being sampled for this page."""
    found: Place | None = state.get_or(ASKED, None)
    return found


def cancel() -> None:
    """Break it off; what is open stays as it is."""
    if (place := asked()) is not None:
        visitor_jobs.cancel(place.job)
    state.put({ASKED: None})


def settle() -> None:
    """Put what has been sampled by now in its place; before anything is drawn."""
    place = asked()
    if place is None or place.job.live:
        return
    state.put({ASKED: None})
    if place.job.phase is Phase.FAILED:
        state.put({NOTE: f"{place.job.error}."})
        return
    before, forests = state.recorded_forest(), list(state.recorded().forests)
    grown = place.job.result
    if not isinstance(grown, Forest) or before.digest != place.digest or state.forest_number() != place.number:
        return
    forests[place.number] = grown
    kept = {name: state.get_or(name, "") for name in ("edit", "node", "method")}
    row = grown.row(place.node)
    said = f"{counted(len(grown.leaves) - len(before.leaves), 'branch', 'branches')} sampled after "
    said += f"“{name_of(grown, row)}”, for real: {value(before, row)} before, now {value(grown, row)}."
    state.open_forests(forests, f"{state.recorded().title}, sampled on")
    state.put({**kept, "forest": place.number, "turned": place.number, NOTE: said})


def here(row: int | None) -> None:
    """The button, or how far the rollout is."""
    if (place := asked()) is not None:
        st.fragment(watch, run_every=LOOK_EVERY if place.job.live else None)(place)
        return
    forest = state.recorded_forest()
    node = "" if row is None else str(state.forest().node_id[row])
    if row is None or not state.has(forest, node):
        return
    start = start_of(forest, forest.row(node))
    reason = lacks(forest)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="what_if_sample"):
        st.button(
            ours(f"Sample {BRANCHES} more here"),
            key="what_if_sample_button",
            type="primary",
            on_click=ask,
            args=(node,),
            disabled=bool(reason),
            help="A real rollout of the model that wrote the forest, not a what-if: its ends are added.",
        )
        st.caption(verbatim(f"{reason[:1].upper()}{reason[1:]}." if reason else f"after “{name_of(forest, start)}”"))
    if not reason:
        st.caption(verbatim(f"Here: {value(forest, start)}."))


def watch(place: Place) -> None:
    """Progress and the way out; when it is over, the page is drawn anew."""
    job = place.job
    if not job.live:
        st.rerun()
    done = job.progress.done if isinstance(job.progress, JobProgress) else 0
    said = "waiting in line" if job.phase is Phase.WAITING else job.begins if job.progress is None else ""
    st.progress(done / BRANCHES if done <= BRANCHES else 1.0, verbatim(said or f"{done} of {BRANCHES} branches"))
    st.button("Cancel", key="what_if_sample_cancel", icon=":material/close:", on_click=cancel)
