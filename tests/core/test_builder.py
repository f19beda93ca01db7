"""Building a forest step by step."""

from __future__ import annotations

import numpy as np
import pytest

from treecore.core.builder import ForestBuilder, StepTokens, pack_tokens
from treecore.core.columns import Status
from treecore.errors import ForestError


def test_steps_become_rows_in_order() -> None:
    builder = ForestBuilder(id="q1", prompt="p")
    root = builder.root()
    first = builder.add(root, text="a", observation="o")
    leaf = builder.add(first, text="b", reward=1.0, status=Status.TERMINATED, extra={"k": 1})
    assert (root, first, leaf, len(builder)) == (0, 1, 2, 3)
    forest = builder.build()
    assert (forest.id, forest.prompt) == ("q1", "p")
    assert forest.parent.tolist() == [-1, 0, 1]
    assert forest.text == ("", "a", "b")
    assert forest.observation == ("", "o", "")
    assert forest.status.tolist() == [-1, -1, int(Status.TERMINATED)]
    assert forest.born.tolist() == [0, 1, 2]
    assert forest.node_extra == {2: {"k": 1}}


def test_a_built_forest_is_not_touched_by_later_steps() -> None:
    builder = ForestBuilder()
    builder.root()
    before = builder.build()
    builder.add(0)
    assert (len(before), len(builder.build())) == (1, 2)


@pytest.mark.parametrize("parent", [0, -2, 5])
def test_a_step_needs_an_existing_parent(parent: int) -> None:
    with pytest.raises(ForestError, match=f"no node {parent}"):
        ForestBuilder().add(parent)


def test_ids_are_unique_as_text() -> None:
    builder = ForestBuilder()
    builder.root(node_id="1")
    builder.root(node_id=1)
    with pytest.raises(ForestError, match="two nodes have the id '1'"):
        builder.build()


def test_nothing_built_is_no_forest() -> None:
    with pytest.raises(ForestError, match="without nodes"):
        ForestBuilder().build()


def test_token_columns_of_a_step_are_equally_long() -> None:
    builder = ForestBuilder()
    with pytest.raises(ForestError, match=r"unequal lengths .*'id': 2.*'logprob': 1"):
        builder.add(-1, tokens=StepTokens(id=[1, 2], logprob=[-0.5]))


def test_tokens_are_packed_with_nulls_where_a_step_lacks_a_column() -> None:
    table = pack_tokens([None, StepTokens(id=[1, 2]), StepTokens(id=[3], logprob=[-0.5])])
    assert table is not None
    assert table.start.tolist() == [0, 0, 2, 3]
    assert table.id is not None
    assert table.id.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(table.logprob, [np.nan, np.nan, -0.5])
    assert table.text is None


def test_no_tokens_are_no_table() -> None:
    assert pack_tokens([None, None]) is None
