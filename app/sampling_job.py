"""A sampling run as a job of the queue: what was asked, what has grown so far. Draws nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.jobs import Job, JobQueue
from app.loader import Loader
from treecore.forest import Forest
from treecore.samplers import SAMPLERS

LOOK_EVERY, LOOK_SHARE = 0.25, 0.05
"""Seconds between two looks at what grows; more where they would take more than this share of the time."""

QUEUE = JobQueue()
"""One for all visitors of this server: they share one processor."""


@dataclass(frozen=True)
class Model:
    """A model and how to load it.

    Attributes:
        name: bundled name, folder or hub name; with `server`, the name that the server gives it.
        server: address of an OpenAI-compatible server, "" for models of this machine.
        device, dtype: as `treecore.policies.load_policy` takes them, "" for the best one present.
        batch_tokens: most tokens held at once, 0 for what fits.
    """

    name: str
    server: str = ""
    device: str = ""
    dtype: str = ""
    batch_tokens: int = 0


@dataclass(frozen=True)
class Request:
    """What a visitor asked for.

    Attributes:
        task, sampler: registry names; `options` and `settings` are their parameters.
        model: what writes.
        question: the visitor's own question, "" to draw `prompts` from the task.
    """

    task: str
    sampler: str
    model: Model
    question: str
    prompts: int
    seed: int
    temperature: float
    settings: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Grown:
    """What a running job has reached; read by the view while the worker goes on.

    Attributes:
        done, total: trajectories.
        tokens: drawn so far; seconds: since sampling began.
        forests: as they were at the last look at them, those that are finished too.
        waiting: what it waits for and how long yet, in words of a server; empty while it goes on.
    """

    done: int
    total: int
    tokens: int
    seconds: float
    forests: tuple[Forest, ...]
    waiting: str = ""


def load(model: Model) -> Any:
    """A model, from where it is."""
    from treecore.policies import load_policy

    given = {name: value for name, value in asdict(model).items() if name != "name" and value}
    return load_policy(model.name, **given)


MODELS = Loader(load)


def submit(request: Request) -> Job:
    """Queue a run; the job's result is the list of finished forests.

    Raises:
        TreecoreError: the line is full.
    """
    each = SAMPLERS[request.sampler].trajectories(request.settings)
    job = Job(
        run=lambda job: run(job, request),
        title=request.question or f"{request.task}, {request.prompts} prompt{'s' if request.prompts > 1 else ''}",
        begins=begins(request.model),
        size=each * (1 if request.question else request.prompts),
        kind=repr((request.model, request.task, request.sampler)),
        present=open_page(),
    )
    QUEUE.submit(job)
    return job


def take_up(name: str) -> Job | None:
    """A job of this server by its name, for the page that asks now."""
    job = QUEUE.find(name)
    if job is not None:
        job.present = open_page()
    return job


def begins(model: Model) -> str:
    """What a run does before it can tell of anything."""
    if model.server:
        return "asking the server"
    return "starting" if MODELS.ready(model) else "loading the model"


def open_page() -> Callable[[], bool]:
    """Tells whether the page that asks now is still open."""
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return lambda: True
    return partial(runtime.get_instance().is_active_session, context.session_id)


def tell_waits(job: Job, server: str) -> None:
    """What a server is waited for while its model is asked for the first time."""
    if server:
        from treecore.policies.openai_http import base_url
        from treecore.policies.openai_waits import told_of

        waiting = told_of(base_url(server))
        job.progress = Grown(0, job.size, 0, 0.0, (), waiting) if waiting else None


def run(job: Job, request: Request) -> list[Forest]:
    """The work itself, in the worker's thread."""
    from treecore.sampling import Progress, rollout
    from treecore.tasks import get_task

    policy = MODELS.get(request.model, job.stop, meanwhile=lambda: tell_waits(job, request.model.server))
    if policy is None:
        return []
    next_look = 0.0
    seen: dict[str, Forest] = {}

    def report(progress: Progress) -> None:
        nonlocal next_look
        job.tell(progress.done, progress.total, progress.seconds)
        now = time.monotonic()
        if now >= next_look or progress.done >= progress.total:
            seen.update({forest.id: forest for forest in progress.snapshot()})
            next_look = now + max(LOOK_EVERY, (time.monotonic() - now) / LOOK_SHARE)
        job.progress = Grown(
            progress.done, progress.total, progress.tokens, progress.seconds, tuple(seen.values()), progress.waiting
        )

    return rollout(
        task=get_task(request.task, **request.options),
        model=policy,
        sampler=request.sampler,
        prompts=request.prompts,
        question=request.question or None,
        seed=request.seed,
        temperature=request.temperature,
        on_progress=report,
        should_stop=job.stop.is_set,
        **request.settings,
    )
