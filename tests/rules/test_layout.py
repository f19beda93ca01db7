"""Tests mirror the sources by name: each module has its namesake, or it is said here where its tests are, and why."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from sources import ROOT, nodes, sources

ELSEWHERE: dict[str, tuple[str, str]] = {
    "app": ("tests/app", "parts of pages: tested on the pages, by AppTest and in a browser"),
    "app.browse": ("tests/app/test_library.py", "one page: tested as one"),
    "app.controls": ("tests/app", "parts of pages: tested on the pages, by AppTest and in a browser"),
    "app.compare": ("tests/app/test_compare.py", "one page: tested as one"),
    "app.figures": ("tests/app/test_figures.py", "all figures in one file, each by its own tests"),
    "app.grain": ("tests/app/test_granularity.py", "one page: tested as one"),
    "app.inspector": ("tests/app", "parts of pages: tested on the pages, by AppTest and in a browser"),
    "app.lessons": ("tests/app/test_lessons.py", "one page: tested as one"),
    "app.library": ("tests/app/test_library.py", "one page: tested as one"),
    "app.opening": ("tests/app/opening", "tested by opening files"),
    "app.rollout": ("tests/app/rollout", "parts of one page and its queue: tested by runs"),
    "app.serving": ("tests/serving", "tested as a visitor of a server meets it"),
    "app.state": ("tests/app", "what every page rests on: tested on the pages"),
    "app.table": ("tests/app/table", "one page: the link that opens it, what a browser sends, its keys"),
    "app.tokens": ("tests/app/tokens", "one page: its rows, the link that opens it, its keys"),
    "app.what_if": ("tests/app/what_if", "parts of one panel: tested by its words and on the page"),
    "app.views": ("tests/app", "whole pages: tests/app/test_views.py and the browser tests"),
    "app.visits": ("tests/bench/test_app_class.py", "one class: tested at work on a server"),
    "treecore": ("tests", "words shared by all: every test of an error or a limit is one of theirs"),
    "treecore.analysis": ("tests/analysis", "parts of the film and of lint: tested through these"),
    "treecore.annotate": ("tests/annotate", "parts of one run: tests/annotate/test_annotate.py"),
    "treecore.bench": ("tests/bench", "what they print is tested; how fast it is, is no matter of tests"),
    "treecore.cli": ("tests/cli", "commands: tested as commands, by what they print"),
    "treecore.core": ("tests/core", "columns, states and outcomes: tested through forests and every method"),
    "treecore.exports": ("tests/exports", "kinds of one registry: tested side by side on the same forests"),
    "treecore.formats": ("tests/formats", "parts of reading and writing: tested through whole files"),
    "treecore.formats.readers": ("tests/formats/readers", "tested through the files of each tool"),
    "treecore.formats.readers.agents": ("tests/formats/readers", "tested through the files of each tool"),
    "treecore.formats.readers.inspect_ai": ("tests/formats/readers", "tested through the files of the tool"),
    "treecore.formats.readers.traces": ("tests/formats/readers", "tested through the files of each tool"),
    "treecore.formats.readers.trainers": ("tests/formats/readers", "tested through the files of each tool"),
    "treecore.formats.readers.trees": ("tests/formats/readers", "tested through the files of each tool"),
    "treecore.formats.readers.verifiers": ("tests/formats/readers", "tested through the files of the tool"),
    "treecore.hooks": ("tests/hooks", "one thing to users: tests/hooks/test_hooks.py, and a run of TRL"),
    "treecore.lessons": ("tests/lessons", "one course: its numbers and words are tested on its units"),
    "treecore.library": ("tests/library", "parts of one index: tested as one"),
    "treecore.methods": ("tests/methods", "methods: each is held to its laws, its oracle and golden numbers"),
    "treecore.methods.ops": ("tests/methods", "tested through the methods that use them"),
    "treecore.policies": ("tests/policies", "how policies are opened: tested through those of both kinds"),
    "treecore.policies.local": ("tests/policies/local", "tested through sessions of the policy"),
    "treecore.policies.openai": ("tests/policies/openai", "tested through servers"),
    "treecore.registry": ("tests/registry", "tested through the registries of methods, samplers, tasks and plug-ins"),
    "treecore.rollouts": ("tests/rollouts", "parts of one run: tested through runs"),
    "treecore.rollouts.local": ("tests/rollouts/local", "parts of running on this machine: tested through runs"),
    "treecore.rollouts.output": ("tests/rollouts/output", "tested through files of runs"),
    "treecore.rollouts.ray": ("tests/rollouts/ray/test_ray.py", "parts of one engine: tested on a cluster"),
    "treecore.samplers": ("tests/samplers", "samplers: tests/samplers/test_sampler_registry.py tests all of them"),
    "treecore.samplers.mcts": ("tests/samplers", "parts of one sampler: tests/samplers/test_mcts*.py"),
    "treecore.tasks": ("tests/tasks", "parts of every task: tested through tasks"),
    "treecore.tasks.calculator": ("tests/tasks", "tested as a task, also beside the others"),
    "treecore.tasks.countdown": ("tests/tasks/countdown", "tested as a task"),
    "treecore.tasks.multihop": ("tests/tasks/multihop", "tested as a task"),
    "treecore.tasks.verifiers": ("tests/tasks/verifiers", "tested through verifiers"),
    "treecore.tasks.verifiers.mathematics": (
        "tests/tasks/verifiers",
        "parts of one verifier: tested by pairs",
    ),
    "treecore.tiny": ("tests/tiny", "how the bundled model was trained: its weights and vocabulary are tested"),
    "treecore.views": ("tests", "figures: tests/app/test_figures.py, beside those of the app"),
    "treecore.views.inspector": ("tests", "parts of one panel: tested by its words and on the pages"),
    "treecore.views.svg": ("tests/exports/test_figures.py", "parts of one drawing: tested by its files"),
    "treecore.views.scene": ("tests/views/scene", "parts of one scene: tested through it"),
}
"""Package -> where those of its modules are tested that have no namesake, and why there."""


NAMED = re.compile(r"(treecore|app)(\.\w+)+(:\w+)?")
"""How registries name what they import once it is wanted."""


def module_of(path: Path) -> str:
    """The dotted name of a source."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> list[str]:
    """All modules but packages and entry points."""
    paths = [*sources("treecore"), *sources("app")]
    return [module_of(path) for path in paths if path.stem not in ("__init__", "__main__")]


def namesake(module: str) -> Path:
    """Where its tests are expected."""
    parts = module.split(".")
    folder = parts[1:-1] if parts[0] == "treecore" else ["canvas"] if parts[:2] == ["app", "canvas"] else parts[:-1]
    return ROOT.joinpath("tests", *folder, f"test_{parts[-1]}.py")


@cache
def imported(path: Path) -> frozenset[str]:
    """Modules that a file imports anywhere, by every name that it may mean."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {entry.name for entry in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{entry.name}" for entry in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and NAMED.fullmatch(node.value):
            found.add(node.value.split(":")[0])
    return frozenset(found)


@cache
def paths() -> dict[str, Path]:
    """Dotted name of a source -> its file."""
    return {module_of(path): path for path in [*sources("treecore"), *sources("app")]}


@cache
def reached(place: str) -> frozenset[str]:
    """Modules that are imported by tests of a place, directly or through others."""
    files = paths()
    start = ROOT / place
    tests = [start] if start.is_file() else sorted(start.rglob("*.py"))
    waiting = {"app.main", *(name for name in files if name.startswith("app.views."))} if "app" in place else set()
    waiting |= {name for path in [*tests, *(ROOT / "tests" / "support").glob("*.py")] for name in imported(path)}
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen and name in files:
            seen.add(name)
            packages = {".".join(name.split(".")[:n]) for n in range(1, name.count(".") + 1)}
            waiting |= imported(files[name]) | packages
    return frozenset(seen)


ALONE = [module for module in modules() if not namesake(module).exists()]
STARTED = {"treecore.tiny.train"}
"""Run as programs that take hours; what they made is tested."""


def test_every_module_has_its_namesake_or_a_place_and_a_reason() -> None:
    assert sorted({module.rpartition(".")[0] for module in ALONE} - ELSEWHERE.keys()) == []


def test_no_reason_is_left_over() -> None:
    assert sorted(ELSEWHERE.keys() - {module.rpartition(".")[0] for module in ALONE}) == []


@pytest.mark.parametrize("package", ELSEWHERE)
def test_tests_that_are_named_reach_the_modules(package: str) -> None:
    place, _ = ELSEWHERE[package]
    assert (ROOT / place).exists()
    own = [module for module in ALONE if module.rpartition(".")[0] == package and module not in STARTED]
    assert [module for module in own if module not in reached(place)] == []


def test_folders_of_tests_are_those_of_sources() -> None:
    others = {"data", "oracles", "rules", "serving", "support", "app", "canvas"}
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert sorted(folders - others - {path.name for path in (ROOT / "treecore").iterdir()}) == []
