"""The bootstrap over leaves: what it holds fixed, what it varies, and that it covers every method."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from families import KINDS, annotated, is_complete
from forests import random_forest

from treecore import write
from treecore.cli import main
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.errors import MethodError
from treecore.methods import METHODS, compute
from treecore.methods.bootstrap import bootstrap, percentiles, resampled


def fan(rewards: list[float]) -> Forest:
    """One root, one step, and a leaf for each reward."""
    reward = np.array([np.nan, np.nan, *rewards])
    return Forest(parent=np.array([-1, 0, *[1] * len(rewards)]), reward=reward, n_model_tokens=np.ones(len(reward)))


def complete() -> Forests:
    made = [annotated(np.random.default_rng(seed), **KINDS["bush"]) for seed in range(40)]
    return Forests([forest for forest in made if is_complete(forest)][:2])


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_an_interval_where_it_has_credit_and_leaves(method: str) -> None:
    batch = complete()
    credit = compute(batch, method)
    interval = bootstrap(batch, method, n=12, seed=1, settings=credit.params)
    assert np.isnan(interval.lower[batch.n_scored < 2]).all()
    assert np.isnan(interval.lower[np.isnan(credit.credit)]).all()
    known = ~np.isnan(interval.lower)
    assert (interval.lower[known] <= interval.upper[known]).all()
    assert (interval.std[known] >= 0).all()


def test_equal_seeds_give_equal_intervals() -> None:
    batch = complete()
    first, same, other = (bootstrap(batch, "tree_grpo", n=20, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.lower, same.lower)
    assert not np.array_equal(first.lower, other.lower, equal_nan=True)


def test_the_spread_of_a_mean_is_that_of_the_theory() -> None:
    rewards = np.random.default_rng(0).random(40)
    interval = bootstrap(fan(rewards.tolist()), "math_shepherd", n=600, seed=0, settings={"estimate": "soft"})
    wanted = 2 * rewards.std() / np.sqrt(40)
    assert interval.std[1] == pytest.approx(wanted, rel=0.1)
    centre = 2 * rewards.mean() - 1
    assert interval.lower[1] == pytest.approx(centre - 1.645 * wanted, abs=0.04)
    assert interval.upper[1] == pytest.approx(centre + 1.645 * wanted, abs=0.04)


def test_equal_outcomes_leave_no_doubt() -> None:
    interval = bootstrap(fan([1.0] * 5), "sibling", n=10)
    assert np.isnan(interval.std).all()
    interval = bootstrap(fan([1.0] * 5), "dr_grpo", n=10)
    assert (interval.std[:2] == 0).all()
    assert (interval.lower[:2] == interval.upper[:2]).all()


@pytest.mark.parametrize("seed", range(5))
def test_a_resample_keeps_steps_and_numbers_of_leaves(seed: int) -> None:
    rng = np.random.default_rng(seed)
    batch = Forests([random_forest(rng, 25, n_trees=3, unscored=0.3, tokens=bool(k)) for k in range(2)])
    sample = resampled(batch, rng, by_tree=True)
    for before, after in zip(batch, sample, strict=True):
        n = len(before)
        assert np.array_equal(after.parent[:n], before.parent)
        assert after.text[:n] == before.text
        count = lambda forest: np.bincount(forest.tree, ~np.isnan(forest.reward), forest.n_trees)  # noqa: E731
        assert np.array_equal(count(after), count(before))
        originals = {(above, reward) for above, reward in zip(before.parent, before.reward, strict=True)}
        scored = ~np.isnan(after.reward)
        assert {*zip(after.parent[scored], after.reward[scored], strict=True)} <= originals
        if before.tokens is not None:
            assert np.array_equal(after.tokens.logprob[: before.tokens.total], before.tokens.logprob, equal_nan=True)


def test_percentiles_leave_nan_out() -> None:
    drawn = np.array([[1.0, np.nan, 1.0], [2.0, np.nan, np.nan], [3.0, 5.0, np.nan], [4.0, np.nan, 3.0]])
    interval = percentiles(drawn, 0.5)
    np.testing.assert_allclose(interval.lower, [1.75, np.nan, 1.5])
    np.testing.assert_allclose(interval.upper, [3.25, np.nan, 2.5])
    np.testing.assert_allclose(interval.std, [np.std([1, 2, 3, 4], ddof=1), np.nan, np.sqrt(2)])


@pytest.mark.parametrize("options", [{"n": 1}, {"level": 1.0}, {"n": 10**9}])
def test_what_makes_no_sense_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(MethodError):
        bootstrap(fan([0.0, 1.0]), "grpo", **options)  # type: ignore[arg-type]


def test_the_command_adds_two_columns(tmp_path: object) -> None:
    path = f"{tmp_path}/a.json"
    write(fan([0.0, 1.0, 1.0]), path)
    arguments = ["credit", path, "--method", "grpo", "--bootstrap", "20", "--seed", "5"]
    node = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).stdout)["forests"][0]["nodes"]["1"]
    interval = bootstrap(fan([0.0, 1.0, 1.0]), "grpo", n=20, seed=5)
    assert (node["credit_low"], node["credit_high"]) == pytest.approx((interval.lower[1], interval.upper[1]))
    assert "credit_low" in CliRunner().invoke(main, arguments).stdout


def test_an_interval_does_not_depend_on_how_the_prompt_is_written() -> None:
    """Chains of one leaf each could only repeat themselves if every tree were drawn from by itself."""
    rewards = [1.0, 0.0, 1.0, 0.0]
    one = Forest(parent=[-1, 0, 0, 0, 0], reward=[np.nan, *rewards])
    each = Forest(parent=[-1, 0, -1, 2, -1, 4, -1, 6], reward=[value for own in rewards for value in (np.nan, own)])
    for method in ("treerl_paper", "grpo"):
        found, wanted = (resampled(Forests(form), np.random.default_rng(1), by_tree=False) for form in (each, one))
        steps = [compute(batch, method).credit[rows] for batch, rows in ((found, [1, 3, 5, 7]), (wanted, [1, 2, 3, 4]))]
        np.testing.assert_allclose(steps[0], steps[1])
