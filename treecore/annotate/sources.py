"""From recorded forests to what can be continued: their task, their prompt, their policy, their tokens.

A forest that does not say all of this, or says something that is no longer so, is refused before anything is sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from treecore.errors import MethodError, TaskError, TreecoreError, boundary
from treecore.forest import Forest
from treecore.policies import Policy
from treecore.policies.base import EXTENDS
from treecore.protocols import Task
from treecore.sampling.existing import Existing
from treecore.sampling.run import as_read, check_law
from treecore.tasks.registry import get_task, task_params


@dataclass(frozen=True)
class Law:
    """What forests must have in common to be continued in one batch.

    Attributes:
        task, scheme: as forests name them.
        model: name of the policy.
        temperature, top_p: the sampling law.
    """

    task: str
    scheme: str | None
    model: str
    temperature: float
    top_p: float


@dataclass(frozen=True)
class Batch:
    """Forests of one law, ready to be continued."""

    law: Law
    task: Task
    policy: Policy
    sources: Sequence[Existing]


def law_of(forest: Forest, *, task: str | Task | None, model: str | None) -> Law:
    """The law that a forest says it was sampled under.

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
    check_law(temperature, top_p, 0)
    scheme = forest.extra.get("reward_scheme")
    return Law(name, None if scheme is None else str(scheme), wrote, float(temperature), float(top_p))


def batches(
    forests: Sequence[Forest],
    *,
    load: Callable[[str], Policy],
    task: str | Task | None = None,
    model: str | None = None,
    node: str | None = None,
) -> list[Batch]:
    """Forests by law, in the order in which each law first appears.

    Args:
        load: a policy by name.
        task: in place of the one that each forest names.
        model: in place of the one that each forest names.
        node: go on only from the steps on the way to this node; every forest must have it.

    Raises:
        MethodError, PolicyError, TaskError: a forest that cannot be continued.
    """
    laws = [law_of(forest, task=task, model=model) for forest in forests]
    policies: dict[str, Policy] = {}
    found = []
    for law in dict.fromkeys(laws):
        chosen = [forest for forest, one in zip(forests, laws, strict=True) if one == law]
        work = task_of(law, chosen[0]) if task is None or isinstance(task, str) else task
        if law.model not in policies:
            policies[law.model] = load(law.model)
        policy = policies[law.model]
        for forest in chosen:
            check_model(forest, policy, other=model is not None)
        sources = [source(forest, work, policy, node) for forest in chosen]
        found.append(Batch(law, work, policy, sources))
    return found


def task_of(law: Law, forest: Forest) -> Task:
    """The task that a forest names, with the settings that it was sampled under.

    Raises:
        TaskError: there is no such task here.
    """
    settings = forest.extra.get("task_settings")
    options: dict[str, Any] = dict(settings) if isinstance(settings, dict) else {}
    try:
        if law.scheme is not None and any(param.name == "reward_scheme" for param in task_params(law.task)):
            options["reward_scheme"] = law.scheme
        return get_task(law.task, **options)
    except TreecoreError as error:
        todo = "name the task with --task, by its file if it has one"
        raise type(error)(error.found, where=named(forest), todo=todo) from None


def check_model(forest: Forest, policy: Policy, *, other: bool) -> None:
    """The loaded model is the one that wrote the forest, unless another was asked for.

    Raises:
        MethodError: it has other weights, or cannot go on after recorded tokens.
    """
    if EXTENDS not in getattr(policy, "gives", frozenset()):
        raise MethodError(
            "the model cannot go on after recorded tokens", where=named(forest), todo="use a model that is loaded here"
        )
    then, now = forest.policy.get("weights"), policy.describe().get("weights")
    if not other and then is not None and then != now:
        raise MethodError(
            f"model {forest.policy.get('model')!r} has other weights now than when it wrote the forest",
            where=named(forest),
            todo="use those weights, or name the model with --model if its own values are wanted",
        )


def source(forest: Forest, task: Task, policy: Policy, node: str | None) -> Existing:
    """A forest with its prompt as the task knows it.

    Raises:
        MethodError, TaskError: the task has no such prompt, or means another by it now.
    """
    try:
        with boundary(TaskError, f"task '{task.name}'"):
            prompt = as_read(task.ask(forest.prompt), policy)
    except TreecoreError as error:
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
    return Existing(forest, prompt, target)


def named(forest: Forest) -> str:
    """What errors call a forest."""
    return f"forest {forest.id!r}"
