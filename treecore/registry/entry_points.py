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

ENTRY_POINT = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*")


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
