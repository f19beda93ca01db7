"""Where something was published."""

from __future__ import annotations

from typing import NamedTuple


class Citation(NamedTuple):
    """Source of a method, a sampler or an annotation.

    `note` says which version of it is computed, `where` at which section, equation or algorithm it stands, or in which
    function of the code that is cited; "" where nobody read the place in the source.
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
