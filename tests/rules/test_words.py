"""Names say what things are, in the words of the field."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from sources import ROOT, nodes, nodes_of, parsed, sources

VAGUE = {"told", "counted", "grove", "groves", "patience"}
LIMITS = {"MOST", "LEAST", "LARGEST", "LONGEST", "FEWEST", "SHORTEST", "DEEPEST", "WIDEST", "NARROWEST", "PATIENCE"}
"""Words in constants for which the field says MAX, MIN and TIMEOUT."""
HELPERS = {"counted", "counted_of"}
"""What writes a number with its noun (`treecore.core.numerals`): nothing else may be called so."""


def names_in(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
            return [name]
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
    return []


def vague(found: Sequence[ast.AST]) -> list[str]:
    """Names that could mean several things; those of the helpers only where these are called or defined."""
    helpers = {
        id(node) if isinstance(node, ast.FunctionDef) else id(node.func)
        for node in found
        if isinstance(node, ast.Call | ast.FunctionDef)
    }
    return [
        f"{getattr(node, 'lineno', 0)} {name}"
        for node in found
        for name in names_in(node)
        if VAGUE & set(name.lower().split("_")) and not (name in HELPERS and id(node) in helpers)
    ]


@pytest.mark.parametrize("folder", ["treecore", "app"])
def test_names_are_not_vague(folder: str) -> None:
    found = [(path, name) for path in sources(folder) for name in vague(nodes(path))]
    assert [f"{path.relative_to(ROOT)}:{name}" for path, name in found] == []
    assert vague(nodes_of("counted = counted(n, 'step')\ndef told(): ...")) == ["2 told", "1 counted"]


def test_limits_are_named_as_limits() -> None:
    paths = [*sources("treecore"), *sources("app"), *(ROOT / "app").rglob("*.js")]
    constant = re.compile(r"\b_?[A-Z]{2,}(?:_[A-Z]+)*\b")
    found = [
        f"{path.relative_to(ROOT)} {name}"
        for path in paths
        for name in constant.findall(path.read_text())
        if LIMITS & set(name.split("_"))
    ]
    assert found == []


@pytest.mark.parametrize("folder", ["treecore", "app"])
def test_each_module_says_in_its_first_line_what_it_is(folder: str) -> None:
    """One whole line; a package that has only a namespace to be may say nothing."""
    wrong = [
        str(path.relative_to(ROOT))
        for path in sources(folder)
        if path.name not in ("__init__.py", "__main__.py")
        and not (ast.get_docstring(parsed(path)) or "").partition("\n")[0].endswith((".", "?", ")", ":"))
    ]
    assert wrong == []


def test_nothing_is_gone_on_with() -> None:
    files = [*sources("treecore"), *sources("app"), *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    assert [str(path.relative_to(ROOT)) for path in files if "gone on with" in path.read_text()] == []


def unseen(found: Sequence[ast.AST]) -> list[int]:
    """Lines of `st.text(...)` of words that are neither ours nor `visible`."""
    return [
        node.lineno
        for node in found
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "st.text"
        and not isinstance(node.args[0], ast.Constant)
        and not (isinstance(node.args[0], ast.Call) and ast.unparse(node.args[0].func) == "visible")
    ]


def test_text_of_others_obeys_no_direction_control() -> None:
    found = [f"{path.relative_to(ROOT)}:{line}" for path in sources("app") for line in unseen(nodes(path))]
    assert found == []
    assert unseen(nodes_of("st.text(prompt)\nst.text(visible(prompt))\nst.text('ours')")) == [1]


SEVERAL = {
    "treecore/formats/columnar.py",
    "treecore/views/inspector/words.py",
    "treecore/analysis/stages.py",
    "treecore/analysis/working.py",
    "treecore/cli/bench.py",
    "treecore/cli/credit_json.py",
    "treecore/cli/files.py",
    "treecore/cli/tree_text.py",
    "treecore/formats/limits.py",
    "treecore/formats/native_pieces.py",
    "treecore/formats/parquet.py",
    "treecore/formats/readers/trees/treerl.py",
    "treecore/formats/yaml_text.py",
    "treecore/methods/ops/paths.py",
    "treecore/methods/reinforce.py",
    "treecore/policies/local/model_checks.py",
    "treecore/rollouts/output/jsonl_file.py",
    "treecore/rollouts/ray/engine.py",
    "treecore/samplers/fixed_width.py",
    "treecore/tasks/check.py",
    "treecore/tasks/tools.py",
    "treecore/tasks/verifiers/text.py",
    "treecore/views/inspector/numbers.py",
}
"""Modules whose numbers are limits or always two and more where they stand before a noun."""
PLURAL = re.compile(
    r" (?:more |other |nested |finished |fresh )?"
    r"(steps|trajectories|leaves|prompts|forests|rows|tokens|files|values|nodes|columns|trees|branches"
    r"|answers|questions|weights|workers|forks|siblings|turns|groups|seconds|times|lines|characters|resamples)\b"
)
"""What follows a number."""


def bare_plurals(found: Sequence[ast.AST]) -> list[str]:
    """Texts such as `f"{n} steps"`, which say "1 steps"; limits written as constants are left alone."""
    return [
        f"{{{ast.unparse(value.value)}}}{text.value[:30]}"
        for node in found
        if isinstance(node, ast.JoinedStr)
        for value, text in pairwise(node.values)
        if isinstance(value, ast.FormattedValue)
        and isinstance(text, ast.Constant)
        and PLURAL.match(text.value)
        and not any(isinstance(one, ast.Name) and one.id.isupper() for one in ast.walk(value.value))
        and not any(name in ast.unparse(value.value) for name in ("counted(", "in_words(", "named"))
    ]


def said(found: Sequence[ast.AST]) -> list[str]:
    """All texts of a module but its docstrings."""
    own = {id(node.value) for node in found if isinstance(node, ast.Expr)}
    texts = (node for node in found if isinstance(node, ast.Constant) and id(node) not in own)
    return [node.value for node in texts if isinstance(node.value, str)]


def test_one_is_no_plural() -> None:
    """`counted(1, "step")` is "1 step"; nothing is "step(s)"."""
    paths = [path for folder in ("treecore", "app") for path in sources(folder) if "bench" not in path.parts]
    found = {str(path.relative_to(ROOT)): bare_plurals(nodes(path)) for path in paths}
    assert {name: texts for name, texts in found.items() if texts and name not in SEVERAL} == {}
    assert sorted(SEVERAL - {name for name, texts in found.items() if texts}) == []
    either = re.compile(r"(?<![\\\w])[a-z]{3,}\((?:s|es)\)")
    assert [str(path.relative_to(ROOT)) for path in paths if any(map(either.search, said(nodes(path))))] == []
    assert bare_plurals(nodes_of('f"{n} steps", f"{whole(n)} more lines", f"{MOST} steps", f"{n} of them"')) == [
        "{n} steps",
        "{whole(n)} more lines",
    ]
