"""SRL: worked similarities, the autojunk trap, alignments against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from families import batches
from forests import random_forest
from hypothesis import given
from hypothesis import strategies as st
from oracles import expert as oracle

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.errors import MethodError
from treecore.methods import compute
from treecore.methods.expert import action_of, expert_steps
from treecore.methods.ops.matching import compare, matched_characters


def test_the_worked_pair() -> None:
    found = compare("So 12 * 3 = 36 apples.", "So 3 * 12 = 36 apples.")
    assert (found.matched, found.total) == (19, 44)
    assert found.ratio == pytest.approx(0.8636, abs=5e-5)
    assert sum(size for _, _, size in found.blocks) == 19


def test_one_changed_character_of_400_under_autojunk() -> None:
    expert = "ab" * 200
    model = expert[:200] + "z" + expert[201:]
    assert compare(model, expert).ratio == pytest.approx(0.9975)
    assert compare(model, expert, autojunk=True).ratio < 0.6


def test_nothing_to_compare_is_invalid() -> None:
    assert compare("", "").ratio == -1


@given(
    pairs=st.lists(st.tuples(st.text("ab \u6f22", max_size=150), st.text("ab \u6f22", max_size=210)), max_size=5),
    autojunk=st.booleans(),
)
def test_many_pairs_at_a_time_share_what_difflib_finds(pairs: list[tuple[str, str]], autojunk: bool) -> None:
    wanted = [compare(*pair, autojunk=autojunk).matched for pair in pairs]
    assert matched_characters(pairs, autojunk=autojunk).tolist() == wanted


@pytest.mark.parametrize("length", [63, 64, 65, 66, 128, 500])
def test_long_runs_and_word_borders(length: int) -> None:
    text = "".join(chr(97 + place * place % 23) for place in range(length))
    others = [text, text[:-1], text[1:] + "z", "z" + text, text[: length // 2] + "zz" + text[length // 2 :], ""]
    pairs = [(model, expert) for model in others for expert in others]
    assert matched_characters(pairs, autojunk=False).tolist() == [compare(*pair).matched for pair in pairs]


def test_actions_and_expert_steps() -> None:
    assert action_of("<think> 3 * 4 ? </think>  <search> x </search>") == "<search> x </search>"
    assert action_of("<think> never closed") == ""
    assert expert_steps("1. add\n2. <think>hm</think> divide\n by two\n") == ["add", "divide by two"]
    assert expert_steps("add\n\ndivide") == ["add", "divide"]
    assert expert_steps("") == []


def tree(**fields: object) -> Forest:
    """Two steps to the right answer, and a wrong turn after the first of them."""
    texts = ["", "add 3 and 4", "double it", "halve it", "done"]
    rewards = np.array([np.nan, np.nan, 1.0, np.nan, 0.0])
    return Forest(parent=np.array([-1, 0, 1, 1, 3]), text=texts, reward=rewards, **fields)  # type: ignore[arg-type]


def test_the_best_right_leaf_is_the_expert() -> None:
    forest = tree()
    nodes = compute(forest, "srl").nodes
    wanted = [np.nan, 1.0, 1.0, oracle.ratio("halve it", "double it"), np.nan]
    np.testing.assert_allclose(nodes["credit"], wanted)
    np.testing.assert_allclose(nodes["expert_step"], [np.nan, 1, 2, 2, np.nan])


def test_a_reference_is_read_as_a_trace() -> None:
    forest = tree(reference="1. add 3 and 4\n2. halve it\n3. done")
    nodes = compute(forest, "srl", expert="reference").nodes
    np.testing.assert_allclose(nodes["credit"], [np.nan, 1, oracle.ratio("double it", "halve it"), 1, 1])


def test_only_steps_after_the_experts_prefix() -> None:
    forest = Forest(
        parent=np.array([-1, 0, 1, 0, 3]),
        text=["", "add", "halve", "subtract", "halve"],
        reward=np.array([np.nan, np.nan, 1.0, np.nan, 0.0]),
    )
    credit = compute(forest, "srl", align_by="prefix").credit
    np.testing.assert_allclose(credit, [np.nan, 1, 1, oracle.ratio("subtract", "add"), np.nan])


def test_advantage_among_the_steps_of_one_prefix() -> None:
    nodes = compute(tree(), "srl", signal="advantage").nodes
    similar = np.array([1.0, oracle.ratio("halve it", "double it")])
    wanted = (similar - similar.mean()) / (similar.std(ddof=1) + 1e-6)
    np.testing.assert_allclose(nodes["credit"], [np.nan, np.nan, *wanted, np.nan])
    dropped = compute(tree(), "srl", signal="advantage", least_spread=1.0).credit
    assert np.isnan(dropped).all()


def test_a_forest_without_a_right_leaf_has_no_expert(rng: np.random.Generator) -> None:
    wrong = random_forest(rng, 9, rewards=(0.0,))
    for how in ("position", "prefix", "monotone"):
        assert np.isnan(compute([wrong, tree()], "srl", align_by=how).credit[:9]).all()
    with pytest.raises(MethodError, match="no forest has a reference"):
        compute(tree(), "srl", expert="reference")


@given(batch=batches())
def test_position_compares_equal_numbers(batch: Forests) -> None:
    credit = compute(batch, "srl", expert="reference").credit
    for number, forest in enumerate(batch):
        steps = expert_steps(forest.reference)
        for row, depth in enumerate(forest.topology.path_sum((~forest.is_prompt).astype(np.int64))):
            found = credit[batch.offset[number] + row]
            if depth == 0 or depth > len(steps):
                assert np.isnan(found)
            else:
                assert found == pytest.approx(oracle.ratio(action_of(forest.text[row]), steps[depth - 1]))


@given(
    actions=st.lists(st.text("abc", max_size=4), min_size=1, max_size=4),
    steps=st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=4),
)
def test_the_monotone_alignment_is_the_best_one(actions: list[str], steps: list[str]) -> None:
    """What the last step adds is what its best alignment scores for it, so a chain's prefixes tell them all."""
    forest = Forest(
        parent=np.arange(len(actions) + 1) - 1,
        text=["", *actions],
        reference="\n".join(steps),
        reward=np.array([np.nan] * len(actions) + [1.0]),
    )
    nodes = compute(forest, "srl", expert="reference", align_by="monotone").nodes
    for length in range(1, len(actions) + 1):
        whole = oracle.best_alignment(actions[:length], steps)
        score, partner = nodes["credit"][length], nodes["expert_step"][length]
        before = oracle.best_alignment(actions[: length - 1], steps)
        if not actions[length - 1]:
            assert score == -1
        elif np.isnan(partner):
            assert score == 0
            assert whole == pytest.approx(before)
        else:
            behind = oracle.best_alignment(actions[: length - 1], steps[: int(partner) - 1])
            assert score == pytest.approx(oracle.ratio(actions[length - 1], steps[int(partner) - 1]))
            assert behind + score == pytest.approx(whole)
