"""Tools that answer calls of the model, by name or written by the user. Knows no task.

A tool is a function from the text between `<tool_call>` and `</tool_call>` to the text of its answer.
"""

from __future__ import annotations

from collections.abc import Callable

from treecore.errors import TaskError
from treecore.tasks.calculator import calculate
from treecore.tasks.plugin import is_entry_point, load_entry_point

Tool = Callable[[str], str]

NONE = "none"
TOOLS: dict[str, Tool] = {"calculator": calculate}


def get_tool(name: str) -> Tool | None:
    """A tool by name, or the user's own function `module:function`; None for `none`.

    Raises:
        TaskError: no such tool, no such module or function.
    """
    if name == NONE or name in TOOLS:
        return TOOLS.get(name)
    if is_entry_point(name):
        return load_entry_point(name)
    raise TaskError(
        f"no tool is called {name!r}", todo=f"choose one of {', '.join([NONE, *TOOLS])}, or give module:function"
    )
