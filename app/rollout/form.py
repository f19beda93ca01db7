"""The form of a rollout: widgets for what to ask, how to sample, and which model."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import state
from app.controls.fields import number, parameter
from app.rollout.form_values import (
    AUTOMATIC,
    BATCH,
    BUNDLED,
    DTYPE,
    LOCAL,
    MODEL,
    OWN,
    PROMPT,
    PROMPTS,
    SAMPLER,
    SEED,
    SERVER,
    TEMPERATURE,
    TOP_TOKENS,
    begin,
    chosen,
    numbers,
    sampler_options,
    task_options,
    tasks,
)
from app.serving import permissions
from app.verbatim import ours, verbatim
from treecore.errors import TreecoreError
from treecore.registry.params import Param
from treecore.samplers import SAMPLERS, Sampler
from treecore.tasks import MORE_TASKS, get_task

FEW = 6
"""Parameters of a sampler that are always in sight."""
DEVICE_HELP = "cpu, cuda, cuda:1 or mps; empty for the best one present."
DTYPE_HELP = "In what the model computes; automatic is float32 on a CPU."


def form() -> None:
    """Task, prompt, sampler and its parameters, temperature, seed."""
    st.markdown("#### What to sample")
    task = get_task(tasks().selectbox())
    if task.name in MORE_TASKS and state.get_or(MODEL.key, BUNDLED) == BUNDLED:
        st.caption("The bundled model never saw this task: choose another model below to see it answered.")
    fine = True
    if PROMPT.pills() == OWN:
        st.text_input("Your question", key="roll:question", placeholder=task.prompts(1, seed=0)[0].question)
    else:
        fine &= number(PROMPTS, "roll:prompts", title="Prompts")
    sampler = SAMPLERS[SAMPLER.selectbox()]
    options = sampler_options(sampler)
    if options:
        fine &= grid(options[:FEW], sampler.name)
    if options[FEW:]:
        with st.expander("More parameters"):
            fine &= grid(options[FEW:], sampler.name)
    if options := task_options(task.name):
        with st.expander("Options of the task"):
            fine &= grid(options, task.name)
    fine &= model_field()
    with st.container(key="grid_sampling"):
        fine &= number(TEMPERATURE, "roll:temperature", title="Temperature", step=0.1)
        fine &= number(SEED, "roll:seed", title="Seed")
        fine &= number(TOP_TOKENS, "roll:top_tokens", title="Top tokens")
    with st.container(key="asked_for"):
        fine = asked_for(sampler, fine=fine)
    st.button(
        "Grow trees",
        key="grow",
        type="primary",
        icon=":material/forest:",
        on_click=begin,
        disabled=not fine,
        width="stretch",
    )


def asked_for(sampler: Sampler, *, fine: bool) -> bool:
    """How many trajectories that makes, or what is wrong; whether it can be asked for.

    The button beneath stays enabled while a run is under way, since a browser takes the focus from one that is not.
    """
    wrong = state.get("roll:error")
    try:
        many = sampler.how_many(chosen(sampler_options(sampler), sampler.name))
        st.caption(f"Trajectories a prompt: {ours(many)}")
        if fine:
            numbers()
    except TreecoreError as error:
        wrong, fine = str(error), False
    if wrong:
        st.error(verbatim(wrong), icon=":material/error:")
    return fine


def grid(params: Sequence[Param], owner: str) -> bool:
    """Widgets of several parameters, as many in a row as there is room for; whether all of them are allowed."""
    with st.container(key=f"grid_{params[0].name}"):
        allowed = [parameter(param, owner) for param in params]
    return all(allowed)


def model_field() -> bool:
    """Bundled model; on one's own machine also others. Whether what stands there is allowed."""
    if not permissions.is_private():
        st.caption("Model: the bundled one. This server is open to others, so it loads nothing else.")
        return True
    kind = MODEL.pills()
    if kind == LOCAL:
        st.text_input("Folder or Hugging Face name", key="roll:model", placeholder="Qwen/Qwen2.5-0.5B-Instruct")
    elif kind == SERVER:
        st.text_input("Address", key="roll:server", placeholder="http://localhost:8000/v1")
        st.text_input("Name of the model there", key="roll:model")
    return kind == SERVER or loading_fields()


def loading_fields() -> bool:
    """How a model of this machine is loaded; whether what stands there is allowed."""
    with st.expander("Advanced"):
        left, right = st.columns(2)
        left.text_input("Device", key="roll:device", placeholder=AUTOMATIC, help=DEVICE_HELP)
        with right:
            DTYPE.selectbox(help=DTYPE_HELP)
        return number(BATCH, "roll:batch_tokens", title="Tokens in a batch", step=1024)
