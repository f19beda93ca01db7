"""Where something was published."""

from __future__ import annotations

from typing import NamedTuple


class Citation(NamedTuple):
    """Source of a method, a sampler or an annotation.

    `note` says which version of it is computed, `where` at which section or equation it stands, "" where nobody read
    the number in the source.
    """

    authors: str
    year: int
    title: str
    identifier: str
    note: str = ""
    where: str = ""

    def __str__(self) -> str:
        place = f", {self.where}" if self.where else ""
        return f"{self.authors} ({self.year}), {self.title}, {self.identifier}{place}"
