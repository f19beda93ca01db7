"""Running the command line as a user does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from treecore.cli import main

MINIMAL = b"""{"format": "treecore/1", "prompt": "What is 3*4+2?",
 "nodes": [{"id": 0, "parent": null},
           {"id": 1, "parent": 0, "text": "3*4=12", "n_model_tokens": 3},
           {"id": 2, "parent": 1, "text": "12+2=14", "reward": 1, "n_model_tokens": 2},
           {"id": "b", "parent": 1, "text": "12+2=15", "reward": 0},
           {"id": 4, "parent": 0, "text": "I do not know", "status": "truncated"}]}
"""
Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    return lambda *arguments: CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def minimal(tmp_path: Path) -> Path:
    path = tmp_path / "minimal.json"
    path.write_bytes(MINIMAL)
    return path
