"""The table of steps: columns agree with the trees, order, search, and a CSV that no spreadsheet computes."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

import treecore as tc
from treecore.analysis.what_if import shift, what_if
from treecore.bundled import samples
from treecore.core.changes import from_text
from treecore.core.forest import Forest
from treecore.views.scene.changed import drawn_credit
from treecore.views.step_table import SORTS, Before, StepTable


@pytest.fixture(scope="module")
def table() -> StepTable:
    forest = tc.read(samples()["by_hand"].path)[0]
    return StepTable(forest, tc.credit([forest], "tree_grpo").of(0))


def hostile() -> StepTable:
    text = ["", "=1+1", "fine", "@sum", "-2", 'a, "b"\nc']
    return StepTable(Forest([-1, 0, 0, 1, 1, 2], text=text, reward=[np.nan] * 3 + [1.0, 0.0, np.nan]), None)


def test_a_changed_forest_has_what_was_pruned_and_what_credit_was() -> None:
    forest = tc.read(samples()["by_hand"].path)[0]
    found = what_if(forest, from_text("prune:a1,flip:f3"))
    before, after = (tc.credit([one], "tree_grpo").of(0) for one in (found.recorded, found.changed))
    made = StepTable(
        found.drawn,
        drawn_credit(found, after),
        Before(shift(found, before, after).was, found.pruned, "prune:a1,flip:f3"),
    )
    rows = made.sorted(made.rows, "was", down=True)
    assert len(rows) == len(StepTable(forest, before).rows)
    lines = {line["id"]: line for line in csv.DictReader(io.StringIO(made.csv(rows).decode()))}
    for row in made.rows.tolist():
        line, name = lines[str(found.drawn.node_id[row])], str(found.drawn.node_id[row])
        assert float(line["was"]) == pytest.approx(float(before.credit[forest.row(name)]))
        assert line["pruned"] == str(int(found.pruned[row]))
        assert (line["credit"] == "") == bool(found.pruned[row])
    assert lines["a1"]["pruned"] == "1"
    assert "was" not in StepTable(forest, before).csv(rows).decode().splitlines()[0]


@pytest.mark.parametrize("by", SORTS)
@pytest.mark.parametrize("down", [False, True])
def test_every_column_sorts_and_what_has_no_value_comes_last(table: StepTable, by: str, down: bool) -> None:
    rows = table.sorted(table.rows, by, down=down)
    assert sorted(rows) == sorted(table.rows)
    keys = SORTS[by](table)
    values = [keys[row] for row in rows.tolist()]
    known = [one for one in values if isinstance(one, str) or not np.isnan(one)]
    assert values[: len(known)] == known
    in_order = [one.casefold() if isinstance(one, str) else one for one in known]
    assert in_order == sorted(in_order, reverse=down)


def test_the_prompt_is_no_row_and_siblings_are_counted_where_they_were_tried() -> None:
    table = hostile()
    assert table.rows.tolist() == [1, 3, 4, 2, 5]
    assert table.siblings.place[table.rows].tolist() == [1, 1, 2, 2, 1]
    assert table.siblings.total[table.rows].tolist() == [2, 2, 2, 2, 1]
    assert (table.right[1], table.scored[1], table.value[1]) == (1, 2, 0.5)
    assert (table.scored[2], np.isnan(table.share[2])) == (0, True)


def test_words_are_found_in_any_case_and_a_blank_finds_all(table: StepTable) -> None:
    assert len(table.found(table.rows, "  ")) == len(table.rows)
    hits = table.found(table.rows, "CAIRO")
    said = [table.forest.text[row] + table.forest.observation[row] for row in table.rows.tolist()]
    assert len(hits) == sum("cairo" in one.lower() for one in said) > 0


def test_no_cell_of_the_csv_is_a_formula_and_numbers_are_whole() -> None:
    table = hostile()
    rows = list(csv.DictReader(io.StringIO(table.csv(table.rows).decode(), newline="")))
    assert [row["text"] for row in rows] == ["'=1+1", "'@sum", "'-2", "fine", 'a, "b"\nc']
    assert [row["step"] for row in rows][:3] == ["'=1+1", "'@sum", "'-2"]
    assert [row["reward"] for row in rows] == ["", "1.0", "0.0", "", ""]
    assert [row["parent"] for row in rows] == ["0", "1", "1", "0", "2"]
    assert "edited" not in rows[0]


def test_the_csv_of_a_changed_forest_says_so(table: StepTable) -> None:
    leaf = str(table.forest.node_id[table.forest.leaves[0]])
    changed = StepTable(tc.edit(table.forest, f"reward:{leaf}=0.5"), None)
    rows = list(csv.DictReader(io.StringIO(changed.csv(changed.rows).decode(), newline="")))
    assert {row["edited"] for row in rows} == {f"reward:{leaf}=0.5"}
