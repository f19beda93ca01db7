"""What a fuzzer of the readers calls, and the files that it begins with. Needs no fuzzer itself."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path

from cases import DATA, examples, files_of, folders

from treecore.errors import TreecoreError
from treecore.formats import FORMATS
from treecore.formats.archive import ZIP_MAGIC
from treecore.formats.gather import gather_file
from treecore.formats.limits import Account
from treecore.formats.registry import claims
from treecore.formats.source import open_source

CORPUS = DATA.parent / "corpus"
"""Files that a fuzzer found something wrong with, by the name of the reader."""
ANY = "any"
"""In place of the name of a reader: whatever format claims the content."""
SAMPLES = Path(__file__).parents[2] / "sample_trees"
SMALL = 100_000
"""Bytes of a file to begin with."""


def once(reader: str, data: bytes) -> None:
    """Read a file by one reader, where that claims it.

    Raises:
        Exception: anything but one sentence that begins with the name of the file.
    """
    try:
        source = open_source(data, name="some.file")
        found = claims(source)
        if reader != ANY:
            if data.startswith(ZIP_MAGIC) and found is None:
                return
            asked = FORMATS[reader]
            if not asked.detect(source):
                return
        gathered = gather_file(source, None if reader == ANY else asked)
        for forest in gathered.finish(Account(gathered.name, gathered.size, stored=gathered.size)):
            assert len(forest.digest) == 64
    except TreecoreError as error:
        said = str(error)
        assert said.startswith("some.file"), said
        assert "\n" not in said, said
        assert len(said) < 2_000, said


def beginnings(reader: str) -> list[bytes]:
    """Fixtures and examples that the reader claims, and what was found with it before."""
    paths = [path for folder in folders() for path in files_of(folder)]
    paths += [path for path in SAMPLES.rglob("*") if path.is_file()]
    contents = [path.read_bytes() for path in paths if path.stat().st_size < SMALL] + [*examples().values()]
    found = [data for data in contents if reader == ANY or claimed_by(data) == reader]
    return found + [path.read_bytes() for path in found_before(reader)]


@cache
def claimed_by(data: bytes) -> str:
    """Name of the format that claims the content; "" where none does."""
    with suppress(TreecoreError):
        found = claims(open_source(data, name="some.file"))
        return found.name if found is not None else ""
    return ""


def found_before(reader: str) -> list[Path]:
    """Files of the corpus of one reader."""
    return sorted((CORPUS / reader).glob("*"))
