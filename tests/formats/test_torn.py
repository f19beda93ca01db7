"""Runs that were stopped while writing their last line: the whole lines open; a file broken elsewhere does not."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from toy import ToyTask, toy_policy

import treecore as tc
from treecore.cli import main
from treecore.errors import FormatError
from treecore.formats.files import read_with_report
from treecore.rollouts import rollout_to_file

RUN: dict[str, Any] = {"task": ToyTask(), "model": toy_policy(), "prompts": 3, "m": 2, "n": 1, "seed": 3}


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Of a finished run."""
    path = tmp_path_factory.mktemp("run") / "run.forest.jsonl"
    rollout_to_file(path, **RUN)
    return path.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize("size", [1, 12, 22, 40, 300, -2])
def test_the_whole_lines_of_a_torn_run_open(lines: list[bytes], size: int) -> None:
    data = b"".join(lines[:2]) + lines[2][:size]
    for given in (data, gzip.compress(data)):
        report = read_with_report(given, name="run.forest.jsonl")
        assert [one.id for one in report.forests] == [one.id for one in tc.read(b"".join(lines[:2]))]
        (warning,) = report.warnings
        assert warning.startswith("run.forest.jsonl, line 3: this line is torn")
        assert "--resume" in warning


def test_a_line_torn_inside_a_character_opens() -> None:
    whole = {
        "format": "treecore/1",
        "sampler": {"name": "s", "seed": 0, "parameters": {}},
        "nodes": [{"id": 0, "parent": None}],
    }
    torn = json.dumps({**whole, "id": "é"}, ensure_ascii=False, separators=(",", ":")).encode()
    data = json.dumps(whole).encode() + b"\n" + torn[: torn.index("é".encode()) + 1]
    assert len(read_with_report(data).warnings) == 1


def test_a_broken_line_elsewhere_stays_an_error(lines: list[bytes]) -> None:
    torn, by_hand = lines[2][:60], b'{"format":"treecore/1","nodes":[{"id":0,"parent":null}]}\n'
    broken = {
        "in the middle": lines[0] + torn + b"\n" + lines[1],
        "with a line end": lines[0] + torn + b"\n",
        "of nothing whole": torn,
        "of no run": by_hand + torn,
        "of one line by hand": lines[0] + by_hand + torn,
        "with an error in it": lines[0] + b'{"format":"treecore/1","id":what',
        "not ours": lines[0] + b'{"a": [1, 2',
        "not UTF-8": lines[0] + b'{"format":"treecore/1","id":"\xff',
    }
    for name, data in broken.items():
        with pytest.raises(FormatError):
            pytest.fail(f"read: {name}: {read_with_report(data).warnings}")


@pytest.mark.parametrize("command", [["show"], ["validate"], ["credit", "--method", "grpo"]])
def test_commands_open_a_torn_run_with_one_warning(lines: list[bytes], tmp_path: Path, command: list[str]) -> None:
    path = tmp_path / "run.forest.jsonl"
    path.write_bytes(lines[0] + lines[1][:50])
    result = CliRunner().invoke(main, [command[0], str(path), *command[1:]])
    assert result.exit_code == 0, result.output
    (said,) = [line for line in result.stderr.splitlines() if "torn" in line]
    assert said.startswith(f"treecore: warning: {path}, line 2: ")
    assert "--resume" in said
    assert "this line is torn" not in result.stdout
