"""What a file makes very long or very many is told shortly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from treecore.cli import main
from treecore.errors import MAX_UNBROKEN, FormatError, shortened

LONG = "1" * 5000
ROOT: dict[str, Any] = {"id": 0, "parent": None}
FILES: dict[str, dict[str, Any]] = {
    "id of a forest": {"id": LONG, "nodes": [ROOT, {"id": 1, "parent": 0}]},
    "id": {"nodes": [{"id": LONG, "parent": None}, {"id": LONG, "parent": None}]},
    "id of a leaf": {"nodes": [ROOT, {"id": LONG, "parent": 0}, {"id": 2, "parent": 0, "reward": 1}]},
    "parent": {"nodes": [ROOT, {"id": 1, "parent": LONG}]},
    "column": {"nodes": [ROOT, {"id": 1, "parent": 0, "columns": {LONG: "a"}}]},
    "value of a column": {"nodes": [ROOT, {"id": 1, "parent": 0, "columns": {LONG: 1e300}}]},
    "claimed method": {"nodes": [ROOT, {"id": 1, "parent": 0, "credit": {LONG: "a"}}]},
    "unknown field": {"nodes": [{**ROOT, LONG: 1}], LONG: 1},
    "field beside the forests": {LONG: 1, "forests": [{"format": "treecore/1", "nodes": [ROOT]}]},
    "version": {"format": f"treecore/{LONG}", "nodes": [ROOT]},
    "reward": {"nodes": [{**ROOT, "reward": LONG}]},
}


def said(tmp_path: Path, document: dict[str, Any]) -> list[str]:
    path = tmp_path / "a.forest.jsonl"
    path.write_text(json.dumps({"format": "treecore/1", **document}) + "\n")
    return CliRunner().invoke(main, ["validate", str(path)]).output.splitlines()


@pytest.mark.parametrize("name", FILES)
def test_long_values_are_shortened(tmp_path: Path, name: str) -> None:
    lines = said(tmp_path, FILES[name])
    assert any("..." in line for line in lines)
    assert all(len(word) <= MAX_UNBROKEN for line in lines for word in line.split())
    assert all(len(line) < 1000 for line in lines)


def test_the_first_dozen_of_many_unknown_fields_is_listed(tmp_path: Path) -> None:
    node = {**ROOT, **{f"field{number}": 1 for number in range(3000)}}
    (line,) = [line for line in said(tmp_path, {"nodes": [node]}) if "beyond the format" in line]
    assert line.count("nodes[].") == 12
    assert line.endswith("nodes[].field11 (1) and 2,988 more")


def test_what_is_not_too_long_stays() -> None:
    text = "x" * MAX_UNBROKEN
    assert shortened(f"a  {text}\nb") == f"a {text} b"
    assert shortened(text + "y") == f"{'x' * 60}...{'x' * 19}y"
    assert "/run.jsonl" in str(FormatError("broken", where=f"/{'d' * 300}/run.jsonl"))
