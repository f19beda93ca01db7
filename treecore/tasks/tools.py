"""Tools that answer calls of the model, by name or written by the user. Knows no task.

A tool is a function from the text between `<tool_call>` and `</tool_call>` to the text of its answer.
"""

from __future__ import annotations

from collections.abc import Callable

from treecore.errors import TaskError, boundary
from treecore.registry.entry_points import is_entry_point, load_entry_point
from treecore.tasks.calculator.calculator import calculate

Tool = Callable[[str], str]

NONE = "none"
MAX_RESULT = 10_000
"""Characters of an answer that the model reads; the rest is cut, with a note that says so."""
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


def answered(tool: Tool, name: str, *, call: str) -> str:
    """What the model reads after a call.

    Raises:
        TaskError: the tool failed, or gave something else than text.
    """
    with boundary(TaskError, f"tool '{name}'"):
        answer: object = tool(call)
    if not isinstance(answer, str):
        raise TaskError(f"tool '{name}' gave {type(answer).__name__}", todo="let it return text")
    if len(answer) <= MAX_RESULT:
        return answer
    return f"{answer[:MAX_RESULT]} [cut here: {MAX_RESULT:,} of {len(answer):,} characters]"
