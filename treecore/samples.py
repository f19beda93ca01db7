"""The bundled sample forests and what to look for in each, from the index beside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson

from treecore.paths import samples_dir


@dataclass(frozen=True)
class Sample:
    """One bundled file.

    Attributes:
        name: for links and the command line.
        title: for people.
        path: the file.
        look_for: one or two sentences.
    """

    name: str
    title: str
    path: Path
    look_for: str


@cache
def samples() -> dict[str, Sample]:
    """All bundled samples in the order of the index."""
    folder = samples_dir()
    entries = orjson.loads((folder / "index.json").read_bytes())["samples"]
    return {
        entry["name"]: Sample(entry["name"], entry["title"], folder / entry["file"], entry["look_for"])
        for entry in entries
    }
