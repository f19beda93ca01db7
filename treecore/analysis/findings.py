"""What a check of rollouts found, in words with places. Knows no check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from treecore.core.batch import Forests
from treecore.core.topology import IntArray
from treecore.errors import shortened

SHOWN = 5
"""Places that are listed one by one."""


@dataclass(frozen=True)
class Finding:
    """One kind of trouble in a batch.

    Attributes:
        kind: stable short name.
        found: what was found, with counts.
        places: all forests, trees or nodes concerned, as `forest q7`, `forest q7, tree 1` or `forest q7, node 4`.
        todo: what to do about it, "" where nothing is wrong.
    """

    kind: str
    found: str
    places: tuple[str, ...]
    todo: str

    def __str__(self) -> str:
        more = f" and {len(self.places) - SHOWN} more" if len(self.places) > SHOWN else ""
        where = f" ({'; '.join(self.places[:SHOWN])}{more})" if self.places else ""
        return shortened(f"{self.kind}: {self.found}{where}{self._then}")

    @property
    def in_words(self) -> str:
        """What was found and what to do, without kind and places."""
        return f"{self.found}{self._then}"

    @property
    def _then(self) -> str:
        return f"; {self.todo}" if self.todo else ""

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "found": self.found, "places": list(self.places), "todo": self.todo}


def forest_place(forests: Forests, number: int) -> str:
    return f"forest {forests[number].id or number}"


def node_places(forests: Forests, rows: IntArray) -> tuple[str, ...]:
    """Names of nodes by row of the batch."""
    numbers = forests.forest_of[rows]
    return tuple(
        f"{forest_place(forests, int(number))}, node {forests[int(number)].node_id[row - forests.offset[number]]}"
        for row, number in zip(rows.tolist(), numbers, strict=True)
    )
