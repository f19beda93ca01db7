"""Pairs made to mislead, decided by mathematics: ours gets all of them; how math-verify does is told in docs/tasks.md.

`pytest tests/tasks/verifiers/test_math_adversarial.py -k agreement --sweeps rest` measures that anew.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from treecore.tasks.verifiers.registry import get_check

CHECK = get_check("math")
PAIRS: dict[str, list[tuple[str, str]]] = json.loads((Path(__file__).parent / "math_adversarial.json").read_text())
DOC = Path(__file__).parents[3] / "docs" / "tasks.md"
CASES = [(gold, said, 1.0) for one, other in PAIRS["same"] for gold, said in ((one, other), (other, one))]
CASES += [(gold, said, 0.0) for one, other in PAIRS["different"] for gold, said in ((one, other), (other, one))]
CASES += [(gold, said, 0.0) for gold, said in PAIRS["different as said"]]
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_ours_is_right_on_every_pair(part: int) -> None:
    wrong = [case for case in CASES[part::PARTS] if CHECK.score("", [case[0]], rf"\boxed{{{case[1]}}}") != case[2]]
    assert wrong == []


def test_agreement_with_math_verify_is_as_documented() -> None:
    from math_verify import parse, verify

    agreed = sum(
        bool(verify(parse(rf"\boxed{{{gold}}}"), parse(rf"\boxed{{{said}}}"))) == want for gold, said, want in CASES
    )
    (told,) = re.findall(r"math-verify agrees on (\d+) of (\d+)", DOC.read_text())
    assert (agreed, len(CASES)) == tuple(map(int, told))


@pytest.mark.parametrize(
    ("answer", "output", "reward"),
    [
        ("\\{3,5\\}", "3 and 5", 1),
        ("\\{3,5\\}", "The solutions are 3 and 5.", 1),
        ("3, 5", "The solutions are 5 and 3.", 1),
        ("5", "The answers are 3 and 5.", 0),
        ("3", "The answer is 3 or 5.", 0),
        ("2", "17 mod 5", 1),
        ("5", "<think>so it is 5", 0),
        ("5", "<think>a</think>I say <think>5", 0),
        ("5", "<think>a</think>5", 1),
    ],
)
def test_what_models_write(answer: str, output: str, reward: float) -> None:
    assert CHECK.score("", [answer], output) == reward


@pytest.mark.parametrize("name", ["exact", "contains", "number", "f1"])
def test_thoughts_without_an_end_hold_no_answer(name: str) -> None:
    assert get_check(name).score("", ["5"], "<think>5") == 0
