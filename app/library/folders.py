"""Folders of runs that may be opened, and their scans: one of each folder for all who look at it.

On a public server these are the folders that its operator named, and no others: what a browser sends is a key of this
closed set, never a path. At the operator's own machine a path may be typed.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from app.opening.allowance import megabytes
from app.opening.background import Opening, Tell
from app.serving import permissions
from treecore import quotas
from treecore.errors import FormatError
from treecore.library import Index, Progress, index_path
from treecore.library.process import refresh_apart

LIBRARIES_VARIABLE = "TREECORE_LIBRARIES"
KEY = 12
_typed: dict[str, Path] = {}
_scans: dict[str, Scan] = {}
_lock = threading.Lock()


@dataclass
class Scan:
    """A look at what changed in a folder.

    Attributes:
        progress: how far it is, and at its end what it found.
        work: the thread that does it; began: when, by the monotonic clock.
    """

    progress: Progress = field(default_factory=Progress)
    work: Opening = field(default_factory=lambda: Opening("", lambda tell: None))
    began: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Run:
    """A folder that may be opened.

    Attributes:
        key: its name in the address; path: where it is.
    """

    key: str
    path: Path

    @property
    def name(self) -> str:
        """For people; says nothing of where it is."""
        return self.path.name or str(self.path)

    @property
    def index(self) -> Index:
        """Its index, which need not exist yet."""
        return Index(index_path(self.path))


def named() -> list[Run]:
    """Folders that the operator named, as far as they are there."""
    given = os.environ.get(LIBRARIES_VARIABLE, "").split(os.pathsep)
    return [run_of(Path(path)) for path in dict.fromkeys(given) if path and os.path.isdir(path)]


def has_any() -> bool:
    """Whether there is anything in a folder that the operator named."""
    return any(next(run.path.iterdir(), None) is not None for run in named())


def allowed() -> dict[str, Run]:
    """Key -> folder, of all that this visitor may open."""
    found = {run.key: run for run in named()}
    if permissions.is_private():
        found |= {key: Run(key, path) for key, path in _typed.items()}
    return found


def typed(text: str) -> Run:
    """The folder of a path that was typed at the operator's own machine.

    Raises:
        FormatError: the visitor is somewhere else, or there is no such folder.
    """
    if not permissions.is_private():
        raise FormatError("this server opens only the folders that its operator named", todo="choose one of them")
    path = Path(os.path.expanduser(text.strip()))
    if not text.strip() or "\0" in text or not path.is_dir():
        raise FormatError("there is no such folder", where=text.strip(), todo="give the path of a folder")
    run = run_of(path.resolve())
    _typed[run.key] = run.path
    return run


def run_of(path: Path) -> Run:
    real = os.path.realpath(path)
    return Run(hashlib.sha256(os.fsencode(real)).hexdigest()[:KEY], Path(real))


def scan(run: Run, *, older: float | None = None) -> Scan:
    """The scan of a folder; begun if there was none yet.

    Args:
        older: another is begun where the last is over and began more than so many seconds ago; None for never.
    """
    with _lock:
        found = _scans.get(run.key)
        if found is None or (older is not None and found.work.over and time.monotonic() - found.began > older):
            found = _scans[run.key] = Scan()
            found.work = Opening(run.name, lambda tell: _refresh(run, found, tell)).start()
        return found


def _refresh(run: Run, scan: Scan, tell: Tell) -> None:
    def hear(progress: Progress) -> None:
        scan.progress = progress
        tell(progress.files, progress.of)

    _room(run)
    scan.progress = refresh_apart(run.path, run.index, on_progress=hear)


def _room(run: Run) -> None:
    """Refuse to make another index where those of this server take all that they may.

    Raises:
        FormatError: they do.
    """
    folder = run.index.path.parent
    held = sum(path.stat().st_size for path in folder.glob("*.duckdb")) if folder.is_dir() else 0
    if permissions.is_open() and held > quotas.INDEX_BYTES.most and not run.index.path.exists():
        found = f"the indexes of libraries on this server take {megabytes(held)}"
        raise FormatError(found, where=run.name, todo="ask its operator for room")


def failures(run: Run, most: int) -> list[tuple[str, str]]:
    """Files that could not be read, and why; none where there is no index yet."""
    if not run.index.path.exists():
        return []
    return [(name, known.error) for name, known in run.index.files().items() if known.error][:most]
