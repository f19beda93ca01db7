"""What claimed numbers turn out to be: files of trainers, numbers made here in every setting, and honest doubt."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from forests import random_forest

from treecore.analysis.audit import Audit, audit
from treecore.analysis.lint import lint
from treecore.analysis.naming import CODE, TITLES
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.numerals import short
from treecore.core.prefixes import merge
from treecore.formats import read
from treecore.methods import METHODS, compute
from treecore.methods.claimed import attempts

PARTS = 5
FILES = Path(__file__).parents[1] / "formats" / "readers" / "data"
TRL = "these are `grpo` with std, ddof 1, epsilon 1e-4, groups by (step, prompt); all {} values agree"
CENTRED = "these are `dr_grpo` with no std, groups by {}; all 4 values agree"
WRITTEN = {
    "trl-1.16.0-plain/completions": TRL.format(16),
    "trl-1.16.0-logged/completions": TRL.format(13) + "; 3 more stand where no reward is known",
    "trl-1.16.0-chat/completions": TRL.format(13) + "; 3 more stand where no reward is known",
    "prime_rl_tokens": CENTRED.format("(step, prompt)"),
    "verifiers_trajectory/results.jsonl": CENTRED.format("prompt"),
}


def one(forests: Forest | list[Forest], name: str = "advantage") -> Audit:
    (found,) = [found for found in audit(forests) if found.name == name]
    return found


def claiming(forests: list[Forest], credit: np.ndarray, name: str = "advantage") -> list[Forest]:
    """The forests, with these numbers claimed on their leaves."""
    batch = Forests(forests)
    values = np.where(batch.scored, credit, np.nan)
    return [
        forest.with_columns(claimed={name: values[batch.offset[i] : batch.offset[i + 1]]})
        for i, forest in enumerate(forests)
    ]


@pytest.fixture
def run() -> list[Forest]:
    """Two training steps of three prompts, two of them the same in both, and one with a single rollout."""
    rng = np.random.default_rng(3)
    made = []
    for step in (1, 2):
        for prompt, n in (("a", 6), ("b", 5), (f"c{step}", 1)):
            made.append(
                Forest(
                    parent=[-1] * n,
                    text=[f"{k}" for k in range(n)],
                    reward=rng.random(n).round(2),
                    prompt=prompt,
                    id=f"{step}{prompt}",
                    provenance={"training_step": step},
                )
            )
    return made


@pytest.mark.parametrize("path", list(WRITTEN))
def test_claims_of_trainers_are_explained(path: str) -> None:
    assert one(read(FILES / path)).in_words() == WRITTEN[path]


def test_merged_answers_have_the_same_explanation() -> None:
    merged = [merge(forest, steps="lines") for forest in read(FILES / "trl-1.16.0-plain/completions")]
    assert one(merged).in_words().startswith(TRL.format(16))


@pytest.mark.parametrize("part", range(PARTS))
def test_every_normalisation_finds_itself(run: list[Forest], part: int) -> None:
    """In single precision, as trainers keep them; some settings give the same numbers here and are named beside."""
    batch = Forests(run)
    own = list(islice(attempts(batch), part, None, PARTS))
    assert own
    for attempt in own:
        assert attempt.leaves is not None
        column = np.full(len(batch.parent), np.nan)
        column[batch.scored] = attempt.leaves().astype(np.float32)
        found = one(claiming(run, column))
        assert found.explained, CODE.way(*attempt.way)
        assert not len(found.rows), CODE.way(*attempt.way)
        named = {CODE.way(*attempt.way)} & {
            found.in_words().split("; ")[0].removeprefix("these are "),
            *(CODE.way(*way) for way in found.equal),
        }
        assert named, (CODE.way(*attempt.way), found.in_words())


@pytest.mark.parametrize("method", ["gigpo", "treerl", "sibling", "lambda_grpo", "tempo", "opo"])
def test_claims_of_steps_are_compared_with_methods_on_trees(method: str) -> None:
    forest = random_forest(np.random.default_rng(5), 40, rewards=(0.0, 0.3, 1.0))
    claims = compute(forest, method).credit
    found = one(forest.with_columns(claimed={"credit": claims}), "credit")
    assert (*found.best, len(found.rows)) == (method, ("its defaults",), 0)


def test_what_differs_is_listed(run: list[Forest]) -> None:
    credit = compute(Forests(run), "grpo", epsilon=1e-4).credit
    credit[[0, 7]] += (0.5, -0.25)
    found = one(claiming(run, credit))
    assert "; 2 of 24 values differ" in found.in_words()
    assert found.in_words().startswith("these are `grpo` with std, ddof 1, epsilon 1e-4, groups by (step, prompt)")
    rows = [(difference.forest, difference.node) for difference in found.differences]
    assert rows == [("1a", "0"), ("1b", "1")]
    assert found.differences[0].claimed - found.differences[0].recomputed == pytest.approx(0.5, abs=1e-6)
    assert found.as_json()["differences"][1]["forest"] == "1b"


def test_rounded_claims_are_claims(run: list[Forest]) -> None:
    credit = compute(Forests(run), "grpo").credit.round(3)
    found = one(claiming(run, credit))
    assert found.best.method == "grpo"
    assert not len(found.rows)
    assert "ddof 1" in found.best.words
    assert "groups by (step, prompt)" in found.best.words


def test_several_ways_that_fit_are_all_named() -> None:
    """Of two rewards 0 and 1, one success in two: MaxRL and the population's deviation both give -1 and 1."""
    forest = Forest(parent=[-1, -1], text=["a", "b"], reward=[1, 0], claimed={"advantage": [1.0, -1.0]})
    found = one(forest)
    assert found.explained
    named = " ".join([found.in_words(), *(CODE.way(*way) for way in found.equal)])
    assert "`grpo` with std, ddof 0, epsilon 0" in named
    assert "`max_rl`" in named
    assert found.in_words().endswith(" fit equally well")


def test_zeros_say_nothing() -> None:
    found = one(Forest(parent=[-1, -1], text=["a", "b"], reward=[1, 1], claimed={"advantage": [0.0, 0.0]}))
    assert not found.explained
    assert found.in_words().startswith("2 values, all equal, say nothing of the method: ")


def test_what_nothing_explains_is_said() -> None:
    forest = Forest(parent=[-1] * 4, text=list("abcd"), reward=[1, 0, 0, 1], claimed={"advantage": [0.3, 7.0, -2, 1.1]})
    found = one(forest)
    assert not found.explained
    assert found.in_words().startswith("none of the ")
    assert found.in_words().endswith("gives 0 of 4 values and differs by up to 6")


def test_claims_without_rewards_cannot_be_compared() -> None:
    found = one(Forest(parent=[-1, -1], text=["a", "b"], claimed={"advantage": [0.3, 7.0]}))
    assert found.in_words() == "2 values with no reward beneath: nothing can be compared"


def test_a_file_without_claims_has_no_audit() -> None:
    assert audit(Forest(parent=[-1], reward=[1])) == []


def test_claims_for_a_method_by_name_are_compared_with_it(run: list[Forest]) -> None:
    """With its defaults first; where these do not give them, lint says what does."""
    for name, settings in (("rloo", {}), ("tree_grpo", {})):
        exact = claiming(run, compute(Forests(run), name, **settings).credit, name)
        assert one(exact, name).best.words == ("its defaults",)
        assert not [found for found in lint(Forests(exact)) if found.kind.startswith("claimed-credit")]
    other = claiming(run, compute(Forests(run), "grpo", epsilon=0.1).credit, "grpo")
    (finding,) = [found for found in lint(Forests(other)) if found.kind == "claimed-credit"]
    assert "values claimed for `grpo` do not recompute" in finding.found
    changed = claiming(run, compute(Forests(run), "grpo", epsilon=1e-4).credit, "grpo")
    (finding,) = [found for found in lint(Forests(changed)) if found.kind == "claimed-credit"]
    assert "with its defaults: these are `grpo` with epsilon=0.0001; all 24 values agree" in finding.found


def test_lint_tells_what_claims_are() -> None:
    (finding,) = [
        found
        for found in lint(Forests(read(FILES / "trl-1.16.0-plain/completions")))
        if found.kind == "claimed-credit-explained"
    ]
    assert finding.found == f"advantage in the file: {TRL.format(16)}"


@pytest.mark.parametrize("path", ["treetune/inference_results.jsonl", "treetune_plain/0.json", "openr/question_0.json"])
def test_estimates_of_tree_files_feed_vineppo(path: str) -> None:
    credit = compute(read(FILES / path), "vineppo").credit
    assert np.isfinite(credit).any()


def test_on_a_tree_methods_that_give_the_same_are_named_beside() -> None:
    """Below one fork a comparison of siblings and one of values before and after say the same as the group's mean."""
    forest = Forest(
        parent=[-1, 0, 1, 1],
        text=["", "a", "b", "c"],
        reward=[np.nan, np.nan, 1, 0],
        claimed={"advantage": [np.nan, np.nan, 0.5, -0.5]},
    )
    found = one(forest)
    assert found.best.method == "dr_grpo"
    assert {("sibling", ("its defaults",)), ("spo_tree", ("its defaults",))} <= set(found.equal)


def test_estimates_of_a_file_feed_the_methods_that_need_them() -> None:
    """Labels of Math-Shepherd say whether any continuation was right: VinePPO puts the loss on the first wrong step."""
    forests = read(FILES / "math_shepherd" / "math-shepherd.jsonl")
    assert not METHODS["vineppo"].lacking(Forests(forests))
    credit = compute(forests, "vineppo").credit
    assert credit.tolist() == [0, -1, 0, 0, 0, 0]
    parts = (credit[:5], credit[5:])
    claiming_it = [forest.with_columns(claimed={"vineppo": part}) for forest, part in zip(forests, parts, strict=True)]
    assert one(claiming_it, "vineppo").best.words == ("its defaults",)


def test_settings_give_the_same_numbers(run: list[Forest]) -> None:
    """Where a way has settings, the method gives the same credit with them; wider groups have none."""
    batch = Forests(run)
    ways = [attempt for attempt in attempts(batch) if attempt.settings is not None]
    assert {attempt.method for attempt in ways} == {"grpo", "dr_grpo", "rloo", "max_rl"}
    for attempt in ways:
        credit = compute(batch, attempt.method, **attempt.settings or {}).credit
        assert np.allclose(attempt.nodes(), credit, rtol=1e-9, atol=1e-12, equal_nan=True), CODE.way(*attempt.way)
    assert one(claiming(run, compute(batch, "grpo", ddof=0).credit)).settings == {"epsilon": 1e-6, "ddof": 0}


def test_claims_that_nothing_gives_are_told_what_is_nearest(run: list[Forest]) -> None:
    """Not the first of the ways that give none, but the one that is least off."""
    credit = compute(Forests(run), "rloo").credit * 1.001
    found = one(claiming(run, credit))
    assert (found.explained, found.best.method, found.equal) == (False, "rloo", ())
    assert "; the nearest, `rloo` with leave-one-out mean, groups by (step, prompt)" in found.in_words()
    largest = np.nanmax(np.abs(credit)) * 0.001 / 1.001
    assert found.furthest == pytest.approx(largest)
    assert found.in_words().endswith(f"gives 0 of 24 values and differs by up to {short(largest)}")


def test_a_page_names_methods_by_their_titles_and_quotes_claims() -> None:
    """No name is marked as code there; one that only looks like a method's, in a claim, stays as it is."""
    forest = Forest(parent=[-1] * 4, text=list("abcd"), reward=[1, 0, 0, 1], claimed={"`grpo`": [0.3, 7.0, -2, 1.1]})
    found = one(forest, "`grpo`")
    assert "the nearest, GenPRM labels (relative progress) with " in found.in_words(TITLES)
    assert found.in_words() == found.in_words(TITLES).replace("GenPRM labels (relative progress)", "`genprm`")
    (page,) = [one.in_words for one in lint(Forests(forest), TITLES) if one.kind == "claimed-credit"]
    assert page.startswith("the file does not say which method made its “`grpo`”: none of the ")
    assert page.endswith("; name the method in the file; treecore audit FILE compares with all that are known")
    assert TITLES.subject("dr_grpo") == "Dr. GRPO"


@pytest.mark.parametrize("bound", [1.0, 0.7, 1.25])
@pytest.mark.parametrize("method", ["grpo", "rloo", "dr_grpo"])
def test_clipped_claims_are_said_to_be(run: list[Forest], method: str, bound: float) -> None:
    run = [one.with_columns(reward=one.reward * (1 if method == "grpo" else 4)) for one in run]
    credit = compute(Forests(run), method).credit
    found = one(claiming(run, np.clip(credit, -bound, bound)))
    assert (np.abs(credit) > bound).any()
    assert (found.best.method, found.clipped) == (method, bound)
    assert found.in_words().startswith(f"these are `{method}` with")
    assert f", clipped to ±{bound:g}; all 24 values agree" in found.in_words()
    assert found.as_json()["clipped"] == bound


def test_single_precision_is_clipped_too(run: list[Forest]) -> None:
    credit = compute(Forests(run), "grpo").credit.astype(np.float32).clip(-0.9, 0.9).astype(float)
    assert "clipped to ±0.9; all 24 values agree" in one(claiming(run, credit)).in_words()


def test_what_was_not_clipped_is_not_said_to_be(run: list[Forest]) -> None:
    credit = compute(Forests(run), "grpo").credit
    assert np.isnan(one(claiming(run, credit)).clipped)
    bent = np.clip(credit, -1, 1)
    bent[0] = 0.123
    found = one(claiming(run, bent))
    assert np.isnan(found.clipped)
    outer = np.where(np.abs(credit) == np.abs(credit).max(), credit * 1.5, credit)
    assert np.isnan(one(claiming(run, outer)).clipped), "it lies beyond what comes out"


def test_claims_of_one_size_are_no_clipped_ones() -> None:
    made = [
        Forest(parent=[-1] * 6, text=["a"] * 6, reward=[1.0] * k + [0.0] * (6 - k), id=f"{k}") for k in (1, 2, 4, 5)
    ]
    signs = np.sign(compute(Forests(made), "grpo").credit) * 0.25
    found = one(claiming(made, signs))
    assert np.isnan(found.clipped)
    assert not found.explained
