"""What the form of a rollout asks for: its choices from closed sets, its numbers within bounds, or why not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from app import state
from app.controls.choices import Choices
from app.rollout import visitor_jobs
from app.rollout.job_queue import Job
from app.rollout.request import Model, Request
from app.serving import permissions
from treecore.core.numerals import counted, whole
from treecore.errors import PolicyError, TreecoreError
from treecore.registry.params import Param, Value
from treecore.rollouts.config import MAX_RECORD
from treecore.samplers import DEFAULT_SAMPLER, SAMPLERS, Sampler
from treecore.tasks import MORE_TASKS, TASKS, get_task, task_params

DRAWN, OWN = "drawn", "my own"
BUNDLED, LOCAL, SERVER = "bundled", "folder or hub", "server"
BUNDLED_MODEL = "tiny"
AUTOMATIC = "automatic"
PROMPT = Choices("Prompt", "roll:prompt", {name: name for name in (DRAWN, OWN)})
SAMPLER = Choices("Sampler", "roll:sampler", {name: one.title for name, one in SAMPLERS.items()}, DEFAULT_SAMPLER)
MODEL = Choices("Model", "roll:kind", {name: name for name in (BUNDLED, LOCAL, SERVER)})
DTYPE = Choices("Number type", "roll:dtype", {name: name for name in (AUTOMATIC, "float32", "bfloat16", "float16")})
BATCH_HELP = "Most tokens of keys and values held for all branches at once; 0 for what fits into memory."
PROMPTS = Param("prompts", "int", 1, low=1, high=32)
TEMPERATURE = Param("temperature", "float", 1.0, low=0, high=3)
SEED = Param("seed", "int", 0, low=0, high=2**31 - 1)
BATCH = Param("batch_tokens", "int", 0, low=0, meaning=BATCH_HELP)
TOP_TOKENS_HELP = (
    "Likeliest tokens to record at each token, with their probabilities: what the model nearly said. 0 for none."
)
TOP_TOKENS = Param("top_tokens", "int", 0, low=0, high=MAX_RECORD["top_tokens"], meaning=TOP_TOKENS_HELP)
SHOWN = "roll:shown"
"""Which of the forests that were grown is shown."""
MAX_CHARACTERS = 8000
"""Of a question."""


def tasks() -> Choices:
    """Tasks of the bundled model; on one's own machine, where other models can be named, also those for them."""
    names = [*TASKS, *(MORE_TASKS if permissions.is_private() else ())]
    return Choices("Task", "roll:task", {name: get_task(name).title for name in names})


def task_options(task: str) -> list[Param]:
    """Options of a task that a form may set: free text could name files or code, so it stays on the command line."""
    return [param for param in task_params(task) if param.type != "str"]


def sampler_options(sampler: Sampler) -> list[Param]:
    """Options of a sampler that this visitor may set and that make a difference beside the others.

    Those that name code or models are only for one's own machine.
    """
    allowed = [param for param in sampler.params if permissions.is_private() or param.name not in sampler.private]
    values = chosen(allowed, sampler.name)
    return [param for param in allowed if param.counts(values)]


def chosen(params: Sequence[Param], owner: str) -> dict[str, object]:
    """Parameters as the widgets have them."""
    return {param.name: state.get_or(f"set:{owner}:{param.name}", param.default) for param in params}


def value(param: Param, key: str) -> Value:
    """What a number field holds.

    Raises:
        MethodError: it is not a value of the parameter.
    """
    return param.parse(state.get_or(key, param.default))


def numbers() -> Request:
    """What the form asks for, without a question and a model: enough to tell whether its numbers fit.

    Raises:
        MethodError, PolicyError: one does not, a choice is none that was offered, or it is more than a visitor may ask.
    """
    task, sampler = tasks().chosen(), SAMPLERS[SAMPLER.chosen()]
    options = task_options(task)
    request = Request(
        task=task,
        sampler=sampler.name,
        model=Model(BUNDLED_MODEL),
        question="",
        prompts=1 if PROMPT.chosen() == OWN else int(value(PROMPTS, "roll:prompts")),
        seed=int(value(SEED, "roll:seed")),
        temperature=float(value(TEMPERATURE, "roll:temperature")),
        top_tokens=int(value(TOP_TOKENS, "roll:top_tokens")),
        settings=chosen(sampler_options(sampler), sampler.name),
        options={param.name: value(param, f"set:{task}:{param.name}") for param in options},
        limits=permissions.limits(),
    )
    if request.limits is not None:
        request.limits.check(request.trajectories)
    return request


def question_asked(request: Request) -> str:
    """The visitor's own question, "" where prompts are drawn.

    Raises:
        TaskError, PolicyError: the task cannot ask it, or it is too long.
    """
    if PROMPT.chosen() != OWN:
        return ""
    question = str(state.get("roll:question") or "").strip()
    if len(question) > MAX_CHARACTERS:
        raise PolicyError(
            f"a question of {counted(len(question), 'character')}", todo=f"shorten it to {whole(MAX_CHARACTERS)}"
        )
    get_task(request.task, **request.options).ask(question)
    return question


def model_asked() -> Model:
    """The model as the widgets have it.

    Raises:
        MethodError, PolicyError: a name is missing, a number is wrong, or a choice is none that was offered.
    """
    if not permissions.is_private():
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
        batch_tokens=int(value(BATCH, "roll:batch_tokens")),
    )


def request_asked() -> Request:
    """All that the form asks for. Errors as in its parts."""
    request = numbers()
    return replace(request, question=question_asked(request), model=model_asked())


def begin() -> None:
    """Queue what the form asks for, or say what is wrong with it."""
    job: Job | None = state.get("job")
    if job is not None and job.live and visitor_jobs.is_own(job):
        st.toast("A run is under way: wait until it is over, or cancel it.", icon=":material/forest:")
    else:
        attempt(lambda: visitor_jobs.submit(request_asked()))


def go_on(job: Job) -> None:
    """Queue a run again that ended with its server, if this visitor may ask for it."""

    def again() -> Job:
        request: Request = job.again
        private = set(request.settings) & SAMPLERS[request.sampler].private
        if not permissions.is_private() and (
            request.model != Model(BUNDLED_MODEL) or request.task not in TASKS or private
        ):
            raise PolicyError("this run was begun on the operator's own machine", todo="ask the operator to go on")
        return visitor_jobs.go_on(job, replace(request, limits=permissions.limits()))

    attempt(again)


def attempt(queue: Callable[[], Job]) -> None:
    """Show the job that is queued, or why it cannot be."""
    state.put({"roll:error": ""})
    try:
        state.put({"job": queue(), SHOWN: 0})
    except TreecoreError as error:
        state.put({"roll:error": str(error)})
