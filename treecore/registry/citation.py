"""Where something was published."""

from __future__ import annotations

from typing import NamedTuple


class Citation(NamedTuple):
    """Source of a method, a sampler or an annotation; `note` says which version of it is computed."""

    authors: str
    year: int
    title: str
    identifier: str
    note: str = ""

    def __str__(self) -> str:
        return f"{self.authors} ({self.year}), {self.title}, {self.identifier}"
