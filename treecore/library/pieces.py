"""Which lines of a large file of another tool each forest is made of, and the forest read from these lines alone.

Readers decide some things by all rows of a file: what is the reward, where prompts end. So a forest that was read from
its lines counts only where its mark is that of the forest that was read with the whole file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from treecore.core.columns import TOKEN_COLUMNS
from treecore.core.forest import ARRAYS, Forest
from treecore.errors import ForestError, FormatError
from treecore.formats.folder import folder_around
from treecore.formats.gather import claimed_content, gather_file
from treecore.formats.limits import object_cost
from treecore.formats.line_breaks import NEWLINE, line_starts
from treecore.formats.source import Source, open_source, read_path

LARGE = 4_000_000
"""Bytes below which a file is read whole as soon as it is found."""
MAX_PIECES = 64
"""Stretches of lines of which a forest may be made; one in more is read with the whole file."""
Piece = tuple[int, int, int]
"""Number of the first line of a stretch, its first byte, and its bytes."""


def pieces_of(source: Source, places: Sequence[Iterable[str]]) -> list[list[Piece]]:
    """The stretches of lines of each forest, none where they are not known. The file's first two rows are always among
    them: readers decide most by the first, and one row alone is no JSON lines.

    Args:
        source: a file of JSON lines, as it is stored.
        places: of each forest, file and line of every rollout, as its reader says.
    """
    begin, starts, first = f"{source.name}, line ", line_starts(source.data), islice(source.texts(), 2)
    always = {text.line for text in first}
    found: list[list[Piece]] = []
    for of_one in places:
        numbers = [place.removeprefix(begin).partition(",")[0] for place in of_one]
        known = all(number.isdecimal() and len(number) < 19 for number in numbers)
        lines = sorted(always.union(map(int, numbers))) if known else []
        stretches = _stretches(lines) if lines and lines[-1] < len(starts) else []
        ends = [(one, end, starts[one - 1]) for one, end in stretches]
        found.append([(one, start, starts[end] - start) for one, end, start in ends] if len(ends) <= MAX_PIECES else [])
    return found


def _stretches(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """The first and the last of whole numbers that follow each other."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def mark_of(forest: Forest) -> str:
    """What tells whether a forest was made of the same lines in the same way: its numbers, names and places, and how
    long its texts are. Its id, which counts the forests of the file, is left out."""
    hashed = blake2b(digest_size=8)

    def put(name: str, values: Any) -> None:
        hashed.update(name.encode("utf-8", "surrogatepass"))
        hashed.update(np.asarray(values).tobytes())

    put("parent", forest.parent)
    for name in ARRAYS:
        put(name, getattr(forest, name))
    put("text", list(map(len, (forest.prompt, forest.reference, *forest.text, *forest.observation))))
    for group, columns in (("columns", forest.columns), ("claimed", forest.claimed)):
        for name in sorted(columns):
            put(f"{group}.{name}", columns[name])
    if forest.tokens is not None:
        put("start", forest.tokens.start)
        for column in filter(lambda column: column.is_array, TOKEN_COLUMNS):
            if (values := getattr(forest.tokens, column.name)) is not None:
                put(column.name, values)
    beside = [(row, list(said), object_cost(said)) for row, said in ((-1, forest.extra), *forest.node_extra.items())]
    put(repr((forest.node_id, forest.task, forest.policy, forest.provenance, beside)), ())
    return hashed.hexdigest()


def forest_of(root: Path, file: str, pieces: Sequence[Piece], mark: str) -> Forest | None:
    """The forest of some lines of a file, its id aside; None where that is not the forest that has this mark.

    Raises:
        OSError: the file cannot be read.
    """
    data, line = bytearray(), 1
    with open(root / file, "rb") as opened:
        for first, start, length in pieces:
            opened.seek(start)
            data += NEWLINE * (first - line)  # so that every line keeps its number
            stretch = opened.read(length)
            data += stretch
            line = first + stretch.count(NEWLINE)
    folder, place = folder_around(root / file, read_path)
    try:
        source, found = claimed_content(open_source(bytes(data), name=file, folder=folder, place=place), None)
        gathered = gather_file(source, found)
        forests = gathered.finish(gathered.account())
    except (FormatError, ForestError):
        return None
    return next((forest for forest in forests if mark_of(forest) == mark), None)
