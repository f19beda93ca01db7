"""Labels: whole graphemes, and siblings that can be told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from treecore.cli.text import cut_cells
from treecore.core.forest import Forest
from treecore.views.labels import cut, distinct_labels, graphemes, prompts_of, question

FAMILY, FLAG, THUMB = "👨‍👩‍👧", "🏳️‍🌈", "👍🏽"


def test_what_is_seen_as_one_stays_whole() -> None:
    assert graphemes(FAMILY + FLAG + THUMB + "e\u0301" + "한") == [FAMILY, FLAG, THUMB, "e\u0301", "한"]
    assert cut(FAMILY * 5, 3) == FAMILY * 2 + "…"
    assert cut(FAMILY * 3, 3) == FAMILY * 3
    assert cut("e\u0301" * 4, 3) == "e\u0301" * 2 + "…"
    assert cut("plain", 5) == "plain"
    assert len(cut("a" + "\u0301" * 1_000_000 + "b", 5)) < 400


def test_wide_characters_take_two_cells() -> None:
    assert cut_cells("日本語の木", 7) == "日本語…"
    assert cut_cells(FAMILY * 4, 5) == FAMILY * 2 + "…"
    assert cut_cells("plain", 5) == "plain"
    assert cut_cells("plainer", 5) == "plai…"
    assert cut_cells("日本", 0) == ""


@given(st.text(max_size=30), st.integers(0, 20))
def test_cells_are_never_exceeded(text: str, most: int) -> None:
    assert cell_len(cut_cells(text, most)) <= most


def test_siblings_drop_what_all_share() -> None:
    shared = "Let me compute the total number of apples first by "
    assert distinct_labels([shared + "adding 3 and 4", shared + "multiplying 3 and 4"]) == [
        "…adding 3 and 4",
        "…multiplying 3 and 4",
    ]


def test_siblings_drop_what_some_share() -> None:
    shared = "Let me compute the total number of apples first by "
    labels = [shared + "adding", shared + "multiplying", "We ask the oracle instead"]
    assert distinct_labels(labels) == ["Let me … adding", "Let me … multiplying", "We ask the oracle instead"]


def test_one_that_is_the_beginning_of_another_keeps_words() -> None:
    assert distinct_labels(["the answer is surely seven", "the answer is surely seven, or eight"]) == [
        "…seven",
        "…seven, or eight",
    ]


def test_languages_without_spaces() -> None:
    shared = "首先我们需要计算所有苹果的总数然后再计算梨子的总数最后"
    assert distinct_labels([shared + "相加", shared + "相乘"]) == ["…加", "…乘"]


def test_short_labels_stay() -> None:
    assert distinct_labels(["3*4=12", "3*4=15"]) == ["3*4=12", "3*4=15"]
    assert distinct_labels([]) == []
    assert (
        distinct_labels(["same words and more of them to be long"] * 2)
        == ["same words and more of them to be long"] * 2
    )


LABELS = st.lists(
    st.lists(st.sampled_from(["alpha", "beta", "Let me", "so", "日本", "12"]), max_size=12).map(" ".join), max_size=8
)


@given(LABELS, st.integers(0, 30))
def test_what_differs_stays_different(labels: list[str], room: int) -> None:
    found = distinct_labels(labels, room=room)
    assert len(set(found)) == len(set(labels))
    assert [found.index(label) for label in found] == [labels.index(label) for label in labels]


@pytest.mark.parametrize(
    ("prompt", "asked"),
    [
        ("user\n3*4?\nassistant\n", "3*4?"),
        ("system\nBe brief.\nuser\n3*4?\n\n\nassistant\n<think>\n", "3*4?"),
        ("system\nBe brief.\nassistant\n", "system\nBe brief.\nassistant\n"),
        ("user\n\nassistant\n", "user\n\nassistant\n"),
        ("user\nguides are long", "user\nguides are long"),
        ("Who is the user\nof the assistant", "Who is the user\nof the assistant"),
    ],
)
def test_a_heading_leaves_out_the_roles_of_a_decoded_chat(prompt: str, asked: str) -> None:
    assert question(prompt) == asked


def test_prompts_are_counted_once_however_many_forests_they_have() -> None:
    def asked(prompt: str, step: int | None = None) -> Forest:
        return Forest(np.array([-1, 0]), prompt=prompt, provenance={} if step is None else {"training_step": step})

    assert prompts_of([asked("a"), asked("b")]) == "2 prompts"
    assert prompts_of([asked("a"), asked("b"), asked("a")]) == "2 prompts in 3 forests"
    assert prompts_of([asked("a", 1), asked("a", 2)]) == "1 prompt at 2 training steps"
