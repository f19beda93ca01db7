"""Common beginnings merged: no trajectory is lost, all that is common is shared, and taken apart they are back."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from forests import random_forest
from hypothesis import given
from hypothesis import strategies as st

import treecore as tc
from treecore.core.forest import Forest, TokenTable
from treecore.core.prefixes import STEPS, merge, unmerge
from treecore.errors import ForestError

ANSWERS = ["First line\nthen 12\n14", "First line\nthen 12\n15", "First line\nno", "First line\nno"]


def chains(texts: list[list[str]], **columns: object) -> Forest:
    """A tree of one step a text for each answer."""
    parent = [at - 1 if at else -1 for answer in texts for at in range(len(answer))]
    place = 0
    for answer in texts:
        for at in range(len(answer)):
            parent[place] = place - 1 if at else -1
            place += 1
    return Forest(parent=parent, text=[text for answer in texts for text in answer], **columns)


def trajectories(forest: Forest) -> Counter[tuple[str, str]]:
    """The whole text of each trajectory and its reward."""
    ends = [int(leaf) for leaf in forest.leaves if not forest.is_prompt[leaf]]
    return Counter(
        ("".join(forest.text[row] for row in forest.topology.path(end)), str(forest.reward[end])) for end in ends
    )


def common_steps(answers: list[tuple[str, ...]]) -> int:
    """Steps of sorted answers that the answer before shares, the last one of each always its own."""
    found, order = 0, sorted(answer[:-1] for answer in answers)
    for one, other in pairwise(order):
        for a, b in zip(one, other, strict=False):
            if a != b:
                break
            found += 1
    return found


def test_lines_that_answers_begin_with_are_one() -> None:
    merged = merge(Forest(parent=[-1] * 4, text=ANSWERS, reward=[1.0, 0.0, 0.0, np.nan], prompt="q"))
    assert merged.text == ("", "First line\n", "then 12\n", "14", "15", "no", "no")
    assert merged.parent.tolist() == [-1, 0, 1, 2, 2, 1, 1]
    assert merged.provenance["merged"] == {
        "by": "lines",
        "steps": 10,
        "shared_steps": 4,
        "tokens": -1,
        "shared_tokens": -1,
    }
    assert merged.prompt == "q"
    assert [merged.node_id[row] for row in merged.leaves] == [0, 1, 2, 3]


def test_tokens_are_compared_one_by_one() -> None:
    tokens = TokenTable(start=[0, 3, 6, 8], id=[1, 2, 3, 1, 2, 4, 1, 5], text=["a", "b", "c", "a", "b", "d", "a", "e"])
    merged = merge(Forest(parent=[-1] * 3, text=["abc", "abd", "ae"], reward=[1.0, 0.0, 0.0], tokens=tokens))
    assert merged.text == ("", "a", "b", "c", "d", "e")
    assert merged.parent.tolist() == [-1, 0, 1, 2, 2, 1]
    assert merged.provenance["merged"] == {
        "by": "tokens",
        "steps": 8,
        "shared_steps": 3,
        "tokens": 8,
        "shared_tokens": 3,
    }


def test_equal_answers_stay_two() -> None:
    tokens = TokenTable(start=[0, 2, 4], id=[1, 2, 1, 2], text=["a", "b", "a", "b"])
    merged = merge(Forest(parent=[-1] * 2, text=["ab", "ab"], reward=[1.0, 0.0], tokens=tokens))
    assert merged.text == ("", "a", "b", "b")
    assert merged.reward[merged.leaves].tolist() == [1.0, 0.0]


def test_an_answer_that_another_goes_on_from_shares_no_step_with_it_in_vain() -> None:
    tokens = TokenTable(start=[0, 1, 3], id=[1, 1, 2], text=["a", "a", "b"])
    assert merge(Forest(parent=[-1, -1], text=["a", "ab"], tokens=tokens)).text == ("", "a", "ab")


def test_the_environment_must_have_answered_the_same() -> None:
    forest = chains([["ask", "x"], ["ask", "y"]], observation=["1", "", "2", ""])
    assert merge(forest).provenance["merged"]["shared_steps"] == 0
    forest = chains([["ask", "x"], ["ask", "y"]], observation=["1", "", "1", ""])
    assert merge(forest).provenance["merged"]["shared_steps"] == 1


def test_an_answer_that_failed_before_it_had_a_word_is_not_lost() -> None:
    answers = {"parent": [-1, -1, -1], "text": ["a", "", ""], "reward": [1.0, np.nan, np.nan], "status": [1, 3, 1]}
    forest = Forest(**answers, node_extra={1: {"error": "no network"}})
    merged = merge(forest)
    assert merged.text == ("", "a", "")
    assert merged.status[2] == 3
    assert merged.node_extra == {2: {"error": "no network"}}
    assert merged.provenance["merged"]["shared_steps"] == 0
    assert [unmerge(merged).node_extra[row]["error"] for row in unmerge(merged).prompts] == ["no network"]


def test_numbers_of_a_shared_step_are_kept_where_all_agree() -> None:
    numbers = {"label": np.array([1.0, 0.0, 1.0, 0.0]), "other": np.array([1.0, 0.0, 2.0, 0.0])}
    merged = merge(chains([["ask", "x"], ["ask", "y"]], columns=numbers, claimed=numbers))
    assert merged.columns["label"][1] == 1.0
    assert np.isnan(merged.columns["other"][1])
    assert np.isnan(merged.claimed["other"][1])


@given(st.lists(st.lists(st.sampled_from("ab"), min_size=1, max_size=5), min_size=1, max_size=12))
def test_all_that_is_common_is_shared_and_nothing_else(texts: list[list[str]]) -> None:
    forest = chains(texts)
    merged = merge(forest, steps="turns")
    assert trajectories(merged) == trajectories(forest)
    assert merged.provenance["merged"]["shared_steps"] == common_steps([tuple(answer) for answer in texts])
    assert trajectories(unmerge(merged)) == trajectories(forest)
    assert merge(unmerge(merged), steps="turns").text == merged.text


@pytest.mark.parametrize("steps", [step for step in STEPS if step != "tokens"])
@pytest.mark.parametrize("seed", range(5))
def test_trajectories_stay_what_they_are(steps: str, seed: int) -> None:
    forest = random_forest(np.random.default_rng(seed), 40, n_trees=4, unscored=0.2)
    assert trajectories(merge(forest, steps=steps)) == trajectories(forest)
    assert trajectories(unmerge(forest)) == trajectories(forest)


@pytest.mark.parametrize("steps", ["auto", "tokens:3", "lines", "turns"])
def test_rollouts_of_a_model(steps: str) -> None:
    for forest in tc.rollout(task="countdown", model="tiny", sampler="chains", prompts=3, m=6, seed=1):
        merged = merge(forest, steps=steps)
        assert trajectories(merged) == trajectories(forest)
        assert merged.tokens is not None
        assert forest.tokens is not None
        saved = merged.provenance["merged"]["shared_tokens"]
        assert merged.tokens.total == forest.tokens.total - saved
        if steps == "auto":
            assert saved > 0
            heads = Counter(
                (int(merged.parent[row]), int(merged.tokens.id[merged.tokens.start[row]]))  # type: ignore[index]
                for row in range(len(merged))
                if merged.tokens.start[row + 1] > merged.tokens.start[row] and not merged.topology.is_leaf[row]
            )
            assert max(heads.values()) == 1


@pytest.mark.parametrize("method", ["grpo", "rloo", "dr_grpo"])
def test_credit_of_whole_trajectories_is_the_same_in_both(method: str) -> None:
    forest = Forest(parent=[-1] * 4, text=ANSWERS, reward=[1.0, 0.0, 0.0, 1.0])
    merged = merge(forest)
    own, folded = tc.credit(forest, method), tc.credit(merged, method)
    assert own.leaves["advantage"][forest.leaves].tolist() == folded.leaves["advantage"][merged.leaves].tolist()


@pytest.mark.parametrize("steps", ["words", "tokens:0", "tokens:x", "lines:3"])
def test_rules_that_are_not_there(steps: str) -> None:
    with pytest.raises(ForestError, match=r"no rule .* to part steps; known: auto, tokens, turns"):
        merge(Forest(parent=[-1]), steps=steps)


def test_tokens_that_are_not_recorded() -> None:
    with pytest.raises(ForestError, match="tokens of this forest are not recorded"):
        merge(Forest(parent=[-1], text=["a"]), steps="tokens")


def test_answers_of_which_some_have_no_tokens_recorded_are_compared_by_their_words() -> None:
    forest = Forest(
        parent=[-1, -1],
        text=["one\ntwo", "one\nthree"],
        reward=[1.0, 0.0],
        n_model_tokens=[2, 2],
        tokens=TokenTable([0, 2, 2], text=["one\n", "two"]),
    )
    assert len(merge(forest).text) == 4
    with pytest.raises(ForestError, match="tokens of this forest are not recorded"):
        merge(forest, steps="tokens")


@pytest.mark.parametrize("field", ["tool_calls", "function_call", "reasoning_content"])
def test_steps_that_differ_beside_their_text_are_not_one(field: str) -> None:
    answers = chains([["", "a"], ["", "b"], ["", "c"]])
    told = {0: "one", 2: "two", 4: "one"}
    forest = answers.with_columns(
        node_extra={row: {field: f'[{{"name": "{words}"}}]'} for row, words in told.items()}, reward=[np.nan, 1] * 3
    )
    merged = merge(forest)
    assert sorted(merged.topology.n_children.tolist()) == [0, 0, 0, 1, 2, 2]


def test_the_same_call_is_one_step_whatever_the_server_called_it() -> None:
    calls = [
        [{"id": f"call_{n}", "function": {"name": "calc", "arguments": f'{{"e": "{e}"}}'}}] for n, e in enumerate("aab")
    ]
    answers = chains([["", "a"], ["", "b"], ["", "c"]])
    asked = answers.with_columns(node_extra={2 * n: {"tool_calls": call} for n, call in enumerate(calls)})
    assert sorted(merge(asked).topology.n_children.tolist()) == [0, 0, 0, 1, 2, 2]


def test_tokens_without_texts_part_at_the_words_in_which_answers_differ() -> None:
    texts = ["so it is 14", "so it is 140", "so it was", "so they"]
    ids = [[1, 2, 3, 4], [1, 2, 3, 5], [1, 2, 6], [1, 9]]
    tokens = TokenTable(start=np.cumsum([0, *map(len, ids)]), id=np.concatenate(ids))
    forest = Forest(parent=[-1] * 4, text=texts, reward=[1.0, 0.0, 0.0, 1.0], tokens=tokens)
    merged = merge(forest)
    assert merged.text == ("", "so", " it", " is", " 14", " 140", " was", " they")
    assert trajectories(merged) == trajectories(forest)
    assert merged.provenance["merged"] == {
        "by": "token_ids",
        "steps": 13,
        "shared_steps": 6,
        "tokens": 13,
        "shared_tokens": 6,
    }


@given(st.lists(st.text("a b1,", min_size=1, max_size=8), min_size=1, max_size=8))
def test_ids_alone_share_what_ids_with_texts_do(texts: list[str]) -> None:
    start, signs = np.cumsum([0, *map(len, texts)]), "".join(texts)
    one, other = (
        merge(
            Forest(
                parent=[-1] * len(texts), text=texts, tokens=TokenTable(start=start, id=list(map(ord, signs)), text=of)
            )
        )
        for of in (list(signs), None)
    )
    assert trajectories(other) == trajectories(Forest(parent=[-1] * len(texts), text=texts))
    assert other.parent.tolist() == one.parent.tolist()
    assert other.n_model_tokens.tolist() == one.n_model_tokens.tolist()
