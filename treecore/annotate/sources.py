"""Find what is needed to continue recorded forests: their task, prompt, policy and tokens.

A forest that does not say all of this, or says something that is no longer so, is refused before anything is sampled.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from treecore.core.forest import Forest
from treecore.errors import MethodError, TaskError, TreecoreError, boundary
from treecore.policies import Policy
from treecore.policies.base import EXTENDS
from treecore.protocols import Task
from treecore.registry.entry_points import is_entry_point
from treecore.rollouts.config_checks import check_sampling
from treecore.rollouts.continuation import ContinuationSource
from treecore.rollouts.prepare import as_read
from treecore.tasks.checked import with_optional
from treecore.tasks.dataset.rows import UnknownQuestionError
from treecore.tasks.registry import get_task, task_params

ROWS, FILE = "rows_sha256", "file_name"
"""What forests of a file of questions say of its content and its name; see `treecore.tasks.dataset.task.source_of`."""
SHOWN = 60
"""Characters of a question in errors."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Provenance:
    """What forests must have in common to be continued in one batch.

    Attributes:
        task, scheme: as forests name them.
        settings: of the task, as JSON.
        model: name of the policy.
        dtype: numbers that it computed in; None when they do not say, or another model is asked for.
        temperature, top_p: of sampling.
    """

    task: str
    scheme: str | None
    settings: str
    model: str
    dtype: str | None
    temperature: float
    top_p: float


@dataclass(frozen=True)
class Batch:
    """Forests of one provenance, ready to be continued."""

    provenance: Provenance
    task: Task
    policy: Policy
    sources: Sequence[ContinuationSource]


def provenance_of(forest: Forest, *, task: str | Task | None, model: str | None) -> Provenance:
    """How a forest says it was sampled.

    Args:
        task, model: in place of its own.

    Raises:
        MethodError: it does not say, or says what makes no sense.
    """
    name = forest.task if task is None else task if isinstance(task, str) else task.name
    if not name:
        raise MethodError("it does not say which task it is of", where=named(forest), todo="name it with --task")
    wrote = forest.policy.get("model") if model is None else model
    if not isinstance(wrote, str):
        raise MethodError("it does not say which model wrote it", where=named(forest), todo="name one with --model")
    temperature, top_p = (forest.policy.get(key, 1.0) for key in ("temperature", "top_p"))
    if not all(isinstance(value, int | float) for value in (temperature, top_p)):
        raise MethodError("its temperature or top_p is no number", where=named(forest), todo="correct its policy")
    try:
        check_sampling(temperature=temperature, top_p=top_p, seed=0)
    except MethodError as error:
        raise error.at(named(forest)) from None
    scheme, settings = forest.extra.get("reward_scheme"), forest.extra.get("task_settings")
    dtype = forest.policy.get("dtype") if model is None else None
    return Provenance(
        task=name,
        scheme=None if scheme is None else str(scheme),
        settings=json.dumps(settings if isinstance(settings, dict) else {}, sort_keys=True),
        model=wrote,
        dtype=dtype if isinstance(dtype, str) else None,
        temperature=float(temperature),
        top_p=float(top_p),
    )


def batches(
    forests: Sequence[Forest],
    *,
    load: Callable[[str, str | None], Policy],
    task: str | Task | None = None,
    model: str | None = None,
    node: str | None = None,
    trust: bool = False,
) -> list[Batch]:
    """Forests by provenance, in the order in which each provenance first appears.

    Args:
        load: a policy by name and by the numbers that it computed in, None for its own.
        task: in place of the one that each forest names.
        model: in place of the one that each forest names.
        node: go on only from the steps on the way to this node; every forest must have it.
        trust: run code that the forests name.

    Raises:
        MethodError, PolicyError, TaskError: a forest that cannot be continued.
    """
    provenances = [provenance_of(forest, task=task, model=model) for forest in forests]
    policies: dict[tuple[str, str | None], Policy] = {}
    found = []
    for provenance in dict.fromkeys(provenances):
        chosen = [forest for forest, one in zip(forests, provenances, strict=True) if one == provenance]
        by_name = task is None or isinstance(task, str)
        if by_name and not trust:
            check_names(provenance, chosen[0], own_task=task is None)
        work = task_of(provenance, chosen[0]) if by_name else with_optional(task, "the task that is given")
        for forest in chosen:
            check_server(forest, other=model is not None)
        if (provenance.model, provenance.dtype) not in policies:
            policies[provenance.model, provenance.dtype] = load(provenance.model, provenance.dtype)
        policy = policies[provenance.model, provenance.dtype]
        for forest in chosen:
            check_model(forest, policy, other=model is not None)
        changed = other_rows(provenance, work)
        sources = [source(forest, work, policy, node, changed=changed) for forest in chosen]
        if changed:
            _LOG.warning("treecore: note: %s; the questions of the forests are among them", changed)
        found.append(Batch(provenance, work, policy, sources))
    return found


def check_names(provenance: Provenance, forest: Forest, *, own_task: bool) -> None:
    """Refuse forests that name code of this machine, such as a verifier `module:function`: a stranger may have.

    Args:
        own_task: the task is the one that the forest names.

    Raises:
        MethodError: it does.
    """
    texts = [value for value in json.loads(provenance.settings).values() if isinstance(value, str)]
    for text in [provenance.task, *texts] if own_task else texts:
        name = (text.split() or [""])[0]
        if is_entry_point(name):
            raise MethodError(
                f"it names code of this machine, {name!r}, which would run",
                where=named(forest),
                todo="allow that only if you know who wrote the file",
                command="--trust",
            )


def task_of(provenance: Provenance, forest: Forest) -> Task:
    """The task that a forest names, with the settings that it was sampled under.

    Raises:
        MethodError: a setting that is no option of the task is another now.
        TaskError: there is no such task here.
    """
    settings: dict[str, Any] = json.loads(provenance.settings)
    try:
        known = {param.name for param in task_params(provenance.task)}
        options = {name: value for name, value in settings.items() if name in known}
        if provenance.scheme is not None and "reward_scheme" in known:
            options["reward_scheme"] = provenance.scheme
        task = get_task(provenance.task, **options)
    except TreecoreError as error:
        file = settings.get(FILE)
        todo = f"name the task with --task, by its file{f' {file}' if file else ' if it has one'}"
        raise type(error)(error.found, where=f"{named(forest)}, task {provenance.task!r}", todo=todo) from None
    now = settings_of(task)
    for name in settings.keys() - known - {ROWS, FILE}:
        if settings[name] != now.get(name):
            raise MethodError(
                f"the task has {name}={now.get(name)!r}, not {settings[name]!r}",
                where=named(forest),
                todo="use the task that it was sampled with",
            )
    return task


def settings_of(task: Task) -> Mapping[str, Any]:
    """What a task says of itself; nothing where it says nothing."""
    return task.settings or {}


def other_rows(provenance: Provenance, task: Task) -> str:
    """How the task differs from the file that forests of this provenance were sampled from; "" where it does not."""
    settings = json.loads(provenance.settings)
    if settings.get(ROWS) in (None, settings_of(task).get(ROWS)):
        return ""
    file = settings_of(task).get(FILE) or f"task {task.name!r}"
    return f"{file} has other rows now than {settings.get(FILE)} had when the forests were sampled"


def check_server(forest: Forest, *, other: bool) -> None:
    """The forest was not written by a model behind a server, unless another is asked for.

    Raises:
        MethodError: it was.
    """
    if not other and "endpoint" in forest.policy:
        raise MethodError(
            f"model {forest.policy.get('model')!r} wrote it behind a server, which cannot go on after recorded tokens",
            where=named(forest),
            todo="name one that is loaded here with --model",
        )


def check_model(forest: Forest, policy: Policy, *, other: bool) -> None:
    """The loaded model is the one that wrote the forest, unless another was asked for.

    Raises:
        MethodError: it has other weights, lacks tokens of the forest, or cannot go on after recorded tokens.
    """
    if EXTENDS not in policy.gives:
        raise MethodError(
            "the model cannot go on after recorded tokens", where=named(forest), todo="use a model that is loaded here"
        )
    loaded = policy.describe()
    then, now = forest.policy.get("weights"), loaded.get("weights")
    if not other and then is not None and then != now:
        written, read = forest.policy.get("dtype"), loaded.get("dtype")
        differ = f" as {read}" if written and read and written != read else ""
        raise MethodError(
            f"model {forest.policy.get('model')!r} has other weights now{differ} than when it wrote the forest"
            + (f" as {written}" if differ else ""),
            where=named(forest),
            todo=(f"use --dtype {written}, " if differ else "use those weights, ")
            + "or name the model with --model if its own values are wanted",
        )
    if then is None or then != now:
        check_vocabulary(forest, policy)
    table, size = forest.tokens, policy.vocabulary_size
    if size and table is not None and table.id is not None and (found := int(table.id.max(initial=-1))) >= size:
        raise MethodError(
            f"it has a token {found}, where the model knows those below {size}",
            where=named(forest),
            todo="name the model that wrote it",
        )


def check_vocabulary(forest: Forest, policy: Policy) -> None:
    """The recorded token ids mean to the loaded model what they meant to the one that wrote them.

    Raises:
        MethodError: they are other tokens there.
    """
    table, size = forest.tokens, policy.vocabulary_size
    if table is None or table.id is None:
        return
    other = bool(size) and bool((table.id >= size).any())
    for row in range(len(forest)) if table.text is not None and not other else ():
        start, end = (int(place) for place in table.start[row : row + 2])
        ids = table.id[start:end].tolist()
        if -1 not in ids and spaceless(policy.token_strings(ids)) != spaceless(table.text[start:end]):  # type: ignore[index]
            other = True
            break
    if other:
        raise MethodError(
            f"the token ids that {forest.policy.get('model')!r} wrote are other tokens to this model",
            where=named(forest),
            todo="name a model with the same tokenizer",
        )


def spaceless(token_strings: Sequence[str]) -> str:
    """Pieces as one text without spaces, which depend on what stands before."""
    return "".join("".join(token_strings).split())


def source(forest: Forest, task: Task, policy: Policy, node: str | None, *, changed: str = "") -> ContinuationSource:
    """A forest with its prompt as the task knows it.

    Args:
        changed: how the task differs from the one that it was sampled from.

    Raises:
        MethodError, TaskError: the task has no such prompt, or means another by it now.
    """
    try:
        with boundary(TaskError, f"task '{task.name}'"):
            prompt = as_read(task.ask(forest.prompt), policy)
    except TreecoreError as error:
        if changed and isinstance(error, UnknownQuestionError):
            found, todo = f"{changed}, and not this question", "give the file that it was sampled from"
            raise TaskError(found, where=named(forest), todo=todo) from None
        raise error.at(named(forest)) from None
    for name, then, now in (
        ("input", forest.extra.get("input"), str(prompt.text)),
        ("reference", forest.reference or None, prompt.reference),
    ):
        if then is not None and then != now:
            raise MethodError(
                f"the task's {name} for this question is {now[:60]!r}, the forest's {str(then)[:60]!r}",
                where=named(forest),
                todo="use the task and the settings that it was sampled with",
            )
    target = None if node is None else next((row for row, name in enumerate(forest.node_id) if str(name) == node), None)
    if node is not None and target is None:
        raise MethodError(f"there is no node {node!r}", where=named(forest), todo="use an id of its nodes")
    return ContinuationSource(forest, prompt, target)


def named(forest: Forest) -> str:
    """What errors call a forest."""
    question = " ".join(forest.prompt.split())
    shown = question if len(question) <= SHOWN else f"{question[: SHOWN - 1]}…"
    return f"forest {forest.id!r} ({shown!r})"
