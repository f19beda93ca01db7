"""The benchmarks of reading and of the library say what they measured; how fast it was is no matter here."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from treecore.bench.library import PAGES, QUESTIONS
from treecore.bench.reading_files import GROUP, MADE
from treecore.cli import main


def test_every_made_up_file_is_read() -> None:
    result = CliRunner().invoke(main, ["bench", "read", "--rows", "32", "--repeats", "1", "--json"])
    cases = json.loads(result.stdout)["cases"]
    assert [case["file"] for case in cases] == list(MADE)
    assert all(case["format"] and case["forests"] == 32 // GROUP and case["steps"] == 32 for case in cases)
    assert all(case["times_parser"] > 0 and case["times_memory"] > 0 for case in cases)


def test_files_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_bytes(MADE["verl.jsonl"](8))
    result = CliRunner().invoke(main, ["bench", "read", str(path), "--repeats", "1"])
    assert "| mine.jsonl | verl |" in result.stdout


def test_the_library() -> None:
    result = CliRunner().invoke(main, ["bench", "library", "--forests", "20", "--nodes", "5", "--json"])
    found = json.loads(result.stdout)
    assert found["n_forests"] == 20
    assert found["questions"].keys() == QUESTIONS.keys() | PAGES.keys()
    assert found["question_seconds"] == max(found["questions"].values())
    assert found["goals"].keys() <= found.keys()
