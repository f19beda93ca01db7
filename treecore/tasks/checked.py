"""Check that an object follows the `Task` protocol, and fill in what it may leave out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from treecore.errors import TaskError
from treecore.protocols import TASK_OPTIONAL, StepRule, Task
from treecore.registry.optional_members import with_defaults

NAMES = ("name", "title")
NUMBERS = ("max_steps", "max_step_tokens")
METHODS = ("prompts", "ask", "respond", "reward", "parts", "gold")


def checked_task(made: Any, entry_point: str) -> Task:
    """`made`, if it follows the `Task` protocol; it gets the optional members that it leaves out.

    Raises:
        TaskError: it lacks something, or has it in another type.
    """
    missing = [name for name in (*NAMES, "stop", *NUMBERS, *METHODS) if not hasattr(made, name)]
    if missing:
        raise TaskError(f"the task lacks {', '.join(missing)}", where=entry_point, todo="see treecore.protocols.Task")
    wrong = [f"{name} is not text" for name in NAMES if not isinstance(getattr(made, name), str)]
    stop = made.stop
    if not isinstance(stop, tuple) or not all(isinstance(one, str) and one for one in stop):
        wrong.append("stop is not a tuple of texts")
    for name in NUMBERS:
        value = getattr(made, name)
        if not isinstance(value, int) or value < 1:
            wrong.append(f"{name} is not a whole number of at least 1")
    wrong += [f"{name} cannot be called" for name in METHODS if not callable(getattr(made, name))]
    if wrong:
        raise TaskError(wrong[0], where=entry_point, todo="see treecore.protocols.Task")
    return with_optional(made, entry_point)


def with_optional(made: Any, where: str) -> Task:
    """A task with all optional members of the protocol, those that it has checked.

    Raises:
        TaskError: one is of another type, or it lacks one and takes none.
    """
    try:
        task: Task = with_defaults(made, Task, names=TASK_OPTIONAL)
    except AttributeError as error:
        raise TaskError(str(error), where=where, todo="derive the class from treecore.protocols.Task") from None
    kinds = {"step_rule": StepRule, "settings": Mapping | None, "reward_scheme": str | None, "reward_schemes": tuple}
    for name, kind in kinds.items():
        if not isinstance(getattr(task, name), kind):
            raise TaskError(f"{name} is of another type", where=where, todo="see treecore.protocols.Task")
    return task
