"""What a rollout shows while it waits, runs and when it is over: progress, the trees so far, what to do with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from app import chrome, stage, state
from app.controls.view_button import view_button
from app.rollout import form_values, visitor_jobs
from app.rollout.job_queue import Job, Phase
from app.rollout.request import JobProgress
from app.verbatim import ours, verbatim
from treecore.core.forest import Forest
from treecore.core.numerals import counted, whole
from treecore.views.scene.scene import Stage

WAITING_LOOK, STARTING_LOOK = 2.0, 0.4
LOOKS = ((300, 0.4), (1000, 1.0), (math.inf, 2.0))
"""Steps of a growing tree, and the seconds between two looks at one of at most as many. Many may wait at once, and
their looking must not slow down what runs."""
HEIGHT = 600
FEW_SECONDS, MINUTE = 5, 60


class Moment(NamedTuple):
    """Where a job is, as far as the page is made differently.

    Attributes:
        phase: of the job.
        begun: whether there is anything of it to see.
        pace: seconds between two looks at it.
    """

    phase: Phase
    begun: bool
    pace: float


def moment(job: Job) -> Moment:
    """Where a job is now."""
    phase, grown = job.phase, job.progress
    if phase is Phase.WAITING:
        return Moment(phase, False, WAITING_LOOK)
    steps = max(map(len, grown.forests), default=0) if grown is not None else 0
    pace = STARTING_LOOK if grown is None else next(seconds for most, seconds in LOOKS if steps <= most)
    return Moment(phase, grown is not None, pace)


def watch(job: Job, drawn: Moment) -> None:
    """Progress while it runs, the trees so far, and what to do with them at the end.

    Args:
        drawn: moment for which the page was drawn; when it is another, the page is drawn anew.
    """
    if moment(job) != drawn:
        st.rerun()
    grown: JobProgress | None = job.progress
    headline(job, grown)
    if job.phase is Phase.FAILED:
        st.error(verbatim(job.error), icon=":material/error:")
    forests = shown_of(job, grown)
    if not job.live and forests:
        finish(job, forests)
    if forests:
        show(forests, live=job.live)


def shown_of(job: Job, grown: JobProgress | None) -> Sequence[Forest]:
    """The forests to look at: what came out, and of a job that ended early what had grown when last looked at."""
    finished: list[Forest] = job.result or []
    if grown is None or (finished and job.phase is Phase.DONE and not job.note):
        return finished
    there = {forest.id for forest in finished}
    return [*finished, *(forest for forest in grown.forests if forest.id not in there)]


def headline(job: Job, grown: JobProgress | None) -> None:
    """Where the job is, and the button to cancel it."""
    share = grown.share if grown is not None else 0.0
    if job.live or grown is not None:
        st.progress(share, verbatim(standing(job, grown)))
    if job.live and visitor_jobs.is_own(job):
        stopping, cancel = job.stop.is_set(), visitor_jobs.cancel
        st.button("Cancel", icon=":material/close:", on_click=cancel, args=(job,), disabled=stopping)
    elif job.live:
        st.caption("Another visitor's run: you may watch it, and open what grows.")
    elif job.phase is Phase.BROKEN:
        broken(job)
    elif job.phase is Phase.CANCELLED and not shown_of(job, grown):
        st.info("Cancelled before anything was written. Press Grow trees to start again.")


def broken(job: Job) -> None:
    """A run that ended with its server: what is left of it, and the way to go on."""
    left = "What was written until then is below." if job.result else "Nothing of it was written yet."
    st.info(ours(f"The server ended while this run was under way. {left}"), icon=":material/history:")
    if visitor_jobs.is_own(job):
        st.button("Go on with it", icon=":material/play_arrow:", on_click=form_values.go_on, args=(job,))


def standing(job: Job, grown: JobProgress | None) -> str:
    """One line: the place in line, or what is done, how fast, and how long it will still take."""
    if job.phase is Phase.WAITING:
        wait = visitor_jobs.QUEUE.wait(job)
        place = "next in line" if not wait.ahead else f"waiting, place {wait.ahead + 1} in line"
        return place if wait.seconds is None else f"{place} · its turn in {duration(wait.seconds)}"
    if job.live and job.stop.is_set():
        return "stopping"
    if grown is None:
        return job.begins
    number = sum(len(forest.leaves) for forest in shown_of(job, grown)) or grown.done
    written = counted(number, "trajectory", "trajectories")
    facts = [grown.far if job.live else written]
    if grown.tokens:
        speed = grown.tokens / grown.seconds if grown.seconds > 0 else 0.0
        facts += [counted(grown.tokens, "token"), f"{whole(round(speed))} a second"]
    if job.live and grown.waiting:
        return " · ".join([*facts, grown.waiting])
    left = job.seconds_left() if job.live and grown.count != "about" else None
    facts += [] if left is None else [f"{duration(left)} left"]
    return " · ".join(facts if job.live else [*facts, job.note or job.phase.value])


def duration(seconds: float) -> str:
    """`a few seconds`, `about 20 s`, `about 3 min`: as exact as such a guess can be."""
    if seconds < FEW_SECONDS:
        return "a few seconds"
    if seconds < MINUTE:
        return f"about {5 * math.ceil(seconds / 5)} s"
    minutes = math.ceil(seconds / MINUTE)
    return f"about {minutes} min" if minutes < 2 * MINUTE else f"about {math.ceil(minutes / MINUTE)} h"


def show(forests: Sequence[Forest], *, live: bool) -> None:
    """One of the prompts: while they grow the one that was begun last, afterwards the one that was chosen."""
    number = len(forests) - 1 if live else min(int(state.get_or(form_values.SHOWN, 0)), len(forests) - 1)
    forest = forests[number]
    with st.container(key="asked_grown", horizontal=True, vertical_alignment="center", gap="small"):
        chrome.prompt(forest.prompt)
        if len(forests) > 1:
            chrome.turn(
                number,
                count=len(forests),
                key="grown",
                on_turn=lambda to: state.put({form_values.SHOWN: to}),
                disabled=live,
            )
    if not live:
        st.caption(verbatim(chrome.provenance(forest, seed=True)))
        chrome.bias(forest)
    drawn = Stage(filled=False, advantages=False, outcomes=not live)
    stage.trees(forest, None, key="rollout", height=HEIGHT, stage=drawn, linked=False)


def finish(job: Job, forests: Sequence[Forest]) -> None:
    """What failed; open the result in Explore, or save it."""
    from treecore.formats.native_write import json_lines
    from treecore.rollouts.failures import failures_line, reasons

    if failed := reasons(forests):
        of = sum(len(forest.leaves) for forest in forests)
        said = failures_line(len(failed), of=of, unit="trajectories", first=failed[0])
        st.warning(verbatim(said), icon=":material/warning:")
    with st.container(horizontal=True):
        view_button("Open in Explore", explore, job, forests, key="explore_grown", icon=":material/open_in_new:")
        st.download_button(
            verbatim(f"Save {counted(len(forests), 'forest', 'forests')}"),
            b"".join(json_lines(forests)),
            file_name=f"{forests[0].task or 'rollout'}_{forests[0].sampler.get('name', '')}.forest.jsonl",
            mime="application/jsonl",
            icon=":material/download:",
            on_click="ignore",
        )


def explore(job: Job, forests: Sequence[Forest]) -> None:
    """Open what was sampled in the Explore view."""
    title = f"rollout: {job.title}" if job.phase is Phase.DONE else f"rollout, {job.phase.value}: {job.title}"
    if state.open_forests(forests, title, origin=f"run:{job.name}"):
        state.put({"view": "explore"})
