"""Every command: help with an example, exit codes, one line for user errors, JSON alone where JSON is asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result

from treecore.cli import COMMANDS, main
from treecore.formats import FORMATS
from treecore.formats.schema import json_schema
from treecore.methods import METHODS
from treecore.rollouts.output.jsonl_file import JsonlFile
from treecore.samplers import SAMPLERS


def treecore(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """The real command in a process of its own."""
    command = [sys.executable, "-c", "from treecore.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, **options)  # type: ignore[call-overload]


def one_error(result: Result, *words: str) -> None:
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("treecore: ")
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(run, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Example:\n    treecore {command}" in result.stdout


def test_the_group_lists_all_commands(run) -> None:
    result = run("--help")
    assert all(f"  {command} " in result.stdout for command in COMMANDS)
    assert run("--version").stdout.startswith("treecore ")
    assert main.name == "main"


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("credit",),
        ("credit", "{file}"),
        ("credit", "{file}", "--method", "grpo", "--set", "epsilon"),
        ("credit", "{file}", "--method", "grpo", "--set", "epsilon=0", "--set", "epsilon=1"),
        ("show", "{file}", "--set", "epsilon=0"),
        ("convert", "{file}"),
        ("app", "--port", "0"),
        ("rollout", "-o", "x.forest.jsonl"),
        ("rollout", "--sampler", "chains", "--prompts", "0", "-o", "x.forest.jsonl"),
        ("rollout", "--sampler", "chains", "--prompts", "1", "--question", "q", "-o", "x.forest.jsonl"),
    ],
)
def test_wrong_usage_is_exit_code_2(run, minimal: Path, arguments: tuple[str, ...]) -> None:
    result = run(*(argument.format(file=minimal) for argument in arguments))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage:" in result.stderr


def test_user_errors_are_one_line(run, minimal: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"format": "treecore/1", "nodes": [{"id": 0, "parent": null}, {"id": 1, "parent": 9}]}')
    for command in (("credit", broken, "--method", "grpo", "--json"), ("show", broken), ("validate", broken)):
        one_error(run(*command), "broken.json", "$.nodes[1].parent (node 1)", "there is no node 9")
    one_error(run("convert", broken, "-o", tmp_path / "x.json"), "$.nodes[1].parent")
    one_error(run("validate", tmp_path / "none"), "there is no such file")
    one_error(run("app", tmp_path / "none"), "there is no such file")
    (tmp_path / "empty").mkdir()
    one_error(run("validate", tmp_path / "empty"), "there is no file in it")
    one_error(run("credit", minimal, "--method", "nothing"), "no credit method 'nothing'", "known: ")
    one_error(run("credit", minimal, "--method", "grpo", "--set", "a=1"), "no parameter 'a'")
    one_error(run("credit", minimal, "--method", "grpo", "--set", "epsilon=x"), "epsilon='x'")
    one_error(run("show", minimal, "--forest", "q"), "no forest 'q'")
    one_error(run("convert", minimal, "-o", tmp_path / "x.txt"), "no writable format ends like this name")
    one_error(run("rollout", "--sampler", "nothing", "-o", tmp_path / "x"), "no sampler 'nothing'")


def test_what_a_file_says_cannot_command_the_terminal(run, tmp_path: Path) -> None:
    path = tmp_path / "evil.json"
    path.write_text('{"format": "treecore/1", "nodes": [{"id": "\\u001b]0;x\\u0007\\u202e", "parent": 5}]}')
    result = run("validate", path)
    one_error(result)
    assert all(character.isprintable() for character in result.stderr.strip())


def test_credit_json_has_the_documented_shape(run, minimal: Path) -> None:
    document = json.loads(run("credit", minimal, "--method", "tree_grpo", "--set", "variant=sum", "--json").stdout)
    assert list(document) == ["method", "params", "forests"]
    assert document["method"] == "tree_grpo"
    assert document["params"] == {"variant": "sum", "epsilon": 1e-6, "ddof": 1}
    (forest,) = document["forests"]
    assert set(forest) == {"id", "leaves", "nodes"}
    assert list(forest["nodes"]) == ["0", "1", "2", "b", "4"]
    assert set(forest["leaves"]) == {"2", "b", "4"}
    assert forest["leaves"]["2"]["advantage"] == pytest.approx(2**0.5, abs=1e-5)
    assert forest["leaves"]["4"]["advantage"] is None
    assert (
        forest["nodes"]["2"]["credit"] == forest["nodes"]["2"]["gradient_weight"] == forest["leaves"]["2"]["advantage"]
    )
    assert forest["nodes"]["4"]["credit"] is None
    assert {"credit", "gradient_weight", "value", "n_leaves"} <= set(forest["nodes"]["1"])
    assert forest["nodes"]["1"]["n_leaves"] == 2


def test_credit_of_tokens_repeats_the_steps_signal(run, minimal: Path) -> None:
    (forest,) = json.loads(run("credit", minimal, "--method", "sibling", "--json", "--tokens").stdout)["forests"]
    assert forest["tokens"] == {"1": [None, None, None], "2": [0.5, 0.5]}


def test_all_forests_of_a_file_have_a_name(run, tmp_path: Path, minimal: Path) -> None:
    path = tmp_path / "two.json"
    document = json.loads(minimal.read_bytes())
    path.write_text(json.dumps({"forests": [document, {**document, "id": "q7"}]}))
    forests = json.loads(run("credit", path, "--method", "grpo", "--json").stdout)["forests"]
    assert [forest["id"] for forest in forests] == ["0", "q7"]


def test_credit_as_a_table(run, minimal: Path) -> None:
    result = run("credit", minimal, "--method", "grpo", "--tokens")
    assert result.exit_code == 0
    row = next(line for line in result.stdout.splitlines() if "12+2=14" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")][:3] == ["2", "12+2=14", "0.7071"]
    assert "0.7071 0.7071" in row


@pytest.mark.parametrize(("command", "names"), [("methods", METHODS), ("samplers", SAMPLERS), ("formats", FORMATS)])
def test_registries_as_json_and_as_text(run, command: str, names: dict[str, object]) -> None:
    entries = json.loads(run(command, "--json").stdout)
    assert [entry["name"] for entry in entries] == list(names)
    text = run(command).stdout
    assert all(f"{entry['name']}: {entry['title']}" in text for entry in entries)
    if command != "formats":
        documented = {"name", "title", "family", "formula", "citation", "needs", "parameters"}
        assert all(documented <= entry.keys() for entry in entries)
        parameters = [parameter for entry in entries for parameter in entry["parameters"]]
        assert all(parameter["name"] in text for parameter in parameters)
        assert all({"name", "type", "default"} <= parameter.keys() for parameter in parameters)


def test_the_schema_is_printed(run) -> None:
    assert json.loads(run("schema").stdout) == json_schema()


def test_convert_keeps_everything_and_says_so(run, minimal: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.forest.jsonl.gz"
    result = run("convert", minimal, "-o", target)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "nothing lost"
    report = json.loads(run("convert", target, "-o", tmp_path / "again.json", "--json").stdout)
    assert report["lost"] == []
    assert report["read"]["n_nodes"] == report["written"]["n_nodes"] == 5


def test_convert_writes_over_nothing_unasked(run, minimal: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.forest.jsonl"
    target.write_text("notes")
    one_error(run("convert", minimal, "-o", target), "out.forest.jsonl: there is such a file", "--overwrite")
    one_error(run("convert", tmp_path / "none", "-o", target), "there is such a file")
    assert target.read_text() == "notes"
    assert run("convert", minimal, "-o", target, "--overwrite").stdout.splitlines()[-1] == "nothing lost"
    assert run("convert", target, "-o", target, "--overwrite").exit_code == 0
    before = target.read_bytes()
    with JsonlFile(target):
        one_error(run("convert", minimal, "-o", target, "--overwrite"), "another run is writing this file")
    assert target.read_bytes() == before


def test_validate_reports_and_succeeds(run, minimal: Path) -> None:
    result = run("validate", minimal)
    assert result.exit_code == 0
    assert "1 forest, 1 tree, 4 steps, 3 leaves (2 scored), 0 tokens" in result.stdout
    assert "unscored-leaf: 1 of 3 leaves has no reward (forest 0, node 4)" in result.stdout
    document = json.loads(run("validate", minimal, "--json").stdout)
    assert [finding["kind"] for finding in document["findings"]] == ["unscored-leaf", "truncated-leaf"]
    assert document["n_leaves"] == 3


def test_a_closed_pipe_is_quiet(minimal: Path) -> None:
    command = [sys.executable, "-c", "from treecore.cli import main; main()", "show", str(minimal)]
    end, start = os.pipe()
    os.close(end)
    done = subprocess.run(command, stdout=start, stderr=subprocess.PIPE, check=False)
    os.close(start)
    assert done.stderr == b""


def test_the_real_command(minimal: Path, tmp_path: Path) -> None:
    done = treecore("credit", minimal, "--method", "grpo", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["method"] == "grpo"
    failed = treecore("validate", tmp_path / "none")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == f"treecore: {tmp_path}/none: there is no such file; check the path\n"
    assert treecore("credit").returncode == 2


def test_a_method_is_explained_in_full(run) -> None:
    text = " ".join(run("methods", "spo_tree").stdout.split())
    method = METHODS["spo_tree"]
    for part in (*method.formula().splitlines(), method.departures, method.alone, str(method.citation)):
        assert " ".join(part.split()) in text
    assert "parent_value" in text
    assert "tree_grpo" not in text
    assert method.departures not in " ".join(run("methods", "--short").stdout.split())


def test_a_name_that_is_nearly_right_is_guessed(run) -> None:
    assert "did you mean 'tree_grpo'?" in run("methods", "tree_gpro").stderr


def test_show_and_schema_print_one_document(run, minimal: Path) -> None:
    document = json.loads(run("show", minimal, "--method", "grpo", "--json").stdout)
    assert [forest["format"] for forest in document["forests"]] == ["treecore/1"]
    assert document["credit"] == json.loads(run("credit", minimal, "--method", "grpo", "--json").stdout)["forests"]
    assert json.loads(run("show", minimal, "--json").stdout).keys() == {"forests"}
    assert run("schema", "--json").stdout == run("schema").stdout
