"""Names of tasks and how to make them. Importing this imports no task."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from treecore.errors import TaskError
from treecore.protocols import Task

TaskFactory = Callable[..., Task]

TASKS: dict[str, str] = {
    "multihop": "treecore.tasks.multihop:MultihopTask",
    "countdown": "treecore.tasks.countdown:CountdownTask",
}
"""Registry name to `"module:factory"`; a factory takes the keyword `reward_scheme`."""


def get_task(name: str, *, reward_scheme: str = "exact") -> Task:
    """The task registered under `name`.

    Args:
        name: one of `TASKS`.
        reward_scheme: `exact` (1 or 0), or a scheme that the task lists in its `reward_schemes`.

    Raises:
        TaskError: no such task, or the task has no such reward scheme.
    """
    if name not in TASKS:
        raise TaskError(f"no task is called {name!r}", todo=f"choose one of {', '.join(sorted(TASKS))}")
    module, _, attribute = TASKS[name].partition(":")
    factory = cast(TaskFactory, getattr(import_module(module), attribute))
    return factory(reward_scheme=reward_scheme)


def check_scheme(task: str, scheme: str, known: tuple[str, ...]) -> str:
    """`scheme`, if it is one of `known`.

    Raises:
        TaskError: it is not.
    """
    if scheme not in known:
        raise TaskError(f"task {task!r} has no reward scheme {scheme!r}", todo=f"choose one of {', '.join(known)}")
    return scheme
