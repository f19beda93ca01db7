"""Answers in columns give the forests of the same rollouts one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treecore.core.forest import Forest
from treecore.errors import FormatError
from treecore.formats.answer_forests import MAX_SHARED_ANSWERS, shared_in_common
from treecore.formats.answers import Answers
from treecore.formats.grouping import forests_of
from treecore.formats.limits import COLUMN, Account
from treecore.formats.native_nodes import frozen
from treecore.formats.rollout import Rollout, Turn

NUMBER = st.sampled_from([float("nan"), 0.0, 1.0, -0.5])


@st.composite
def answers(draw: st.DrawFn) -> Answers:
    n = draw(st.integers(1, 9))

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=n, max_size=n))

    def numbers() -> dict[str, Any]:
        return {name: np.array(column(NUMBER)) for name in draw(st.sets(st.sampled_from(["a", "b"])))}

    def by_row(values: st.SearchStrategy[Any]) -> dict[int, Any]:
        return draw(st.dictionaries(st.integers(0, n - 1), values, max_size=2))

    def maybe(values: st.SearchStrategy[Any]) -> list[Any]:
        return column(values) if draw(st.booleans()) else []

    words = st.sampled_from(["x", "y"])
    extra = st.dictionaries(st.sampled_from(["seen", "prompt", "text", "id"]), words, max_size=2)
    turns = st.lists(st.builds(Turn, text=words, observation=words), min_size=1, max_size=2)
    return Answers(
        prompt=column(words),
        text=column(st.text(max_size=3)),
        reward=np.array(column(NUMBER)),
        where=lambda row: f"line {row + 1}",
        group=maybe(st.sampled_from([None, "p", ("q", 1)])),
        training_step=maybe(st.integers(-1, 1)),
        reference=maybe(words),
        label=maybe(words),
        task=maybe(words),
        status=maybe(st.integers(-1, 3)),
        columns=numbers(),
        claimed=numbers(),
        extra=by_row(extra),
        prompt_extra=by_row(extra),
        policy=by_row(extra),
        turns=by_row(turns),
    )


def forests(given: Sequence[Rollout | Answers]) -> list[Forest]:
    return forests_of(given, source="file", account=Account("file", 100, stored=100))


def one_by_one(given: Answers) -> list[Rollout | Answers]:
    return [given.rollout(row) for row in range(len(given))]


def seen(forest: Forest) -> tuple[Any, ...]:
    """All that two forests must have in common."""
    return (
        forest.digest,
        forest.provenance,
        forest.node_id,
        forest.born.tolist(),
        forest.node_extra,
        set(forest.columns),
        set(forest.claimed),
        forest.text,
        forest.observation,
    )


@given(answers())
def test_columns_and_rows_give_the_same_forests(found: Answers) -> None:
    assert [seen(forest) for forest in forests([found])] == [seen(forest) for forest in forests(one_by_one(found))]


@given(st.lists(answers(), min_size=2, max_size=3))
def test_so_do_those_of_several_files(parts: list[Answers]) -> None:
    expected = [seen(forest) for forest in forests([row for part in parts for row in one_by_one(part)])]
    assert [seen(forest) for forest in forests(parts)] == expected
    assert [seen(forest) for forest in forests([*one_by_one(parts[0]), *parts[1:]])] == expected


def plain(**fields: Any) -> Answers:
    given = {"prompt": ["p"] * 3, "text": ["a", "b", "c"], "reward": np.array([1.0, 0.0, 1.0])}
    return Answers(where=lambda row: f"line {row + 1}", **(given | fields))


def test_what_makes_no_forest_names_the_line_of_its_group() -> None:
    wrong = plain(prompt=["p", "q", "q"], reward=np.array([1.0, 1e200, 0.0]))
    with pytest.raises(FormatError, match=r"line 2: node '0.0' has the reward 1e\+200"):
        forests([wrong])


def test_very_many_columns_are_read_row_by_row() -> None:
    many = {f"c{n}": np.array([float(n), np.nan, np.nan]) for n in range(70)}
    (forest,) = forests([plain(columns=many)])
    assert forest.columns["c69"].tolist()[0] == 69.0


def test_no_answers_give_no_forest() -> None:
    assert forests([replace(plain(), prompt=[], text=[], reward=np.empty(0))]) == []


def test_one_row_by_itself_leaves_the_columns_as_they_are() -> None:
    turns = {0: [Turn(text="a"), Turn(text="b")]}
    found = plain(turns=turns, columns={"seen": np.array([1.0, 2.0, 3.0])}, extra={0: {"x": 1}})
    assert found.rollout(0).last.columns == {"seen": 1.0}
    assert found.cost() > 0
    assert turns == {0: [Turn(text="a"), Turn(text="b")]}


def test_what_large_groups_have_in_common_is_not_kept() -> None:
    n = 3 * MAX_SHARED_ANSWERS
    kept = shared_in_common.cache_info().currsize
    (forest,) = forests([Answers(prompt=["p"] * n, text=["a"] * n, reward=np.ones(n), where=str)])
    assert len(forest) == n
    assert shared_in_common.cache_info().currsize == kept


def test_names_that_few_groups_have_take_no_place_in_others() -> None:
    """Forests that are made at once share one array a name, as long as all of them, which each of them keeps alive."""
    rollouts = [Rollout(prompt=f"{n}", turns=[Turn(text="a", columns={f"c{n}": 1.0})]) for n in range(100)]
    bases = [forest.columns[f"c{n}"].base for n, forest in enumerate(forests(rollouts))]
    assert all(base is None or len(base) == 1 for base in bases)


def test_columns_of_forests_are_counted() -> None:
    account = Account("file", 100, stored=100)
    rollouts = [Rollout(prompt=f"{n}", turns=[Turn(columns=dict.fromkeys("abc", 1.0))]) for n in range(10)]
    forests_of(rollouts, source="file", account=account)
    with_columns = account.spent
    forests_of([replace(one, turns=[Turn()]) for one in rollouts], source="file", account=account)
    assert with_columns - (account.spent - with_columns) > 30 * COLUMN


@pytest.mark.parametrize("turns", [{}, {0: [Turn(text="a"), Turn(text="b")]}])
def test_columns_of_groups_with_turns_are_counted_once(turns: dict[int, list[Turn]]) -> None:
    account = Account("file", 100, stored=100)
    numbers = {"seen": np.ones(3), "half": np.array([1.0, np.nan, np.nan])}
    forests_of([plain(prompt=list("pqr"), turns=turns, columns=numbers)], source="file", account=account)
    assert account.columns == 4


def test_columns_that_only_turns_have_are_counted() -> None:
    account = Account("file", 100, stored=100)
    turns = {0: [Turn(text="a", columns={"own": 1.0}), Turn(text="b", claimed={"advantage": 1.0})]}
    forests_of([plain(prompt=list("pqr"), turns=turns, columns={"seen": np.ones(3)})], source="file", account=account)
    assert account.columns == 5
    assert account.names == {"seen", "own", "advantage"}


@pytest.mark.parametrize("by_row", [False, True])
def test_columns_are_made_once(by_row: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forest copies what others may still write to; what was made for it alone is its own."""
    made: list[Any] = []

    def noted(array: Any) -> Any:
        made.append(array)
        return frozen(array)

    for module in ("groups", "answer_forests"):
        monkeypatch.setattr(f"treecore.formats.{module}.frozen", noted)
    given = plain(columns={"seen": np.array([1.0, 2.0, 3.0])})
    (forest,) = forests(one_by_one(given) if by_row else [given])
    assert any(np.shares_memory(forest.columns["seen"], array) for array in made)
