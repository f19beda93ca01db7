"""A file with something wrong in it is read, or refused in one sentence that names it; nothing else is raised."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from cases import DATA, examples, files_of, folders
from hypothesis import given, settings
from hypothesis import strategies as st
from mutated import mutated

from treecore.errors import FormatError
from treecore.formats import read

FILES = [path for folder in folders() for path in files_of(folder)]
LARGE = 50_000
"""Bytes from which on a file is tried less often."""


def outcome(data: bytes) -> str:
    """Name of the file that its forests are from, or what the error says."""
    try:
        return str(read(data, name="some.file")[0].provenance.get("source", "some.file"))
    except FormatError as error:
        return str(error)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DATA)))
def test_a_file_with_something_wrong(path: Path) -> None:
    check(path.read_bytes())


@pytest.mark.parametrize("name", examples())
def test_an_example_with_something_wrong(name: str) -> None:
    check(examples()[name])


def check(data: bytes) -> None:
    """Read what became of a file, many times."""

    @settings(max_examples=10 if len(data) > LARGE else 50)
    @given(seed=st.integers(0, 2**32))
    def once(seed: int) -> None:
        assert outcome(mutated(data, Random(seed))).startswith("some.file")

    once()
