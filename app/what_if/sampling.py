"""Sample more here: fresh branches after the selected step. A real rollout and no what-if, queued as any other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import streamlit as st

from app import redraw, state
from app.rollout import visitor_jobs
from app.rollout.continuing import continued, lacks
from app.rollout.form import model_field
from app.rollout.form_values import model_asked
from app.rollout.job_queue import Job, Phase
from app.rollout.page_job import LOOK_EVERY, PageJob
from app.rollout.request import Limits, Model
from app.rollout.worker import begins
from app.serving import permissions
from app.verbatim import ours, verbatim
from app.what_if import NOTE
from app.what_if.words import name_of
from treecore.analysis.intervals import wilson
from treecore.core.forest import Forest
from treecore.core.numerals import counted, plain
from treecore.core.outcomes import means
from treecore.errors import TreecoreError

BRANCHES = 4
"""How many are asked for."""


class Place(NamedTuple):
    """What was asked for: the job, the forest by its number and digest, and the step to branch from."""

    job: Job
    number: int
    digest: str
    node: str


SAMPLING: PageJob[Place] = PageJob("sample_here")


def start_of(forest: Forest, row: int) -> int:
    """The step after which branches can grow: the selected one, or the one before an end."""
    return int(forest.parent[row]) if forest.topology.is_leaf[row] and forest.parent[row] >= 0 else row


def value_in_words(forest: Forest, row: int) -> str:
    """`mean outcome 0.50, 0.15 to 0.85 (6 ends)`: the interval narrows as ends come in."""
    found = means(forest)
    mean, n = float(found.value[row]), int(found.n[row])
    if not n:
        return "no outcome yet"
    ends = wilson(np.array(mean), count=np.array(n))
    spread = "" if np.isnan(ends.low) else f", {plain(float(ends.low))} to {plain(float(ends.high))}"
    return f"mean outcome {plain(mean)}{spread} ({counted(n, 'end')})"


def hinders(forest: Forest) -> str:
    """Why nothing can be sampled, "" where it can."""
    try:
        return lacks(forest, model_asked())
    except TreecoreError as error:
        return str(error)


def run(job: Job, forest: Forest, node: str, model: Model, limits: Limits | None) -> Forest | None:
    """The forest with new branches, in the worker's thread; None where it was cancelled or came to a limit."""
    next_seed = sum(str(extra.get("sampled_for")) == "branches" for extra in forest.node_extra.values())
    asked = {"seed": next_seed, "node": node, "keep": True}
    found = continued(job, [forest], model, limits, kind="branches", settings={"k": BRANCHES}, **asked)
    return found[0] if found else None


def ask(node: str) -> None:
    """Queue fresh branches after a step of the recorded forest; what hinders it is shown."""
    forest = state.recorded_forest()
    if SAMPLING.asked() is not None or not state.has(forest, node):
        return
    row = start_of(forest, forest.row(node))
    if reason := hinders(forest):
        state.put({NOTE: f"Nothing can be sampled here: {reason}."})
        return
    node, model, limits = str(forest.node_id[row]), model_asked(), permissions.limits()
    job = visitor_jobs.own_job(
        lambda job: run(job, forest, node, model, limits),
        title=f"{BRANCHES} more after a step",
        begins=begins(model),
        size=BRANCHES,
        kind="branches",
    )
    state.put({NOTE: SAMPLING.begin(Place(job, state.forest_number(), forest.digest, node), limits)})


def settle() -> None:
    """Put what has been sampled by now in its place; before anything is drawn."""
    place = SAMPLING.over()
    if place is None:
        return
    if place.job.phase is Phase.FAILED or place.job.note:
        state.put({NOTE: f"{place.job.error or f'Nothing was added: {place.job.note}'}."})
        return
    before, forests = state.recorded_forest(), list(state.recorded().forests)
    grown = place.job.result
    if not isinstance(grown, Forest) or before.digest != place.digest or state.forest_number() != place.number:
        return
    forests[place.number] = grown
    kept = {name: state.get_or(name, "") for name in ("edit", "node", "method")}
    row = grown.row(place.node)
    said = f"{counted(len(grown.leaves) - len(before.leaves), 'branch', 'branches')} sampled after "
    said += (
        f"“{name_of(grown, row)}”, for real: {value_in_words(before, row)} before, now {value_in_words(grown, row)}."
    )
    if not state.open_forests(forests, f"{state.recorded().title}, sampled on"):
        return
    state.put({**kept, "forest": place.number, "turned": place.number, NOTE: said})


def here(row: int | None) -> None:
    """The button, or how far the rollout is."""
    if (place := SAMPLING.asked()) is not None:
        watch = st.fragment(SAMPLING.watch, run_every=LOOK_EVERY if place.job.live else None)
        watch(place, unit=("branch", "branches"))
        return
    forest = state.recorded_forest()
    node = "" if row is None else str(state.forest().node_id[row])
    if row is None or not state.has(forest, node):
        return
    start = start_of(forest, forest.row(node))
    reason = hinders(forest)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="what_if_sample"):
        st.button(
            ours(f"Sample {BRANCHES} more here"),
            key="what_if_sample_button",
            type="primary",
            on_click=redraw.after(ask),
            args=(node,),
            disabled=bool(reason),
            help="A real rollout, not a what-if: its ends are added.",
        )
        st.caption(verbatim(f"{reason[:1].upper()}{reason[1:]}." if reason else f"after “{name_of(forest, start)}”"))
    if not reason:
        st.caption(verbatim(f"Here: {value_in_words(forest, start)}."))
    if permissions.is_private() and forest.tokens is not None:
        with st.expander("Model"):
            model_field()
