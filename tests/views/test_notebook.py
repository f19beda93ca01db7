"""The notebook of the documents runs from top to bottom, cell by cell, and is kept without outputs."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[2] / "docs" / "notebook.ipynb"
CELLS = [cell for cell in json.loads(FILE.read_text())["cells"] if cell["cell_type"] == "code"]


def run(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; the value of its last expression."""
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), str(FILE), "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), str(FILE), "eval"), names)


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    shown = [run("".join(cell["source"]), names) for cell in CELLS]
    rich = [type(value).__name__ for value in shown if hasattr(value, "_repr_html_") or hasattr(value, "comm")]
    assert rich == ["Forest", "Credit", "TreeWidget", "DataFrame"]
    assert json.loads(names["shown"].inspection)["words"]["node"] == names["shown"].selected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tree.svg", "trees.html"]


def test_it_is_kept_without_outputs() -> None:
    assert [cell["outputs"] or cell["execution_count"] for cell in CELLS if cell["outputs"]] == []
