"""Docstrings name what is there: parameters under Args, fields under Attributes, a result under Returns."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from sources import ROOT, nodes, sources

SECTIONS = ("Args", "Attributes", "Returns", "Raises", "Yields")
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def sections(text: str) -> dict[str, list[str]]:
    """The lines below each heading, without the indent that all of them have."""
    found: dict[str, list[str]] = {}
    lines = None
    for line in text.splitlines():
        heading = line.removesuffix(":")
        if line.endswith(":") and heading in SECTIONS:
            lines = found[heading] = []
        elif lines is not None and (not line or line.startswith("    ")):
            lines.append(line[4:])
        else:
            lines = None
    return found


def names(lines: list[str]) -> list[str]:
    """What the entries `name: ...` and `one, other: ...` of a section are about."""
    heads = [line.partition(":")[0] for line in lines if re.match(r"\*{0,2}\w[\w*, ]*:", line)]
    return [name.strip().lstrip("*") for head in heads for name in head.split(",")]


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    given = node.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return {one.arg for one in every if one is not None} - {"self", "cls"}


def fields(node: ast.ClassDef) -> set[str]:
    """Names in the body of a class, and what its methods set on `self`."""
    found: set[str] = set()
    for child in ast.walk(node):
        match child:
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.FunctionDef(name=name):
                found.add(name)
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                found.add(name)
            case ast.Assign(targets=targets):
                found |= {one.id for one in targets if isinstance(one, ast.Name)}
    return found


def returns_nothing(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return node.returns is not None and ast.unparse(node.returns) in ("None", "NoReturn", "Never")


def wrong(node: Definition) -> list[str]:
    """Names in the docstring that the definition does not have, and headings that say nothing true."""
    found = sections(ast.get_docstring(node) or "")
    if isinstance(node, ast.ClassDef):
        own = fields(node)
        made = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
        args = parameters(made[0]) if made else own
        bad = [f"Attributes: {name}" for name in names(found.get("Attributes", [])) if name not in own]
    else:
        args, bad = parameters(node), []
        if returns_nothing(node) and found.keys() & {"Returns", "Yields"}:
            bad = ["Returns: None"]
    bad += [f"Args: {name}" for name in names(found.get("Args", [])) if name not in args]
    return bad + [f"{name}: empty" for name, lines in found.items() if not any(lines)]


def definitions(path: Path) -> list[Definition]:
    return [node for node in nodes(path) if isinstance(node, Definition)]


@pytest.mark.parametrize("folder", ["treecore", "app"])
def test_docstrings_name_what_is_there(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {what}"
        for path in sources(folder)
        for node in definitions(path)
        for what in wrong(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def f(a, *, b):\n    '''X.\n\n    Args:\n        a, b: words.\n    '''", []),
        ("def f(a):\n    '''X.\n\n    Args:\n        a: words.\n        c: more.\n    '''", ["Args: c"]),
        ("def f() -> None:\n    '''X.\n\n    Returns:\n        words.\n    '''", ["Returns: None"]),
        (
            "class A:\n    '''X.\n\n    Attributes:\n        a: words.\n        b: more.\n    '''\n    a: int",
            ["Attributes: b"],
        ),
        (
            "class A:\n    '''X.\n\n    Args:\n        a: words.\n    '''\n    def __init__(self, b): self.c = b",
            ["Args: a"],
        ),
        ("def f(a):\n    '''X.\n\n    Args:\n    '''", ["Args: empty"]),
    ],
)
def test_names_that_are_not_there_are_found(code: str, found: list[str]) -> None:
    (node,) = ast.parse(code).body
    assert isinstance(node, Definition)
    assert wrong(node) == found
