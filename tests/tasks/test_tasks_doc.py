"""The page about tasks: verifiers and options that exist, numbers that are those of the code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from treecore.cli.annotate import annotate
from treecore.cli.rollout import rollout
from treecore.tasks.tools import MAX_RESULT
from treecore.tasks.verifiers import VERIFIERS
from treecore.tasks.verifiers import text as verify_text
from treecore.tasks.verifiers.mathematics import verifier as verify_math
from treecore.tasks.verifiers.numbers import clear_number, last_number

PAGE = (Path(__file__).parents[2] / "docs" / "tasks.md").read_text()
COMMANDS = {"rollout": rollout, "annotate": annotate}


def test_every_verifier_and_setting_is_listed() -> None:
    rows = dict(re.findall(r"^\| `([a-z0-9]+)` \| [^|]* \|([^|]*)\|$", PAGE, flags=re.MULTILINE))
    for name, verifier in VERIFIERS.items():
        assert re.findall(r"`(\w+)`", rows[name]) == [param.name for param in verifier.params]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_commands_are_understood(name: str) -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith(f"treecore {name} ")]
    assert lines
    for line in lines:
        COMMANDS[name].make_context(name, shlex.split(line)[2:])


def test_options_exist() -> None:
    known = {
        name for command in COMMANDS.values() for param in command.params for name in param.opts + param.secondary_opts
    }
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE)) <= known | {"--json"}


def test_numbers_are_those_of_the_code() -> None:
    assert f"after {MAX_RESULT:,} characters" in " ".join(PAGE.split())
    assert f"what takes over {verify_math.SECONDS:g} s is wrong" in PAGE
    assert verify_text.PATTERN_SECONDS == 1
    assert "more than a second" in " ".join(PAGE.split())


def test_the_examples_of_numbers_are_read() -> None:
    line = next(one for one in PAGE.splitlines() if one.startswith("- `number` reads"))
    examples = re.findall(r"`([^`]+)`", line)[1:]
    assert len(examples) == 7
    assert all(clear_number(one) == last_number(one) is not None for one in examples)
