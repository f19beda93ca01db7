"""The sources as rules read them: files, import statements, functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent


class Import(NamedTuple):
    """One import statement: what, by whom, and whether it runs when the module is imported."""

    path: Path
    line: int
    name: str
    at_import: bool

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line} imports {self.name}"


def sources(folder: str) -> list[Path]:
    return [path for path in sorted((ROOT / folder).rglob("*.py")) if "bundle" not in path.parts]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def part(path: Path) -> str:
    """First name below the package, "" for its `__init__`."""
    name = path.relative_to(ROOT).parts[1].removesuffix(".py")
    return "" if name == "__init__" else name


def is_typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def walk(node: ast.AST, *, at_import: bool = True) -> Iterator[tuple[ast.AST, bool]]:
    """All nodes that run, with whether they run at import; what is only for type checkers is left out."""
    for child in ast.iter_child_nodes(node):
        if is_typing(child):
            continue
        inside = at_import and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield child, at_import
        yield from walk(child, at_import=inside)


def imports(path: Path) -> Iterator[Import]:
    for node, at_import in walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (Import(path, node.lineno, alias.name, at_import) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names] if node.module in ("treecore", "app") else []
            )
            yield from (Import(path, node.lineno, name, at_import) for name in names or [str(node.module)])


PACKAGE = [found for path in sources("treecore") for found in imports(path)]
APP = [found for path in sources("app") for found in imports(path)]


def top(name: str) -> str:
    return name.split(".")[0]


def listed(found: list[Import]) -> list[str]:
    return [str(entry) for entry in found]


DECLARED = ("sampler", "command", "task")
"""Decorators and names of factories whose parameters are settings that a user names."""


class Function(NamedTuple):
    """A function with its parameters, `self` and `cls` left out."""

    place: str
    node: ast.FunctionDef | ast.AsyncFunctionDef
    by_position: list[ast.arg]
    by_name: list[ast.arg]

    @property
    def is_declared(self) -> bool:
        """Whether its parameters are settings or options of a command line, which are given by name."""
        words = [ast.unparse(one).split("(")[0].split(".")[-1] for one in self.node.decorator_list]
        return any(word in DECLARED for word in words) or self.node.name.endswith("_task")


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = [arg for arg in (*node.args.posonlyargs, *node.args.args) if arg.arg not in ("self", "cls")]
            yield Function(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node, given, node.args.kwonlyargs)


FUNCTIONS = [found for folder in ("treecore", "app") for path in sources(folder) for found in functions(path)]
