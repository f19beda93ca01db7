"""What the fuzzer begins with and what it found, each read or refused in one sentence; the fuzzer is `fuzz.py`."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from fuzzed import ANY, CORPUS, beginnings, once
from mutated import flipped, mutated

from treecore.formats import FORMATS

FOUND = sorted(path for path in CORPUS.rglob("*") if path.is_file())
EACH = 3
"""Changed files of each that a fuzzer begins with."""


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_was_found(path: Path) -> None:
    once(ANY, path.read_bytes())
    once(path.parent.name, path.read_bytes())


@pytest.mark.parametrize("reader", FORMATS)
def test_some_changes_of_every_beginning(reader: str) -> None:
    found = beginnings(reader)  # none where a reader needs a whole folder
    for number, data in enumerate(found):
        for seed in range(EACH):
            once(reader, flipped(data, Random(1000 * number + seed)))
    for number, data in enumerate(found[:EACH]):
        once(reader, mutated(data, Random(number)))
