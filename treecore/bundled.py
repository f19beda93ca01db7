"""What comes with the package: where the app and the sample forests are, and what to look for in each sample."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

PACKAGE = Path(__file__).resolve().parent


def bundle_root() -> Path:
    """The folder of `app` and `sample_trees`, in a wheel or a checkout; to run the app it goes on the Python path."""
    bundle = PACKAGE / "bundle"
    return bundle if (bundle / "app").is_dir() else PACKAGE.parent


def app_dir() -> Path:
    """The app's folder, with `main.py` in it."""
    return bundle_root() / "app"


def samples_dir() -> Path:
    """The folder of bundled sample forests and their index."""
    return bundle_root() / "sample_trees"


@dataclass(frozen=True)
class Sample:
    """One bundled file.

    Attributes:
        name: for links and the command line.
        title: for people.
        group: heading that it stands under.
        path: the file.
        look_for: a few sentences.
    """

    name: str
    title: str
    group: str
    path: Path
    look_for: str

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "name": self.name,
            "title": self.title,
            "group": self.group,
            "file": str(self.path),
            "look_for": self.look_for,
        }


@cache
def samples() -> dict[str, Sample]:
    """All bundled samples in the order of the index."""
    folder = samples_dir()
    entries = orjson.loads((folder / "index.json").read_bytes())["samples"]
    return {
        entry["name"]: Sample(entry["name"], entry["title"], entry["group"], folder / entry["file"], entry["look_for"])
        for entry in entries
    }


def by_group() -> dict[str, list[Sample]]:
    """Samples under their headings, in the order of the index."""
    groups: dict[str, list[Sample]] = {}
    for sample in samples().values():
        groups.setdefault(sample.group, []).append(sample)
    return groups


def file_meant(path: str) -> str:
    """`path`, or the file of the sample with this name where no such file is there."""
    return str(samples()[path].path) if path in samples() and not os.path.exists(path) else path
