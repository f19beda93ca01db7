"""A batch of forests: columns of steps and tokens one after the other, worked out once."""

from __future__ import annotations

import numpy as np
import pytest

from treecore.core.batch import Forests
from treecore.core.forest import Forest, TokenTable
from treecore.core.topology import IntArray

NAN = np.nan


def batch() -> Forests:
    """Three forests: with parts and an entropy, without a token table, with neither column."""
    with_part = TokenTable(start=[0, 0, 2], part=[1, -1], entropy=[0.5, NAN])
    return Forests(
        [
            Forest(parent=[-1, 0], observation=["", "found"], tokens=with_part, columns={"mc_value": [NAN, 1.0]}),
            Forest(parent=[-1]),
            Forest(parent=[-1, 0], tokens=TokenTable(start=[0, 1, 2])),
        ]
    )


def test_tokens_of_a_batch_stand_one_after_the_other() -> None:
    forests = batch()
    assert forests.token_start.tolist() == [0, 0, 2, 2, 3, 4]
    assert forests.token_node.tolist() == [1, 1, 3, 4]
    np.testing.assert_array_equal(forests.token_column("part"), [1, NAN, NAN, NAN])
    np.testing.assert_array_equal(forests.token_column("entropy"), [0.5, NAN, NAN, NAN])


def test_a_batch_without_any_token_table_has_no_tokens() -> None:
    forests = Forests(Forest(parent=[-1, 0]))
    assert forests.token_start.tolist() == [0, 0, 0]
    assert forests.token_column("entropy").tolist() == []


def test_annotations_are_missing_where_a_forest_lacks_them() -> None:
    np.testing.assert_array_equal(batch().column("mc_value"), [NAN, 1.0, NAN, NAN, NAN])
    assert batch().answered.tolist() == [False, True, False, False, False]


def test_shared_columns_cannot_be_written() -> None:
    forests = batch()
    for column in (forests.column("mc_value"), forests.token_column("part")):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1.0


def test_a_shape_is_worked_out_once_for_each_batch() -> None:
    asked: list[Forests] = []

    def leaves(forests: Forests) -> IntArray:
        asked.append(forests)
        return np.flatnonzero(forests.topology.is_leaf)

    forests, other = batch(), batch()
    assert forests.shape(leaves) is forests.shape(leaves)
    assert other.shape(leaves).tolist() == [1, 2, 4]
    assert asked == [forests, other]
