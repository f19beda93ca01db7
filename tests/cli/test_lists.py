"""Lists of what is bundled, and samples named in place of files."""

from __future__ import annotations

import json

from treecore.bundled import samples
from treecore.lessons.glossary import document
from treecore.lessons.unit import units
from treecore.lessons.worksheet import worksheet
from treecore.tasks import MORE_TASKS, TASKS
from treecore.tasks.verifiers import VERIFIERS


def test_samples_as_json_and_as_text(run) -> None:
    entries = json.loads(run("samples", "--json").stdout)
    assert [entry["name"] for entry in entries] == list(samples())
    text = " ".join(run("samples").stdout.split())
    for sample in samples().values():
        assert f"{sample.name}: {sample.title}" in text
        assert sample.look_for in text


def test_commands_take_the_name_of_a_sample(run) -> None:
    shown = run("show", "by_hand", "--method", "tree_grpo")
    assert shown.exit_code == 0, shown.stderr
    assert "find the teacher of iris" in shown.stdout
    credit = json.loads(run("credit", "by_hand", "--method", "tree_grpo", "--json").stdout)
    assert credit["forests"][0]["id"] == "by-hand"
    assert "structure is valid" in run("validate", "mcts").stdout


def test_verifiers_as_json_and_as_text(run) -> None:
    entries = json.loads(run("verifiers", "--json").stdout)
    assert [entry["name"] for entry in entries] == list(VERIFIERS)
    tolerance = next(entry for entry in entries if entry["name"] == "number")["parameters"][0]
    assert (tolerance["name"], tolerance["default"], tolerance["maximum"]) == ("tolerance", 0.0, 1)
    text = " ".join(run("verifiers").stdout.split())
    for entry in entries:
        assert f"{entry['name']}: {entry['title']}" in text
        assert " ".join(entry["summary"].partition("\n")[0].split()) in text
    assert "tolerance=0.0 (float, ≥ 0, ≤ 1)" in text


def test_tasks_are_listed_with_the_options_that_can_be_set(run) -> None:
    entries = {entry["name"]: entry for entry in json.loads(run("tasks", "--json").stdout)}
    assert list(entries) == [*TASKS, *MORE_TASKS, "FILE.jsonl"]
    assert [one["name"] for one in entries["countdown"]["parameters"]] == ["reward_scheme"]
    assert {"shuffle", "tool", "prompt_field", "answer_field"} <= {
        one["name"] for one in entries["FILE.jsonl"]["parameters"]
    }
    text = run("tasks").stdout
    assert all(f"{entry['name']}: {entry['title']}" in text for entry in entries.values())


def test_the_course_as_a_list_a_worksheet_and_a_glossary(run) -> None:
    text = " ".join(run("lessons").stdout.split())
    assert all(unit.question in text for unit in units().values())
    assert [unit["name"] for unit in json.loads(run("lessons", "--json").stdout)] == list(units())
    assert run("lessons", "--worksheet").stdout == worksheet()
    assert run("lessons", "--glossary").stdout == document()
