"""The benchmark's own parts: its forests are complete, its figures are whole."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from oracles import has_oracle

from treecore.bench import Sizes, bench_credit
from treecore.bench.measure import best_of
from treecore.bench.synthetic import synthetic_forests
from treecore.cli import main
from treecore.core.batch import Forests
from treecore.methods import METHODS

TINY = Sizes(n_forests=3, forest_nodes=12, large_nodes=40, file_nodes=30, oracle_nodes=30, repeats=1)


def test_no_method_lacks_anything_in_the_made_up_forests() -> None:
    batch = synthetic_forests(2, n_nodes=30, seed=0)
    assert {name: method.lacking(batch) for name, method in METHODS.items() if method.lacking(batch)} == {}


def test_equal_seeds_make_equal_forests() -> None:
    first, same, other = (synthetic_forests(2, n_nodes=20, seed=seed) for seed in (1, 1, 2))
    assert [forest.digest for forest in first] == [forest.digest for forest in same]
    assert [forest.digest for forest in first] != [forest.digest for forest in other]
    assert first[0].digest != first[1].digest


def test_a_batch_of_one_is_as_large_as_asked() -> None:
    batch = synthetic_forests(3, n_nodes=17, seed=0)
    assert [len(forest) for forest in batch] == [17, 17, 17]
    assert isinstance(batch, Forests)
    assert not np.isnan(batch.reward[batch.topology.is_leaf]).any()


def test_every_method_has_figures_in_both_cases() -> None:
    steps: list[tuple[int, int]] = []
    document = bench_credit(TINY, on_progress=lambda what, done, total: steps.append((done, total)))
    assert [[row["method"] for row in case["methods"]] for case in document["cases"]] == [list(METHODS)] * 2
    assert [(case["n_forests"], case["n_nodes"]) for case in document["cases"]] == [(3, 36), (1, 40)]
    rows = [row for case in document["cases"] for row in case["methods"]]
    assert [row["method"] for row in rows if None in row.values() and has_oracle(row["method"])] == []
    numbers = [value for row in rows for value in row.values() if value is not None]
    assert all(math.isfinite(value) and value >= 0 for value in numbers if not isinstance(value, str))
    small, large = (case["methods"] for case in document["cases"])
    assert all(row["times_oracle_one_forest"] == row["times_oracle"] for row in large)
    assert small[0]["times_oracle_one_forest"] == pytest.approx(
        large[0]["oracle_cpu_seconds_per_node"] * 36 / small[0]["cpu_seconds"]
    )
    assert steps == [(done, steps[0][1]) for done in range(steps[0][1])]


def test_long_measurements_are_not_repeated() -> None:
    calls: list[int] = []
    best_of(lambda: calls.append(1), 5, enough=0.0)
    assert len(calls) == 1


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command(as_json: bool) -> None:
    sizes = ("--forests", 2, "--forest-nodes", 9, "--nodes", 20, "--file-nodes", 20, "--oracle-nodes", 20)
    arguments = ["bench", "credit", *map(str, sizes), "--repeats", "1", *(["--json"] if as_json else [])]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0
    if as_json:
        document = json.loads(result.stdout)
        assert document["machine"]["cpu_count"] >= 1
        assert document["reading"]["n_nodes"] == 20
    else:
        assert all(f"| {name} |" in result.stdout for name in METHODS)


def test_without_a_checkout_there_is_no_oracle_and_the_bench_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treecore.bench.credit.oracles", lambda: None)
    sizes = ("--forests", 2, "--forest-nodes", 9, "--nodes", 20, "--file-nodes", 20, "--oracle-nodes", 20)
    arguments = ["bench", "credit", *map(str, sizes), "--repeats", "1", "--method", "grpo"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0
    assert "No oracles here" in result.stdout
    assert "| – | – | – |" in result.stdout
