"""Names say what things are, in the words of the field."""

from __future__ import annotations

import ast

import pytest
from sources import ROOT, sources

VAGUE = {"told", "counted", "grove", "groves", "patience"}
RUNNING = ("treecore/annotate", "treecore/policies", "treecore/rollouts")


def names_in(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
            return [name]
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
    return []


@pytest.mark.parametrize("folder", RUNNING)
def test_what_runs_has_no_vague_names(folder: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)} {name}"
        for path in sources(folder)
        for node in ast.walk(ast.parse(path.read_text()))
        for name in names_in(node)
        if VAGUE & set(name.lower().split("_"))
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", ["treecore", "app"])
def test_each_module_says_in_its_first_line_what_it_is(folder: str) -> None:
    """One whole line; a package that has only a namespace to be may say nothing."""
    wrong = [
        str(path.relative_to(ROOT))
        for path in sources(folder)
        if path.name not in ("__init__.py", "__main__.py")
        and not (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0].endswith((".", "?", ")", ":"))
    ]
    assert wrong == []


def test_nothing_is_gone_on_with() -> None:
    files = [*sources("treecore"), *sources("app"), *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    assert [str(path.relative_to(ROOT)) for path in files if "gone on with" in path.read_text()] == []


def unseen(tree: ast.AST) -> list[int]:
    """Lines of `st.text(...)` of words that are neither ours nor `visible`."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "st.text"
        and not isinstance(node.args[0], ast.Constant)
        and not (isinstance(node.args[0], ast.Call) and ast.unparse(node.args[0].func) == "visible")
    ]


def test_text_of_others_obeys_no_direction_control() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}" for path in sources("app") for line in unseen(ast.parse(path.read_text()))
    ]
    assert found == []
    assert unseen(ast.parse("st.text(prompt)\nst.text(visible(prompt))\nst.text('ours')")) == [1]
