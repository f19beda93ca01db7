"""Whether what a user's factory made follows the `Task` protocol."""

from __future__ import annotations

from typing import Any

from treecore.errors import TaskError
from treecore.protocols import Task

NAMES = ("name", "title")
NUMBERS = ("max_steps", "max_step_tokens")
METHODS = ("prompts", "ask", "respond", "reward", "parts", "gold")


def checked_task(made: Any, entry_point: str) -> Task:
    """`made`, if it follows the `Task` protocol.

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
    task: Task = made
    return task
