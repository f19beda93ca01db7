"""Entropy and confidence of recorded tokens: those that the rollout recorded, found again by reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import treecore as tc
from treecore.annotate import lacks_numbers, measure_tokens, sources
from treecore.bundled import samples
from treecore.core.forest import Forest
from treecore.errors import MethodError, PolicyError
from treecore.policies import Policy, load_policy
from treecore.protocols import Task
from treecore.tasks import get_task


@pytest.fixture(scope="module")
def tiny() -> Policy:
    return load_policy("tiny")


def recorded() -> Forest:
    forest: Forest = tc.read(samples()["early_fork"].path)[0]
    return forest


def without(forest: Forest) -> Forest:
    assert forest.tokens is not None
    return forest.with_columns(tokens=replace(forest.tokens, entropy=None, confidence=None))


def test_they_are_those_of_the_rollout(tiny: Policy) -> None:
    forest, told = recorded(), list[dict[str, int]]()
    bare = without(forest)
    assert lacks_numbers(bare)
    assert not lacks_numbers(forest)
    (found,) = measure_tokens([bare], tiny, on_progress=lambda **numbers: told.append(numbers))
    assert found.tokens is not None
    assert forest.tokens is not None
    for name in ("entropy", "confidence"):
        ours, theirs = getattr(found.tokens, name), getattr(forest.tokens, name)
        assert (np.isnan(ours) == np.isnan(theirs)).all()
        np.testing.assert_allclose(ours, theirs, atol=2e-4)
    assert not lacks_numbers(found)
    assert [one["done"] for one in told] == list(range(1, len(forest.leaves) + 1))
    assert {one["total"] for one in told} == {len(forest.leaves)}
    assert found.provenance["annotations"][-1]["of"] == bare.digest


def test_recorded_numbers_stay(tiny: Policy) -> None:
    forest = recorded()
    assert forest.tokens is not None
    threes = np.full(forest.tokens.total, 3.0)
    kept = forest.with_columns(tokens=replace(forest.tokens, entropy=threes, confidence=None))
    (found,) = measure_tokens([kept], tiny)
    assert found.tokens is not None
    np.testing.assert_array_equal(found.tokens.entropy, threes)


def test_a_stopped_run_gives_no_half_forest(tiny: Policy) -> None:
    looks = iter([False, True])
    assert list(measure_tokens([without(recorded())], tiny, should_stop=lambda: next(looks))) == []


def test_forests_of_several_provenances_stay_in_their_order(tiny: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (without(tc.read(samples()[name].path)[0]) for name in ("early_fork", "countdown", "mcts"))
    built = list[str]()

    def counted(name: str, **options: Any) -> Task:
        built.append(name)
        return get_task(name, **options)

    monkeypatch.setattr(sources, "get_task", counted)
    of = [forest.provenance["annotations"][-1]["of"] for forest in measure_tokens([first, second, third], tiny)]
    assert of == [first.digest, second.digest, third.digest]
    assert built == ["multihop", "countdown"]


def unknown_id(forest: Forest) -> Forest:
    """One token of one leaf has no id."""
    table = forest.tokens
    assert table is not None
    assert table.id is not None
    ids = table.id.copy()
    ids[table.start[forest.leaves[0]]] = -1
    return forest.with_columns(tokens=replace(table, id=ids))


def no_tokens_of(row: int) -> Callable[[Forest], Forest]:
    """A forest whose row has text and no tokens."""

    def emptied(forest: Forest) -> Forest:
        table = forest.tokens
        assert table is not None
        counts = np.where(np.arange(len(forest)) == row, 0, np.diff(table.start))
        fewer = table.take(np.flatnonzero(table.node != row), start=np.concatenate([[0], counts.cumsum()]))
        return forest.with_columns(tokens=fewer)

    return emptied


def tokens_of_the_root(forest: Forest) -> Forest:
    """The first token of the forest belongs to its root."""
    table = forest.tokens
    assert table is not None
    start = table.start.copy()
    start[1] = 1
    return forest.with_columns(tokens=table.take(np.arange(table.total), start=start))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (unknown_id, "the step has no token ids"),
        (no_tokens_of(1), "the step has no token ids"),
        (tokens_of_the_root, "a root with tokens is a step"),
        (lambda forest: forest.with_columns(text=("7", *forest.text[1:])), "a root with text is a step"),
        (lambda forest: forest.with_columns(tokens=None), "it has no token ids"),
        (lambda forest: forest.with_columns(tokens=replace(forest.tokens, id=None)), "it has no token ids"),
    ],
)
def test_what_cannot_be_read_again_exactly_is_refused_before_anything_is_read(
    change: Callable[[Forest], Forest], said: str, tiny: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = list[object]()
    monkeypatch.setattr(type(tiny), "measure", lambda *given: read.append(given))
    whole = without(recorded())
    with pytest.raises(MethodError, match=said):
        list(measure_tokens([whole, change(whole)], tiny))
    assert read == []


def test_what_another_model_wrote_is_refused(tiny: Policy) -> None:
    other = without(recorded()).with_columns(policy={**recorded().policy, "weights": "other"})
    with pytest.raises(MethodError, match="other weights"):
        list(measure_tokens([other], tiny))
    with pytest.raises(PolicyError, match="does not tell its distributions"):
        list(measure_tokens([recorded()], object()))  # type: ignore[arg-type]
