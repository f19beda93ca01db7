"""Methods side by side on one forest: places, signs, kinds of difference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compared import columns, mixed

from treecore.analysis.compare import Kind, column_of, column_with, compare, places_of
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.methods import METHODS, SIDE_BY_SIDE, get_method

NAN = float("nan")


def test_steps_are_in_reading_order_and_prompts_are_none() -> None:
    found = compare(mixed(), columns(mixed(), *SIDE_BY_SIDE))
    assert found.rows.tolist() == [1, 2, 3, 4, 5, 6, 8, 9, 10, 11]
    assert [column.reach for column in found.columns] == sorted(column.reach for column in found.columns)


def test_numbers_are_the_methods_own() -> None:
    forest = mixed()
    found = compare(forest, columns(forest, "sibling", "grpo"))
    assert [column.method for column in found.columns] == ["grpo", "sibling"]
    for k, column in enumerate(found.columns):
        assert column.credit is not None
        assert found.values[:, k] == pytest.approx(column.credit.credit[found.rows], nan_ok=True)


def test_kinds() -> None:
    forest = mixed()
    found = compare(forest, columns(forest, "grpo", "tree_grpo", "sibling"))
    kinds = dict(zip(found.rows.tolist(), found.kind.tolist(), strict=True))
    assert kinds[4] == Kind.SIGNS  # half right: above the group, below its tree
    assert kinds[2] == kinds[9] == Kind.ZERO  # siblings agree, the group does not
    assert kinds[6] == Kind.AGREE
    for kind in Kind:
        assert found.count(kind) == list(kinds.values()).count(kind)


def test_not_assigned_is_no_disagreement() -> None:
    forest = Forest(parent=[-1, 0, 1, -1, 3], reward=[NAN, NAN, 1, NAN, 0], text=["", "a", "b", "", "c"])
    found = compare(forest, columns(forest, "grpo", "sibling"))
    assert np.isnan(found.values[1, 1])
    assert found.kind[1] == Kind.AGREE


def test_all_right_means_no_disagreement() -> None:
    forest = mixed().with_columns(reward=[NAN, NAN, 1, 1, NAN, 1, 1, NAN, NAN, 1, 1, 1])
    found = compare(forest, columns(forest, *SIDE_BY_SIDE))
    assert not found.kind.any()


def test_a_method_that_cannot_run_stays_with_its_reason() -> None:
    forest = mixed()
    found = compare(forest, columns(forest, "grpo", "vineppo"))
    lacking = next(column for column in found.columns if column.method == "vineppo")
    assert lacking.credit is None
    assert "Monte Carlo value" in lacking.lacks
    assert not lacking.lacks.startswith("vineppo")
    assert np.isnan(found.values[:, found.columns.index(lacking)]).all()


def test_a_level_has_no_sign() -> None:
    level = next(name for name, method in METHODS.items() if method.laws.level is not None)
    credit = column_of(Forests(mixed()), "grpo", {}).credit
    assert credit is not None
    column = column_with(replace(credit, method=level, params=get_method(level).defaults))
    assert not column.ends.signed
    assert np.isnan(compare(mixed(), [column]).signs).all()


def test_places_of_ties() -> None:
    best, worst = places_of(np.array([[3.0], [1.0], [3.0], [NAN], [2.0]]))
    assert best[:, 0] == pytest.approx([1, 4, 1, NAN, 3], nan_ok=True)
    assert worst[:, 0] == pytest.approx([2, 4, 2, NAN, 3], nan_ok=True)


def test_one_forest_of_a_batch_keeps_the_scale_of_the_batch() -> None:
    small, large = mixed(), mixed().with_columns(reward=[NAN, NAN, 9, 9, NAN, 9, 0, NAN, NAN, 0, 0, 0])
    batch = Forests([small, large])
    found = compare(small, [column_of(batch, "dr_grpo", {})])
    assert found.columns[0].scale == pytest.approx(float(np.nanmax(np.abs(found.columns[0].credit.credit))) * 9)  # type: ignore[union-attr]
    assert len(found.values) == 10


def test_agreement_is_symmetric_and_one_with_itself() -> None:
    found = compare(mixed(), columns(mixed(), *SIDE_BY_SIDE))
    assert np.allclose(found.agreement, found.agreement.T, equal_nan=True)
    assert np.allclose(np.diag(found.agreement), 1)


def test_no_methods_and_no_steps() -> None:
    assert compare(mixed(), []).values.shape == (10, 0)
    empty = Forest(parent=[-1])
    assert compare(empty, []).kind.tolist() == []
