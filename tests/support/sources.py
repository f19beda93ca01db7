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


@cache
def sources(folder: str) -> list[Path]:
    """The files of a folder, those that a build puts there aside; nobody may change the list."""
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


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a file."""
    return tuple(ast.walk(parsed(path)))


def nodes_of(code: str) -> list[ast.AST]:
    """All nodes of a text."""
    return list(ast.walk(ast.parse(code)))


def statements(tree: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    """All statements that run, with whether they run at import; what is only for type checkers is left out."""
    waiting = [(tree, True)]
    while waiting:
        above, at_import = waiting.pop()
        inside = at_import and not isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef)
        below = [node for node in ast.iter_child_nodes(above) if not isinstance(node, ast.expr) and not is_typing(node)]
        waiting += [(node, inside) for node in below]
        yield from waiting[len(waiting) - len(below) :]


def imports(path: Path) -> Iterator[Import]:
    for node, at_import in statements(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (Import(path, node.lineno, alias.name, at_import) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names] if node.module in ("treecore", "app") else []
            )
            yield from (Import(path, node.lineno, name, at_import) for name in names or [str(node.module)])


@cache
def all_imports(folder: str) -> list[Import]:
    """To be read only."""
    return [found for path in sources(folder) for found in imports(path)]


def top(name: str) -> str:
    return name.split(".")[0]


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
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = [arg for arg in (*node.args.posonlyargs, *node.args.args) if arg.arg not in ("self", "cls")]
            yield Function(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node, given, node.args.kwonlyargs)


def all_functions(*folders: str) -> list[Function]:
    return [found for folder in folders for path in sources(folder) for found in functions(path)]
