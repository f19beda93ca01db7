"""Python entry points `module:name`: a task or a verifier that the user wrote.

Loading one imports and runs code of this machine, so a name must come from its user and never from a visitor.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from treecore.errors import TaskError, boundary
from treecore.protocols import Task

ENTRY_POINT = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*")
NAMES = ("name", "title")
NUMBERS = ("max_steps", "max_step_tokens")
METHODS = ("prompts", "ask", "respond", "reward", "parts", "gold")


def is_entry_point(text: str) -> bool:
    """Whether `text` reads `module:name`."""
    return ENTRY_POINT.fullmatch(text) is not None


def load_entry_point(text: str) -> Callable[..., Any]:
    """What `module:name` names; modules of the working folder are found as well.

    Raises:
        TaskError: not such a text, no such module or name, an import that fails, or nothing that can be called.
    """
    if not is_entry_point(text):
        raise TaskError(f"{text!r} is not an entry point", todo="write package.module:name")
    module, _, name = text.partition(":")
    found: Any = _imported(module)
    for part in name.split("."):
        if not hasattr(found, part):
            raise TaskError(f"module {module!r} has no {name!r}", where=text, todo="check the name after the colon")
        found = getattr(found, part)
    if not callable(found):
        raise TaskError(
            f"{name!r} is {type(found).__name__}, which cannot be called", where=text, todo="name a function"
        )
    called: Callable[..., Any] = found
    return called


def _imported(module: str) -> Any:
    here = os.getcwd()
    added = here not in sys.path
    if added:
        sys.path.append(here)
    try:
        with boundary(TaskError, f"importing {module!r}"):
            return import_module(module)
    except TaskError as error:
        cause = error.__cause__
        missing = cause.name if isinstance(cause, ModuleNotFoundError) else None
        if missing is not None and (module == missing or module.startswith(f"{missing}.")):
            raise TaskError(
                f"there is no module {missing!r}", where=module, todo="check the name, or install it where treecore is"
            ) from None
        raise
    finally:
        if added:
            sys.path.remove(here)


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
