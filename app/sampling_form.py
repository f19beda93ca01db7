"""The form of a rollout: what to ask, how to sample, which model. Names come from closed sets only."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import growing, sampling_job, serving, state
from app.choices import Choices
from app.fields import number, parameter
from app.sampling_job import Model, Request
from app.verbatim import ours, verbatim
from treecore.errors import PolicyError, TreecoreError
from treecore.params import Param
from treecore.samplers import DEFAULT_SAMPLER, SAMPLERS, Sampler
from treecore.tasks import MORE_TASKS, TASKS, get_task, task_params

MOST_PROMPTS = 32
FEW = 6
"""Parameters of a sampler that are always in sight."""
DRAWN, OWN = "drawn", "my own"
BUNDLED, LOCAL, SERVER = "bundled", "folder or hub", "server"
BUNDLED_MODEL = "tiny"
AUTOMATIC = "automatic"
PROMPT = Choices("Prompt", "roll:prompt", {name: name for name in (DRAWN, OWN)})
SAMPLER = Choices("Sampler", "roll:sampler", {name: one.title for name, one in SAMPLERS.items()}, DEFAULT_SAMPLER)
MODEL = Choices("Model", "roll:kind", {name: name for name in (BUNDLED, LOCAL, SERVER)})
DTYPE = Choices("Number type", "roll:dtype", {name: name for name in (AUTOMATIC, "float32", "bfloat16", "float16")})
DEVICE_HELP = "cpu, cuda, cuda:1 or mps; empty for the best one present."
DTYPE_HELP = "In what the model computes; automatic is float32 on a CPU."
BATCH_HELP = "Most tokens of keys and values held for all branches at once; 0 for what fits into memory."
PROMPTS = Param("prompts", "int", 1, low=1, high=MOST_PROMPTS)
TEMPERATURE = Param("temperature", "float", 1.0, low=0, high=3)
SEED = Param("seed", "int", 0, low=0, high=2**31 - 1)
BATCH = Param("batch_tokens", "int", 0, low=0, meaning=BATCH_HELP)


def form(*, busy: bool) -> None:
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
    left, right = st.columns(2)
    with left:
        fine &= number(TEMPERATURE, "roll:temperature", title="Temperature", step=0.1)
    with right:
        fine &= number(SEED, "roll:seed", title="Seed")
    wrong = state.get("roll:error")
    try:
        many = sampler.how_many(chosen(sampler_options(sampler), sampler.name))
        st.caption(f"Trajectories a prompt: {ours(many)}")
    except TreecoreError as error:
        wrong, busy = str(error), True
    if wrong:
        st.error(verbatim(wrong), icon=":material/error:")
    busy = busy or not fine
    st.button("Grow trees", type="primary", icon=":material/forest:", on_click=begin, disabled=busy, width="stretch")


def grid(params: Sequence[Param], owner: str) -> bool:
    """Widgets of several parameters, as many in a row as there is room for; whether all of them are allowed."""
    with st.container(key=f"grid_{params[0].name}"):
        allowed = [parameter(param, owner) for param in params]
    return all(allowed)


def tasks() -> Choices:
    """Tasks of the bundled model; on one's own machine, where other models can be named, also those for them."""
    names = [*TASKS, *(MORE_TASKS if serving.is_private() else ())]
    return Choices("Task", "roll:task", {name: get_task(name).title for name in names})


def task_options(task: str) -> list[Param]:
    """Options of a task that a form may set: free text could name files or code, so it stays on the command line."""
    return [param for param in task_params(task) if param.type != "str"]


def sampler_options(sampler: Sampler) -> list[Param]:
    """Options of a sampler that this visitor may set and that make a difference beside the others.

    Those that name code or models are only for one's own machine.
    """
    allowed = [param for param in sampler.params if serving.is_private() or param.name not in sampler.private]
    values = chosen(allowed, sampler.name)
    return [param for param in allowed if param.counts(values)]


def model_field() -> bool:
    """Bundled model; on one's own machine also others. Whether what stands there is allowed."""
    if not serving.is_private():
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


def model_asked() -> Model:
    """The model as the widgets have it.

    Raises:
        PolicyError: a name is missing, or a choice is none that was offered.
    """
    if not serving.is_private():
        return Model(BUNDLED_MODEL)
    kind = MODEL.chosen()
    name, server, device = (str(state.get(f"roll:{field}") or "").strip() for field in ("model", "server", "device"))
    if kind != BUNDLED and (not name or (kind == SERVER and not server)):
        raise PolicyError("no model is named", todo="fill in the fields under Model")
    if kind == SERVER:
        return Model(name, server=server)
    dtype = DTYPE.chosen()
    return Model(
        BUNDLED_MODEL if kind == BUNDLED else name,
        device=device,
        dtype="" if dtype == AUTOMATIC else dtype,
        batch_tokens=int(BATCH.parse(state.get_or("roll:batch_tokens", 0))),
    )


def chosen(params: Sequence[Param], owner: str) -> dict[str, object]:
    """Parameters as the widgets have them."""
    return {param.name: state.get_or(f"set:{owner}:{param.name}", param.default) for param in params}


def begin() -> None:
    """Check the question, then queue the run."""
    state.put({"roll:error": ""})
    try:
        name, sampler, own = tasks().chosen(), SAMPLER.chosen(), PROMPT.chosen() == OWN
        question = str(state.get("roll:question") or "").strip() if own else ""
        options = chosen(task_options(name), name)
        if own:
            get_task(name, **options).ask(question)
        request = Request(
            task=name,
            sampler=sampler,
            model=model_asked(),
            question=question,
            prompts=int(PROMPTS.parse(state.get_or("roll:prompts", 1))),
            seed=int(SEED.parse(state.get("roll:seed"))),
            temperature=float(TEMPERATURE.parse(state.get("roll:temperature"))),
            settings=chosen(sampler_options(SAMPLERS[sampler]), sampler),
            options=options,
        )
        state.put({"job": sampling_job.submit(request), growing.SHOWN: 0})
    except TreecoreError as error:
        state.put({"roll:error": str(error)})
