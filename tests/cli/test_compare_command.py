"""`treecore compare`: what it prints, and what of it scripts read."""

from __future__ import annotations

import json

import pytest

from treecore.methods import SIDE_BY_SIDE, get_method


def test_json_has_numbers_ranks_and_reasons(run) -> None:
    result = run("compare", "early_fork", "--methods", "sibling,grpo,vineppo", "--json")
    assert result.exit_code == 0
    (forest,) = json.loads(result.stdout)["forests"]
    assert [one["method"] for one in forest["methods"]] == ["grpo", "sibling", "vineppo"]
    assert "Monte Carlo value" in forest["methods"][2]["lacks"]
    assert forest["agreement"]["grpo"]["sibling"] is not None
    assert forest["agreement"]["grpo"]["vineppo"] is None
    listed = [node for one in forest["disagreements"] for node in one["nodes"]]
    assert set(listed) <= forest["steps"].keys()
    for kind, count in forest["steps_by_kind"].items():
        assert count == sum(len(one["nodes"]) for one in forest["disagreements"] if one["kind"] == kind)
    assert sum(forest["steps_by_kind"].values()) == len(listed) > 0


def test_the_table_has_a_column_a_method(run) -> None:
    result = run("compare", "early_fork")
    assert result.exit_code == 0
    head = result.stdout.partition("find the teacher of jade")[0]
    for method in SIDE_BY_SIDE:
        assert get_method(method).title.split()[0] in head
    assert "Kendall's tau-b" in result.stdout


@pytest.mark.parametrize("sample", ["early_fork", "rare_success"])
def test_a_sign_against_zero_is_no_difference_of_signs(run, sample) -> None:
    (forest,) = json.loads(run("compare", sample, "--json").stdout)["forests"]
    text = run("compare", sample).stdout
    for kind in ("signs differ", "sign against zero"):
        count = forest["steps_by_kind"][kind]
        assert f"{kind} on {count} of {len(forest['steps'])} steps" in text if count else f"{kind} on" not in text


def test_agreement_on_every_step_is_told(run) -> None:
    assert "the signs agree on every step" in run("compare", "all_right").stdout


def test_an_unknown_method_is_one_line(run) -> None:
    result = run("compare", "early_fork", "--methods", "nothing")
    assert result.exit_code == 1
    assert result.stderr.startswith("treecore: ")
