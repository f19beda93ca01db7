"""Rollout: ask the model, watch its trees grow, open them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import chrome, controls, growing, sampling_job, stage, state
from app.canvas.scene import Stage
from app.jobs import Job
from app.sampling_job import Model, Request
from treecore.builder import ForestBuilder
from treecore.errors import PolicyError, TreecoreError
from treecore.forest import Forest
from treecore.params import Param
from treecore.protocols import Task
from treecore.samplers import DEFAULT_SAMPLER, SAMPLERS, Sampler
from treecore.tasks import MORE_TASKS, TASKS, get_task, task_params

MOST_PROMPTS = 32
FEW = 6
"""Parameters of a sampler that are always in sight."""
DRAWN, OWN = "drawn", "my own"
BUNDLED, LOCAL, SERVER = "bundled", "folder or hub", "server"
BUNDLED_MODEL = "tiny"
AUTOMATIC = "automatic"
DTYPES = ("float32", "bfloat16", "float16")
DEVICE_HELP = "cpu, cuda, cuda:1 or mps; empty for the best one present."
DTYPE_HELP = "In what the model computes; automatic is float32 on a CPU."
BATCH_HELP = "Most tokens of keys and values held for all branches at once; 0 for what fits into memory."


def render() -> None:
    """Trees on the left, what to sample on the right."""
    job: Job | None = state.get("job") or taken_up()
    now = None if job is None else growing.moment(job)
    left, right = st.columns([0.69, 0.31], gap="medium")
    with right, st.container(key="side"):
        form(busy=now is not None and now.phase.live)
    with left, st.container(key="stay"):
        if job is not None and now is not None:
            watch = st.fragment(growing.watch, run_every=now.pace) if now.phase.live else growing.watch
            watch(job, now)
        if now is None or (now.phase.live and not now.begun):
            introduction()


def taken_up() -> Job | None:
    """The run that the address names, after the page was loaded again."""
    job = sampling_job.take_up(state.asked("run"))
    if job is not None:
        state.put({"job": job})
    return job


def introduction() -> None:
    """Before there is a tree: what will happen, and one trajectory that the verifier accepts."""
    sampler = SAMPLERS[state.get("roll:sampler") or DEFAULT_SAMPLER]
    st.markdown("#### Grow your own trees")
    st.markdown(
        "A model answers a question several times, and the sampler decides where its answers branch. Choose what to "
        "ask on the right and press **Grow trees**: with the bundled model it takes a few seconds."
    )
    st.markdown(f"*{sampler.title}.* {chrome.escape(sampler.summary.splitlines()[0])}")
    example = solved(get_task(state.get("roll:task") or next(iter(TASKS))))
    st.caption(
        chrome.escape(f"A trajectory that the verifier accepts, written by the task, no model asked: {example.prompt}")
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


def form(*, busy: bool) -> None:
    """Task, prompt, sampler and its parameters, temperature, seed."""
    st.markdown("#### What to sample")
    st.selectbox("Task", tasks(), key="roll:task", format_func=lambda name: get_task(name).title)
    task = get_task(state.get("roll:task"))
    if task.name in MORE_TASKS and state.get_or("roll:kind", BUNDLED) == BUNDLED:
        st.caption("The bundled model never saw this task: choose another model below to see it answered.")
    state.prime("roll:prompt", DRAWN)
    if st.segmented_control("Prompt", [DRAWN, OWN], key="roll:prompt", required=True) == OWN:
        st.text_input("Your question", key="roll:question", placeholder=task.prompts(1, seed=0)[0].question)
    else:
        state.prime("roll:prompts", 1)
        st.number_input("Prompts", 1, MOST_PROMPTS, step=1, key="roll:prompts")
    state.prime("roll:sampler", DEFAULT_SAMPLER)
    st.selectbox("Sampler", list(SAMPLERS), key="roll:sampler", format_func=lambda name: SAMPLERS[name].title)
    sampler = SAMPLERS[state.get("roll:sampler")]
    options = sampler_options(sampler)
    if options:
        grid(options[:FEW], sampler.name)
    if options[FEW:]:
        with st.expander("More parameters"):
            grid(options[FEW:], sampler.name)
    if options := task_options(state.get("roll:task")):
        with st.expander("Options of the task"):
            grid(options, task.name)
    model_field()
    left, right = st.columns(2)
    state.prime("roll:temperature", 1.0)
    state.prime("roll:seed", 0)
    left.number_input("Temperature", 0.0, 3.0, step=0.1, key="roll:temperature")
    right.number_input("Seed", 0, 2**31 - 1, step=1, key="roll:seed")
    wrong = state.get("roll:error")
    try:
        st.caption(f"Trajectories a prompt: {sampler.how_many(chosen(sampler_options(sampler), sampler.name))}")
    except TreecoreError as error:
        wrong, busy = str(error), True
    if wrong:
        st.error(chrome.escape(wrong), icon=":material/error:")
    st.button("Grow trees", type="primary", icon=":material/forest:", on_click=begin, disabled=busy, width="stretch")


def grid(params: Sequence[Param], owner: str) -> None:
    """Widgets of several parameters, as many in a row as there is room for."""
    with st.container(key=f"grid_{params[0].name}"):
        for param in params:
            controls.parameter(param, owner)


def tasks() -> list[str]:
    """Tasks of the bundled model; on one's own machine, where other models can be named, also those for them."""
    return [*TASKS, *(MORE_TASKS if state.is_private() else ())]


def task_options(task: str) -> list[Param]:
    """Options of a task that a form may set: free text could name files or code, so it stays on the command line."""
    return [param for param in task_params(task) if param.type != "str"]


def sampler_options(sampler: Sampler) -> list[Param]:
    """Options of a sampler that this visitor may set and that make a difference beside the others.

    Those that name code or models are only for one's own machine.
    """
    allowed = [param for param in sampler.params if state.is_private() or param.name not in sampler.private]
    values = chosen(allowed, sampler.name)
    return [param for param in allowed if param.counts(values)]


def model_field() -> None:
    """Bundled model; on one's own machine also a folder, a hub name or a server."""
    if not state.is_private():
        st.caption("Model: the bundled one. This server is open to others, so it loads nothing else.")
        return
    state.prime("roll:kind", BUNDLED)
    kind = st.segmented_control("Model", [BUNDLED, LOCAL, SERVER], key="roll:kind", required=True)
    if kind == LOCAL:
        st.text_input("Folder or Hugging Face name", key="roll:model", placeholder="Qwen/Qwen2.5-0.5B-Instruct")
    elif kind == SERVER:
        st.text_input("Address", key="roll:server", placeholder="http://localhost:8000/v1")
        st.text_input("Name of the model there", key="roll:model")
    if kind != SERVER:
        loading_fields()


def loading_fields() -> None:
    """How a model of this machine is loaded."""
    with st.expander("Advanced"):
        left, right = st.columns(2)
        left.text_input("Device", key="roll:device", placeholder=AUTOMATIC, help=DEVICE_HELP)
        state.prime("roll:dtype", AUTOMATIC)
        right.selectbox("Number type", [AUTOMATIC, *DTYPES], key="roll:dtype", help=DTYPE_HELP)
        state.prime("roll:batch_tokens", 0)
        st.number_input("Tokens in a batch", 0, step=1024, key="roll:batch_tokens", help=BATCH_HELP)


def model_asked() -> Model:
    """The model as the widgets have it.

    Raises:
        PolicyError: a name is missing.
    """
    if not state.is_private():
        return Model(BUNDLED_MODEL)
    kind = state.get("roll:kind") or BUNDLED
    name, server, device = (str(state.get(f"roll:{field}") or "").strip() for field in ("model", "server", "device"))
    if kind != BUNDLED and (not name or (kind == SERVER and not server)):
        raise PolicyError("no model is named", todo="fill in the fields under Model")
    if kind == SERVER:
        return Model(name, server=server)
    dtype = str(state.get("roll:dtype") or AUTOMATIC)
    return Model(
        BUNDLED_MODEL if kind == BUNDLED else name,
        device=device,
        dtype="" if dtype == AUTOMATIC else dtype,
        batch_tokens=int(state.get("roll:batch_tokens") or 0),
    )


def chosen(params: Sequence[Param], owner: str) -> dict[str, object]:
    """Parameters as the widgets have them."""
    return {param.name: state.get_or(f"set:{owner}:{param.name}", param.default) for param in params}


def begin() -> None:
    """Check the question, then queue the run."""
    sampler = state.get("roll:sampler")
    question = (state.get("roll:question") or "").strip() if state.get("roll:prompt") == OWN else ""
    state.put({"roll:error": ""})
    try:
        name = state.get("roll:task")
        options = chosen(task_options(name), name)
        if state.get("roll:prompt") == OWN:
            get_task(name, **options).ask(question)
        request = Request(
            task=name,
            sampler=sampler,
            model=model_asked(),
            question=question,
            prompts=int(state.get("roll:prompts") or 1),
            seed=int(state.get("roll:seed")),
            temperature=float(state.get("roll:temperature")),
            settings=chosen(sampler_options(SAMPLERS[sampler]), sampler),
            options=options,
        )
        state.put({"job": sampling_job.submit(request), growing.SHOWN: 0})
    except TreecoreError as error:
        state.put({"roll:error": str(error)})
