"""Names of tasks, how to make them and with which options. Importing this imports no task."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint
from typing import Any

from treecore.errors import MethodError, TaskError, boundary
from treecore.protocols import Task
from treecore.registry.entry_points import is_entry_point, load_entry_point
from treecore.registry.params import Param, entries_of, params_of, parse_settings, summary_of
from treecore.registry.registry import Registry
from treecore.tasks.checked import checked_task
from treecore.tasks.dataset.rows import is_file_name

TaskFactory = Callable[..., Task]


@dataclass(frozen=True)
class TaskEntry:
    """A registered task: its name, and `"module:factory"`, which is imported when the task is wanted."""

    name: str
    factory: str


def installed_task(point: EntryPoint) -> TaskEntry:
    """A plug-in's task, made once without options, so that no list trips over a broken one.

    Raises:
        TaskError: a bundled task has this name, or what the entry point names makes no task.
    """
    if point.name in TASKS:
        raise TaskError(f"there are two of one name: task {point.name!r}", todo="rename one")
    checked_task(load_entry_point(point.value)(), point.value)
    return TaskEntry(point.name, point.value)


TASKS = Registry[TaskEntry]("task", error=TaskError)
"""Bundled tasks that the bundled model can do."""

MORE_TASKS = Registry[TaskEntry]("task", group="treecore.tasks", adopt=installed_task, error=TaskError)
"""Tasks for models of your own, those of plug-ins among them; a public server offers none of them."""

TASKS.add(TaskEntry("multihop", "treecore.tasks.multihop.task:MultihopTask"))
TASKS.add(TaskEntry("countdown", "treecore.tasks.countdown.task:CountdownTask"))
MORE_TASKS.add(TaskEntry("calculator", "treecore.tasks.calculator.task:calculator_task"))

ANY_FILE = "FILE.jsonl"
"""What lists call a file of questions."""


def get_task(name: str, **options: Any) -> Task:
    """A task by name, from a file, or written by the user.

    Args:
        name: one of `TASKS` or `MORE_TASKS`; a file of `{"prompt", "answer"}` rows that ends in `.jsonl` or `.json`,
            also with `.gz`; or an entry point `module:factory`. An entry point runs code of this machine: take it from
            the machine's user only.
        options: the task's parameters (`task_params`), typed or as text.

    Raises:
        TaskError: no such task, an option that it does not have or that does not fit, or a task that lacks something.
        FormatError: the file cannot be read, or a row is wrong.
    """
    factory = _factory(name)
    given = _parsed(name, factory, options) if options else {}
    with boundary(TaskError, f"making task '{name}'"):
        made = factory(**given)
    return checked_task(made, name)


def task_params(name: str) -> tuple[Param, ...]:
    """The options that `get_task` takes for `name`, in order. Same errors."""
    return _params(name, _factory(name))


@dataclass(frozen=True)
class TaskInfo:
    """A task as lists show it; a file of questions is one of them."""

    name: str
    title: str
    summary: str
    params: tuple[Param, ...]

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "name": self.name,
            "title": self.title,
            "summary": self.summary,
            "parameters": [param.as_json() for param in self.params],
        }


def known_tasks() -> list[TaskInfo]:
    """The bundled tasks, those of plug-ins, and what any file of questions can be asked with."""
    bundled = [
        TaskInfo(name, get_task(name).title, summary_of(_factory(name)), task_params(name))
        for name in (*TASKS, *MORE_TASKS)
    ]
    file = _factory(ANY_FILE)
    return [*bundled, TaskInfo(ANY_FILE, "A file of questions", summary_of(made_by(file)), _params(ANY_FILE, file))]


def _factory(name: str) -> TaskFactory:
    entry = TASKS.get(name) or MORE_TASKS.get(name)
    if entry is not None:
        module, _, attribute = entry.factory.partition(":")
        bundled: TaskFactory = getattr(import_module(module), attribute)
        return bundled
    if is_file_name(name):
        from treecore.tasks.dataset.task import dataset_task

        return partial(dataset_task, name)
    if is_entry_point(name):
        return load_entry_point(name)
    known = ", ".join(sorted([*TASKS, *MORE_TASKS]))
    raise TaskError(
        f"no task is called {name!r}",
        todo=f"choose one of {known}, or give a .jsonl file of questions, or module:factory",
    )


def made_by(factory: TaskFactory) -> Any:
    """The function or class that the user or we wrote."""
    return factory.func if isinstance(factory, partial) else factory


def _params(name: str, factory: TaskFactory) -> tuple[Param, ...]:
    written = made_by(factory)
    with boundary(TaskError, f"reading the options of task '{name}'"):
        params = params_of(written.__init__ if inspect.isclass(written) else written)
    meanings = entries_of(written, "Args")
    schemes = written.reward_schemes if inspect.isclass(written) and hasattr(written, "reward_schemes") else ()
    params = tuple(replace(param, meaning=param.meaning or meanings.get(param.name, "")) for param in params)
    return tuple(
        replace(param, type="choice", choices=schemes) if param.name == "reward_scheme" and schemes else param
        for param in params
    )


def _parsed(name: str, factory: TaskFactory, options: dict[str, Any]) -> dict[str, Any]:
    """The options given, as the types that the task takes."""
    try:
        values = parse_settings(_params(name, factory), options, owner=f"task '{name}'")
    except MethodError as error:
        raise TaskError(error.found, where=error.where, todo=error.todo) from None
    return {option: values[option] for option in options}


def check_scheme(task: str, *, scheme: str, known: tuple[str, ...]) -> str:
    """`scheme`, if it is one of `known`.

    Raises:
        TaskError: it is not.
    """
    if scheme not in known:
        raise TaskError(f"task {task!r} has no reward scheme {scheme!r}", todo=f"choose one of {', '.join(known)}")
    return scheme
