"""Steps cut where lines, sentences and calls end: nothing is lost, and tokens stay with their text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treecore.core.forest import Forest, TokenTable
from treecore.core.text_steps import RULES, ends, rule_for, split_text

TEXT = "First, 3.5 * 4 = 14.\n  Then 14 + 2 is 16. Done!\n\n1. So: <search>x</search> the answer\n"
PIECES = {
    "turns": [TEXT],
    "paragraphs": ["First, 3.5 * 4 = 14.\n  Then 14 + 2 is 16. Done!\n\n", "1. So: <search>x</search> the answer\n"],
    "lines": [
        "First, 3.5 * 4 = 14.\n",
        "  Then 14 + 2 is 16. Done!\n\n",
        "1. So: <search>x</search> the answer\n",
    ],
    "sentences": [
        "First, 3.5 * 4 = 14.\n",
        "  Then 14 + 2 is 16. ",
        "Done!\n\n",
        "1. So: <search>x</search> the answer\n",
    ],
    "calls": [TEXT[: TEXT.index(" the answer") + 1], "the answer\n"],
}


@pytest.mark.parametrize("rule", RULES)
def test_pieces(rule: str) -> None:
    forest = split_text(Forest(parent=[-1], text=[TEXT], reward=[1.0]), rule)
    assert list(forest.text) == PIECES[rule]
    assert forest.parent.tolist() == list(range(-1, len(forest) - 1))
    assert forest.reward[-1] == 1.0
    assert np.isnan(forest.reward[:-1]).all()
    assert forest.node_id[-1] == 0


def test_chinese_sentences_end_without_a_space() -> None:
    assert ends("先算三乘四。再加二!就是十四", rule="sentences") == [6]


@given(st.text(alphabet="ab .!?\n。1)", max_size=40), st.sampled_from(sorted(RULES)))
def test_ends_are_inside_and_increase(text: str, rule: str) -> None:
    found = ends(text, rule=rule)
    assert found == sorted(set(found))
    assert all(0 < at < len(text) for at in found)


def test_tokens_stay_with_their_text() -> None:
    tokens = TokenTable(
        start=[0, 4], id=[5, 6, 7, 8], text=["a.\n", "b", ".\nc", "d"], logprob=[-1.0, -2.0, -3.0, -4.0]
    )
    forest = split_text(Forest(parent=[-1], text=["a.\nb.\ncd"], tokens=tokens), "lines")
    assert list(forest.text) == ["a.\n", "b.\nc", "d"]
    assert forest.tokens is not None
    assert forest.tokens.start.tolist() == [0, 1, 3, 4]
    assert forest.tokens.id is not None
    assert forest.tokens.id.tolist() == [5, 6, 7, 8]


def test_a_step_whose_tokens_have_no_texts_stays_whole_beside_others_that_are_cut() -> None:
    tokens = TokenTable(start=[0, 2, 2], id=[5, 6])
    forest = split_text(Forest(parent=[-1, 0], text=["a\nb", "c\nd"], tokens=tokens), "lines")
    assert list(forest.text) == ["a\nb", "c\n", "d"]
    assert forest.n_model_tokens.tolist() == [2, 0, 0]


@pytest.mark.parametrize(
    ("texts", "parent", "rule"),
    [
        (["one", "two"], [-1, 0], "turns"),
        (["a\nb", "c\nd"], [-1, -1], "lines"),
        (["a. b", "c. d"], [-1, -1], "sentences"),
    ],
)
def test_the_rule_that_fits(texts: list[str], parent: list[int], rule: str) -> None:
    assert rule_for(Forest(parent=parent, text=texts)) == rule
