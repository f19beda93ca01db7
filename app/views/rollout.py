"""Rollout: ask the model, watch its trees grow, open them."""

from __future__ import annotations

import streamlit as st

from app import stage, state
from app.controls.view_button import view_button
from app.rollout import form, form_values, monitor, visitor_jobs
from app.rollout.job_queue import Job
from app.serving import permissions
from app.verbatim import ours, verbatim
from app.view_keys import TREES
from app.view_registry import view
from treecore.bidi import visible
from treecore.core.builder import ForestBuilder
from treecore.core.forest import Forest
from treecore.protocols import Task
from treecore.samplers import SAMPLERS
from treecore.tasks import get_task
from treecore.views.scene.scene import Stage


@view(title="Rollout", keys=(TREES,))
def render() -> None:
    """Trees on the left, what to sample on the right."""
    job: Job | None = state.get("job") or taken_up()
    now = None if job is None else monitor.moment(job)
    left, right = st.columns([0.69, 0.31], gap="medium")
    with right, st.container(key="side"):
        if not permissions.is_read_only():
            form.form()
    with left, st.container(key="stay"):
        if job is not None and now is not None:
            watch = st.fragment(monitor.watch, run_every=now.pace) if now.phase.live else monitor.watch
            watch(job, now)
        if permissions.is_read_only():
            nothing_here()
        elif now is None:
            left_over()
        if not permissions.is_read_only() and (now is None or (now.phase.live and not now.begun)):
            introduction()


def nothing_here() -> None:
    """On a server that only shows: what there is to do instead."""
    st.markdown("#### Nothing is sampled here")
    st.markdown(
        f"Read only: {ours(permissions.READ_ONLY)}. Look at the samples or at files of your own in Explore; to grow "
        "trees, start `treecore app` on your own machine."
    )
    view_button("Explore", state.put, {"view": "explore"}, key="to_explore")


def left_over() -> None:
    """The way back to the visitor's runs that ended with a server."""
    for name, title in visitor_jobs.left_over().items():
        with st.container(horizontal=True, vertical_alignment="center", key=f"left:{name}"):
            st.text(visible(f"Broken off when the server ended: {title}"), width="stretch")
            st.button("Go back to it", key=f"back:{name}", icon=":material/history:", on_click=go_back, args=(name,))


def go_back(name: str) -> None:
    """Show a run by its name."""
    state.put({"job": visitor_jobs.take_up(name)})


def taken_up() -> Job | None:
    """The run that the address names, after the page was loaded again."""
    job = visitor_jobs.take_up(state.asked("run"))
    if job is not None:
        state.put({"job": job})
    return job


def introduction() -> None:
    """Before there is a tree: what will happen, and one trajectory that the verifier accepts."""
    sampler = SAMPLERS[form_values.SAMPLER.chosen()]
    st.markdown("#### Grow your own trees")
    st.markdown(
        "A model answers a question several times, and the sampler decides where its answers branch. Choose what to "
        "ask on the right and press **Grow trees**: with the bundled model it takes a few seconds."
    )
    st.markdown(f"*{ours(sampler.title)}.* {ours(sampler.summary.splitlines()[0])}")
    example = solved(get_task(form_values.tasks().chosen()))
    st.caption(
        verbatim(f"A trajectory that the verifier accepts, written by the task, no model asked: {example.prompt}")
    )
    drawn = Stage(filled=False, advantages=False)
    stage.trees(example, None, key="example", height=240, stage=drawn, linked=False)


def solved(task: Task) -> Forest:
    """One of the task's prompts with its gold solution, as a forest of one branch."""
    prompt = task.prompts(1, seed=0)[0]
    builder = ForestBuilder(prompt=prompt.question, task=task.name, reference=prompt.reference)
    row, steps = builder.root(), task.gold(prompt)
    for step in steps:
        last = step is steps[-1]
        reward = task.reward(prompt, steps) if last else float("nan")
        row = builder.add(row, text=step.text, observation=step.observation, reward=reward)
    return builder.build()
