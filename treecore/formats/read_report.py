"""What was found in a file or a folder, in numbers and words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from treecore.core.forest import Forest
from treecore.core.tool_calls import FIELDS, all_calls
from treecore.errors import shortened
from treecore.formats.notes import Notes

SHOWN_FIELDS = 12
"""Unknown fields that are listed by name."""


@dataclass(frozen=True)
class ReadReport:
    """What was found in a file.

    Attributes:
        name: of the file.
        format, title: the format recognised.
        forests: in file order.
        extra: `forest.FIELD` or `nodes[].FIELD` -> how often: fields unknown to us, kept as they came; calls of tools
            are known.
        warnings: what could not be taken over, one clause each.
        notes: what was recognised, guessed and dropped; empty for our own format, which loses nothing.
        memory: bytes that the forests take, about.
    """

    name: str
    format: str
    title: str
    forests: list[Forest]
    extra: dict[str, int]
    warnings: tuple[str, ...]
    notes: Notes = field(default_factory=Notes)
    memory: int = 0

    @property
    def kept(self) -> str:
        """The first fields unknown to us with how often each stands there, and how many more there are."""
        first = [f"{shortened(name)} ({count:,})" for name, count in islice(self.extra.items(), SHOWN_FIELDS)]
        more = len(self.extra) - len(first)
        return ", ".join(first) + (f" and {more:,} more" if more else "")

    @property
    def n_nodes(self) -> int:
        return sum(len(forest) for forest in self.forests)

    @property
    def n_steps(self) -> int:
        """Nodes but those that stand for a prompt."""
        return sum(int((~forest.is_prompt).sum()) for forest in self.forests)

    @property
    def n_trees(self) -> int:
        return sum(forest.n_trees for forest in self.forests)

    @property
    def n_leaves(self) -> int:
        return sum(int(forest.topology.is_leaf.sum()) for forest in self.forests)

    @property
    def n_scored(self) -> int:
        """Leaves with a reward."""
        return sum(int((forest.reward == forest.reward).sum()) for forest in self.forests)

    @property
    def n_tokens(self) -> int:
        """Tokens recorded one by one."""
        return sum(forest.tokens.total for forest in self.forests if forest.tokens is not None)

    def as_json(self) -> dict[str, Any]:
        """Everything but the forests themselves, JSON-ready."""
        counts = ("n_trees", "n_nodes", "n_leaves", "n_scored", "n_tokens")
        return {
            "file": self.name.encode(errors="surrogateescape").decode(errors="replace"),
            "format": self.format,
            "n_forests": len(self.forests),
            **{name: getattr(self, name) for name in counts},
            "extra": self.extra,
            "warnings": list(self.warnings),
            **self.notes.as_json(),
        }


def unknown_fields(forests: list[Forest]) -> dict[str, int]:
    """`forest.FIELD` or `nodes[].FIELD` -> how often; calls of tools that are read as such are not among them."""
    fields = Counter(f"forest.{name}" for forest in forests for name in forest.extra)
    fields += Counter(
        f"nodes[].{key}"
        for forest in forests
        for row in forest.node_extra.values()
        for key, value in row.items()
        if key not in FIELDS or not all_calls(value)
    )
    return dict(fields)
