"""The page about rollouts: options that exist, numbers that are those of the code."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path

from treecore.annotate.run_file import ADDED_BYTES
from treecore.cli.rollout import rollout
from treecore.rollouts import Summary
from treecore.rollouts.failures import MAX_IN_A_ROW, REFUSED
from treecore.rollouts.output.jsonl_file import MIN_FREE
from treecore.rollouts.output.to_file import TRAJECTORY_BYTES
from treecore.rollouts.ray.cluster import STORE_BYTES
from treecore.rollouts.ray.engine import MAX_LOSSES

PAGE = (Path(__file__).parents[2] / "docs" / "rollout.md").read_text()
WORDS = " ".join(PAGE.split())
NUMBERS = {field.name.replace("_", " ") for field in fields(Summary)}
OPTIONS = {name for param in rollout.params for name in param.opts} | {"--help"}


def test_options_exist() -> None:
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE))
    assert named <= OPTIONS
    assert {"--device", "--dtype", "--batch-tokens", "--static", "--engine", "--workers", "--ray-address"} <= named


def test_commands_are_understood() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("treecore rollout --")]
    assert len(lines) == 4
    for line in lines:
        assert rollout.make_context("rollout", shlex.split(line)[2:]).params["output"] == "run.forest.jsonl"


def test_numbers_at_the_end_are_those_that_are_printed() -> None:
    table = PAGE.partition("## The numbers at the end")[2].partition("##")[0]
    assert set(re.findall(r"^\| `(.*?)` \|", table, re.MULTILINE)) <= NUMBERS


def test_numbers_are_those_of_the_code() -> None:
    assert f"{MIN_FREE >> 20} MiB must be free beside {TRAJECTORY_BYTES >> 10} KiB for every trajectory" in WORDS
    assert f"(`annotate`: {ADDED_BYTES >> 10} KiB a forest)" in WORDS
    assert f"{STORE_BYTES >> 20} MiB of shared" in WORDS
    assert MAX_IN_A_ROW == 3
    assert "of three forests in a row failed" in WORDS
    assert all(REFUSED.match(f"the server answers {status}: x") for status in (400, 413, 422))
    assert "(status 400, 413 or 422)" in PAGE
    assert MAX_LOSSES + 1 == 4
    assert "after four losses in a row" in WORDS
