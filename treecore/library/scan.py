"""Bring an index up to date: what files of a folder are new, changed or gone, read by several processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from treecore.errors import FormatError, TreecoreError
from treecore.formats.archive import ZIP_MAGIC
from treecore.formats.folder import folder_around, folder_on_disk
from treecore.formats.gather import claimed_content, gather_file, gather_folder
from treecore.formats.pickles import check_no_pickle
from treecore.formats.registry import FORMATS
from treecore.formats.source import Source, open_source, read_path
from treecore.library.facts import facts
from treecore.library.index import Index, Known
from treecore.library.pieces import LARGE, mark_of, pieces_of
from treecore.library.pool import in_processes
from treecore.methods import COMPARED

BLOCK = 2_000
"""Forests after which what was found is written."""
FEW = 4_000_000
"""Bytes below which starting other processes takes longer than reading."""
TOGETHER = "*"
"""Before the name of a format, in place of a file: all files of the folder that are in it."""
NATIVE, NEWLINE = "treecore", 10
ARCHIVE = "archive"
"""Stands for the format of an archive, whose files may be in several."""


@dataclass(frozen=True)
class Progress:
    """How far a scan is.

    Attributes:
        files: read so far; of: to read; forests: found in them; failed: files that could not be read.
        kept: files that had not changed; gone: files that are no more.
    """

    files: int = 0
    of: int = 0
    forests: int = 0
    failed: int = 0
    kept: int = 0
    gone: int = 0


@dataclass(frozen=True)
class Found:
    """What a file holds: the name of its format, a row for each forest, and why it could not be read."""

    format: str = ""
    rows: tuple[dict[str, Any], ...] = ()
    error: str = ""


def refresh(
    folder: str | os.PathLike[str],
    index: Index,
    *,
    methods: tuple[str, str] = COMPARED,
    workers: int = 0,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Read what is new or changed in a folder, and forget what is gone.

    Args:
        methods: the two whose credit is compared.
        workers: processes; 0 for one a core.
        on_progress: hears after every file; what it raises ends the scan, and what was written stays.

    Raises:
        FormatError: no such folder, or the index cannot be written.
        TreecoreError: with several workers, where no process can be started.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FormatError("there is no such folder", where=str(folder), todo="give the path of a folder")
    there = {name: _state(root / name) for name in folder_on_disk(root, read_path).names}
    known = index.files()
    new = [name for name, state in there.items() if name not in known or _changed(known[name], state)]
    gone = [name for name in known if name not in there]
    progress = Progress(of=len(new), kept=len(there) - len(new), gone=len(gone))
    if gone:
        index.put({}, [], gone=gone)
    read: dict[str, Known] = {}
    rows: list[dict[str, Any]] = []
    for name, found in _read_all(root, new, methods, workers or os.cpu_count() or 1):
        read[name] = replace(there[name], format=found.format, error=found.error)
        rows += found.rows
        progress = replace(
            progress,
            files=progress.files + 1,
            forests=progress.forests + len(found.rows),
            failed=progress.failed + bool(found.error),
        )
        if len(rows) >= BLOCK:
            index.put(read, rows)
            known |= read
            read, rows = {}, []
        on_progress(progress)
    if read or not index.path.exists():
        index.put(read, rows)
    known |= read
    for kind in sorted({known[name].format for name in (*new, *gone)} & spread()):
        names = [name for name in there if known[name].format == kind]
        joined = read_together(root, names, methods)
        index.put({}, joined, gone=[TOGETHER + kind])
        progress = replace(progress, forests=progress.forests + len(joined))
        on_progress(progress)
    return progress


def spread() -> set[str]:
    """Formats in which a file holds one rollout, so that those of a prompt stand in several files."""
    return {entry.name for entry in FORMATS.values() if entry.one_each}


def _state(path: Path) -> Known:
    try:
        found = path.stat()
    except OSError:
        return Known(0, 0)
    return Known(found.st_size, found.st_mtime_ns)


def _changed(old: Known, new: Known) -> bool:
    return (old.size, old.changed) != (new.size, new.changed)


def _read_all(root: Path, names: Sequence[str], methods: tuple[str, str], workers: int) -> Iterator[tuple[str, Found]]:
    """Each file with what it holds, as they are ready; by several processes where there are enough bytes."""
    size = sum((root / name).stat().st_size for name in names if (root / name).exists())
    if workers < 2 or len(names) < 2 or size < FEW:
        for name in names:
            yield name, read_one(root, name, methods)
        return
    yield from in_processes(partial(read_one, root, methods=methods), names, workers=workers, lost=lost)


def lost(name: str) -> Found:
    """What is known of a file whose reading ended its process."""
    found = "the process that read it was ended, as happens where memory is short"
    return Found(error=str(FormatError(found, where=name, todo="split it into smaller files")))


def read_one(root: Path, name: str, methods: tuple[str, str]) -> Found:
    """What one file holds, or the files of an archive; a file of a rollout is left for `read_together`."""
    path = root / name
    try:
        folder, place = folder_around(path, read_path)
        source, found = claimed_content(open_source(path, name=name, folder=folder, place=place), None)
        if found is None:
            check_no_pickle(source)
            if not source.data.startswith(ZIP_MAGIC):
                return Found(error="" if source.data[:1] else "empty")
        elif found.one_each:
            return Found(found.name)
        kind = found.name if found is not None else ARCHIVE
        gathered = gather_file(source, found)
        as_stored = path.stat().st_size == len(source.data)  # not packed, and without a mark of its encoding
        placed = as_stored and kind not in (NATIVE, ARCHIVE) and source.by_lines and len(source.data) >= LARGE
        forests = gathered.finish(gathered.account(), placed=placed)
        rows = facts(forests, methods)
        if placed and len(gathered.places) == len(forests):
            for row, forest, pieces in zip(rows, forests, pieces_of(source, gathered.places), strict=True):
                if pieces:
                    row |= {"pieces": [*chain.from_iterable(pieces)], "mark": mark_of(forest)}
        places = lines_of(source) if kind == NATIVE and as_stored else []
        for number, row in enumerate(rows):
            place = f"{name}/{row['place']}" if kind == ARCHIVE else row["place"] or name
            row |= {"file": name, "number": number, "place": place}
            if len(places) == len(rows):
                row["start"], row["length"] = places[number]
        return Found(kind, tuple(rows), error=next(iter(gathered.warnings), "") if kind == ARCHIVE else "")
    except TreecoreError as error:
        return Found(error=str(error))
    except Exception as error:  # one file never ends the scan of a run
        said = f"it cannot be read ({type(error).__name__})"
        return Found(error=str(FormatError(said, where=name, todo="send it to the authors of treecore")))


def read_together(root: Path, names: Sequence[str], methods: tuple[str, str]) -> list[dict[str, Any]]:
    """Rows of the forests of all files of a format in which each holds one rollout."""
    whole = folder_on_disk(root, read_path)
    folder = replace(whole, names=tuple(names))
    try:
        gathered = gather_folder(folder)
        forests = gathered.finish(gathered.account())
    except TreecoreError:
        return []
    kind = next(iter(gathered.formats)).name
    return [{**row, "file": TOGETHER + kind, "number": number} for number, row in enumerate(facts(forests, methods))]


def lines_of(source: Source) -> list[tuple[int, int]]:
    """First byte and length of each line that holds something."""
    ends = np.append(np.flatnonzero(np.frombuffer(source.data, dtype=np.uint8) == NEWLINE), len(source.data))
    starts = np.append(0, ends[:-1] + 1)
    pairs = zip(starts.tolist(), (ends - starts).tolist(), strict=True)
    return [(start, length) for start, length in pairs if source.data[start : start + length].strip()]
