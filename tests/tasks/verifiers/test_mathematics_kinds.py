"""Answers of many kinds, right and wrong ones beside each other; each kind may look like the one before it."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from treecore.tasks.verifiers.registry import get_check

CHECK = get_check("math")
CASES = json.loads((Path(__file__).parent / "math_kinds.json").read_text())
KINDS: dict[str, list[dict[str, Any]]] = {
    kind: list(cases) for kind, cases in groupby(CASES, key=lambda one: str(one["kind"]))
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_answers(kind: str) -> None:
    wrong = [
        (one["answer"], one["output"])
        for one in KINDS[kind]
        if CHECK.score("", one["answer"] if isinstance(one["answer"], list) else [one["answer"]], one["output"])
        != one["expected"]
    ]
    assert wrong == []
