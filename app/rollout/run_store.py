"""Runs on the disk, so that they survive the server: what was asked for, what is finished, what was growing.

A run is two or three files under its name, which nobody can guess: `NAME.json`, `NAME.forest.jsonl` with a line for
each finished forest, and `NAME.growing.jsonl` with the others as they were a moment ago. Old runs go first when there
are too many. Nothing here ever stops a run: a disk that cannot be written is reported in the log.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from app.rollout.request import Request
from treecore import quotas
from treecore.core.forest import Forest
from treecore.errors import TreecoreError
from treecore.formats import read, write

CACHE_VARIABLE = "TREECORE_CACHE"
NAME = re.compile(r"[A-Za-z0-9_-]{8,64}")
ABOUT, FINISHED, GROWING = ".json", ".forest.jsonl", ".growing.jsonl"
DAY = 24 * 3600.0

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class About:
    """What stands in `NAME.json`.

    Attributes:
        request: what was asked for.
        owner: who asked, as `serving.visitor` tells it.
        begun: seconds since 1970.
        phase: how it ended, a value of `Phase`; that of a live one as long as it has not ended.
        error, note: of the job.
    """

    request: Request
    owner: str
    begun: float
    phase: str
    error: str = ""
    note: str = ""


@dataclass(frozen=True)
class KeptRun:
    """A run as it is found on the disk; `forests` are those that are finished, then those that were growing."""

    name: str
    about: About
    forests: Sequence[Forest]


class Shelf:
    """The folder of runs.

    Args:
        folder: made when first needed; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def file(self, name: str) -> Path | None:
        """Where finished forests of a run go; None where nothing can be kept."""
        if self._folder is None or not NAME.fullmatch(name):
            return None
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            _LOG.warning("treecore: note: runs cannot be kept in %s: %s", self._folder, error)
            return None
        return self._folder / (name + FINISHED)

    def put(self, name: str, about: About, *, keep: Collection[str] = ()) -> None:
        """Write what is known of a run; first make room, but for the runs in `keep`."""
        if (file := self.file(name)) is None:
            return
        try:
            self._make_room({*keep, name})
            fresh = file.with_name(f"{name}{ABOUT}.new")
            fresh.write_bytes(msgspec.json.encode(about))
            fresh.replace(file.with_name(name + ABOUT))
        except (OSError, TreecoreError) as error:
            _LOG.warning("treecore: note: runs cannot be kept in %s: %s", file.parent, error)

    def put_growing(self, name: str, forests: Sequence[Forest]) -> None:
        """Write the forests that are not finished, in place of what was written of them before."""
        if (file := self.file(name)) is None:
            return
        growing = file.with_name(name + GROWING)
        try:
            if forests:
                write(forests, growing, overwrite=True)
            else:
                growing.unlink(missing_ok=True)
        except (OSError, TreecoreError) as error:
            _LOG.warning("treecore: note: what grows cannot be kept: %s", error)

    def find(self, name: str) -> KeptRun | None:
        """A run by its name; None where there is none that can be read."""
        file, about = self.file(name), self.about(name)
        if file is None or about is None:
            return None
        forests = whole_lines(file)
        finished = {forest.id for forest in forests}
        growing = [one for one in whole_lines(file.with_name(name + GROWING)) if one.id not in finished]
        return KeptRun(name, about, [*forests, *growing])

    def about(self, name: str) -> About | None:
        """What is known of a run, without its forests."""
        file = self.file(name)
        try:
            return None if file is None else msgspec.json.decode(file.with_name(name + ABOUT).read_bytes(), type=About)
        except (OSError, msgspec.DecodeError):
            return None

    def names(self) -> list[str]:
        """All runs, the one written last first."""
        if self._folder is None or not self._folder.is_dir():
            return []
        found = [path for path in self._folder.glob("*" + ABOUT) if NAME.fullmatch(path.stem)]
        return [path.stem for path in sorted(found, key=changed, reverse=True)]

    def _make_room(self, keep: Collection[str]) -> None:
        """Remove runs that are too old, then the oldest until there is room."""
        with self._lock:
            most_bytes, most_runs = quotas.KEPT_BYTES.most, quotas.KEPT_RUNS.most
            oldest, total, number = time.time() - quotas.KEPT_DAYS.most * DAY, 0, 0
            for name in self.names():
                files = self._files(name)
                total, number = total + sum(map(size, files)), number + 1
                spent = total > most_bytes or number > most_runs or max(map(changed, files), default=0.0) < oldest
                if spent and name not in keep:
                    for file in files:
                        with suppress(OSError):
                            file.unlink()

    def _files(self, name: str) -> list[Path]:
        assert self._folder is not None
        return [file for ending in (ABOUT, FINISHED, GROWING) if (file := self._folder / (name + ending)).exists()]


def whole_lines(path: Path) -> list[Forest]:
    """The forests of a file that may end in the middle of a line; none where it cannot be read."""
    try:
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        return list(read(whole, name=path.name)) if whole else []
    except (OSError, TreecoreError):
        return []


def size(path: Path) -> int:
    """Bytes of a file; 0 for one that is gone."""
    with suppress(OSError):
        return path.stat().st_size
    return 0


def changed(path: Path) -> float:
    """When a file was written, in seconds since 1970; 0 for one that is gone."""
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def runs_folder() -> Path | None:
    """`TREECORE_CACHE`, or `treecore` in the folder for caches of this system; None without a home."""
    given = os.environ.get(CACHE_VARIABLE, "")
    try:
        if given:
            return Path(given).expanduser() / "runs"
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "treecore" / "runs"
        if sys.platform == "win32":
            return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "treecore" / "runs"
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "treecore" / "runs"
    except RuntimeError:
        return None
