from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from treecore.tasks import reward

VECTORS = json.loads((Path(__file__).parent / "data" / "tree_grpo_reward.json").read_text())
GOLDEN = [pytest.param(vector, id=f"{number}-{vector['name']}") for number, vector in enumerate(VECTORS)]


def test_there_are_twelve_vectors() -> None:
    assert len(VECTORS) == 12


@pytest.mark.parametrize("vector", GOLDEN)
def test_rewards_agree_with_the_reference_code(vector: dict[str, Any]) -> None:
    given, expected = vector["input"], vector["expected"]
    text, gold, structure = given["full_text"], given["gold"], given["structure_format_score"]
    final = given["final_format_score"]
    assert reward.is_valid_format(text) is expected["valid_format"]
    assert reward.extract_answer(text) == expected["extracted"]
    assert reward.tree_grpo_reward(text, gold, structure=structure, final=final) == expected["em_reward"]
    with_retrieval = reward.tree_grpo_reward(text, gold, structure=structure, final=final, retrieval=0.1)
    assert with_retrieval == pytest.approx(expected["em_reward_retrieval_0.1"], abs=1e-12)
    f1 = reward.tree_grpo_f1_reward(text, gold, structure=structure)
    assert f1 == pytest.approx(expected["f1_reward"], abs=1e-12)


LOOK_UP = "<think> a </think> <search> b </search> <information> c </information>"


@pytest.mark.parametrize(
    ("response", "valid"),
    [
        ("<think> a </think> <answer> b </answer>", True),
        (f"{LOOK_UP} <think> d </think> <answer> e </answer>", True),
        ("<think> a </think>", False),
        ("<answer> b </answer>", False),
        ("<think> a </think> <search> b </search> <think> c </think> <answer> d </answer>", False),
        (f"{LOOK_UP} so <think> d </think> <answer> e </answer>", False),
        ("<think> a </think> <answer> b </answer> done", False),
        ("<think> <think> a </think> <answer> b </answer>", False),
    ],
)
def test_format_follows_the_state_machine(response: str, valid: bool) -> None:
    assert reward.is_valid_format(reward.transcript("q", response)) is valid


def test_format_needs_the_assistant_marker() -> None:
    assert not reward.is_valid_format("<think> a </think> <answer> b </answer>")


def test_normalise_drops_case_punctuation_articles_and_spaces() -> None:
    assert reward.normalise("  The  Quick, brown-fox. ") == "quick brownfox"


@pytest.mark.parametrize(
    ("answer", "gold", "expected"),
    [
        ("paris france", ["paris"], 2 / 3),
        ("paris", ["rome", "paris"], 1.0),
        ("rome", ["paris"], 0.0),
        ("yes indeed", ["yes"], 0.0),
        ("yes", ["yes indeed"], 0.0),
        ("yes", ["yes"], 1.0),
        ("x x y", ["x y y"], 2 / 3),
    ],
)
def test_f1(answer: str, gold: list[str], expected: float) -> None:
    assert reward.f1_score(answer, gold) == pytest.approx(expected)


def test_ill_formed_overlap_may_be_negative() -> None:
    text = reward.transcript(
        "<answer> x </answer>", "<answer> one two three four five six seven eight nine ten </answer>"
    )
    gold = ["one a1 a2 a3 a4 a5 a6 a7 a8 a9 b1 b2"]
    assert reward.tree_grpo_f1_reward(text, gold) == pytest.approx(2 / 22 - 0.2)
