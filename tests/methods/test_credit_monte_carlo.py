"""VinePPO and SPO-chain: reference vectors, an oracle on random forests, laws and error messages."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from families import batches
from forests import random_forest
from hypothesis import given
from hypothesis import strategies as st
from oracles import monte_carlo as oracle
from oracles.nodes import StateWalk

from treecore.core.batch import Forests
from treecore.core.forest import Forest, TokenTable
from treecore.errors import MethodError
from treecore.methods import METHODS, compute

SECTIONS = json.loads((Path(__file__).parent.parent / "data" / "public_misc.json").read_text())["sections"]
SOURCES = ("monte_carlo", "tree")


def chain(values: list[float], reward: float, **fields: object) -> Forest:
    """One trajectory with a Monte Carlo value before each step."""
    n = len(values) + 1
    return Forest(
        parent=np.arange(n) - 1,
        reward=np.array([np.nan] * (n - 1) + [reward]),
        columns={"mc_value": np.array([*values, np.nan])},
        **fields,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("case", SECTIONS["vineppo_step_advantages"])
def test_vineppo_is_the_reference(case: dict) -> None:
    forest = chain(case["input"]["mc_values"][:-1], case["input"]["step_rewards"][-1])
    credit = compute(forest, "vineppo").credit
    np.testing.assert_allclose(credit[1:], case["expected"]["advantages"], atol=1e-6)


@pytest.mark.parametrize("case", SECTIONS["spo_chain"])
def test_spo_chain_is_the_reference(case: dict) -> None:
    given_, expected = case["input"], case["expected"]
    probability = np.array(given_["token_probs"])
    unlikely = np.flatnonzero(probability < given_["prob_threshold"])
    cuts = (unlikely - 1)[:: given_["cutpoint_interval"]]  # before every `interval`-th of them; -1 ends the prompt
    assert cuts.tolist() == expected["cutpoints"]
    ends = [*(cut + 1 for cut in cuts.tolist()), len(probability)]
    tokens = TokenTable(start=np.array([0, *ends]), logprob=np.log(probability))
    forest = chain(given_["mc_values"], given_["score"], tokens=tokens)
    credit = compute(forest, "spo_chain", threshold=given_["prob_threshold"])
    np.testing.assert_allclose(credit.tokens.value, expected["token_advantages"], atol=1e-6)


@pytest.mark.parametrize("source", SOURCES)
@given(batch=batches())
def test_vineppo_is_the_mean_over_trajectories(source: str, batch: Forests) -> None:
    np.testing.assert_allclose(
        compute(batch, "vineppo", values=source).seen.credit, oracle.vineppo(StateWalk(batch), source), atol=1e-9
    )


@pytest.mark.parametrize("source", SOURCES)
@given(batch=batches(), threshold=st.sampled_from([0.0, 0.5, 0.9, 1.0]))
def test_spo_chain_puts_the_segment_on_hesitant_tokens(source: str, batch: Forests, threshold: float) -> None:
    credit = compute(batch, "spo_chain", values=source, threshold=threshold)
    states = StateWalk(batch)
    wanted = states.told({"advantage": oracle.spo_segments(states, source)})["advantage"]
    np.testing.assert_allclose(credit.nodes["segment_advantage"], wanted, atol=1e-9)
    row = 0
    for forest in batch:
        for node in range(len(forest)):
            low, high = forest.tokens.start[node], forest.tokens.start[node + 1]
            signal = []
            for part, logprob in zip(forest.tokens.part[low:high], forest.tokens.logprob[low:high], strict=True):
                unknown = part == 0 or np.isnan(logprob)
                signal.append(np.nan if unknown else wanted[row] * (np.exp(logprob) <= threshold))
            found = credit.tokens.value[credit.tokens.start[row] : credit.tokens.start[row + 1]]
            np.testing.assert_allclose(found, signal, atol=1e-9)
            known = [value for value in signal if not np.isnan(value)]
            np.testing.assert_allclose(credit.credit[row], np.mean(known) if known else np.nan, atol=1e-9)
            row += 1


def test_credits_add_up_to_outcome_minus_value_of_the_prompt(rng: np.random.Generator) -> None:
    forest = random_forest(rng, 40, columns={"mc_value": rng.random(40)})
    total = forest.topology.path_sum(np.nan_to_num(compute(forest, "vineppo").credit))
    leaves = forest.leaves
    np.testing.assert_allclose(total[leaves], forest.reward[leaves] - forest.columns["mc_value"][0], atol=1e-9)


@pytest.mark.parametrize("reward", [0.0, 0.1, 0.2, 1.0])
@pytest.mark.parametrize("method", ["vineppo", "spo_chain"])
def test_equal_outcomes_give_exactly_zero(method: str, reward: float, rng: np.random.Generator) -> None:
    forest = random_forest(rng, 30, n_trees=3, rewards=(reward,), tokens=True)
    gaps = np.where(rng.random(30) < 0.4, np.nan, reward)
    for settings in ({"values": "tree"}, {}):
        credit = compute(forest.with_columns(columns={"mc_value": gaps}), method, **settings).credit
        assert (credit[~np.isnan(credit)] == 0).all()


def test_standard_error_is_that_of_the_continuations() -> None:
    forest = chain([0.5, 0.25, 1.0], 0.0)
    counted = forest.with_columns(columns={**forest.columns, "mc_count": np.array([4.0, 4.0, 1.0, 4.0])})
    stderr = compute(counted, "vineppo").nodes["stderr"]
    np.testing.assert_allclose(stderr, [np.nan, np.sqrt(0.25 * 0.75 / 3), np.nan, np.nan])


def test_what_is_missing_is_named_with_the_command_that_supplies_it(rng: np.random.Generator) -> None:
    forest = random_forest(rng, 9, tokens=True)
    assert METHODS["vineppo"].needs == {"mc_value"}
    with pytest.raises(MethodError, match=r"0 of 8 steps have a Monte Carlo value; add it with `treecore annotate"):
        compute(forest, "vineppo")
    assert METHODS["vineppo"].lacking(Forests(forest), {"values": "tree"}) == ""
    with pytest.raises(MethodError, match="0 of 0 tokens have a log-probability; record logprob"):
        compute(random_forest(rng, 9), "spo_chain", values="tree")
