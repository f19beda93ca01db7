"""What a reader says of a file beside the forests: what it recognised, what it guessed, what it dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import islice

NAMED = 5
"""Names that a clause has at most."""


@dataclass
class Notes:
    """Clauses for people, each once, with how often.

    Attributes:
        recognised: what fields were taken for.
        guessed: what the file does not say and was assumed.
        dropped: what is in the file and not in the forests.
        unclaimed: those of them that say why numbers which the file claims are of no step.
    """

    recognised: Counter[str] = field(default_factory=Counter)
    guessed: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    unclaimed: dict[str, None] = field(default_factory=dict)

    def recognise(self, clause: str, times: int = 1) -> None:
        """Note what a field was taken for."""
        self.recognised[clause] += times

    def guess(self, clause: str, times: int = 1) -> None:
        """Note what was assumed."""
        self.guessed[clause] += times

    def drop(self, clause: str, times: int = 1) -> None:
        """Note what is not in the forests."""
        self.dropped[clause] += times

    def drop_claims(self, clause: str, times: int = 1) -> None:
        """Note what the file claims and no step does."""
        self.drop(clause, times)
        self.unclaimed[clause] = None

    def drop_fields(self, names: Collection[str]) -> None:
        """Note what stands beside the rollouts in an object that holds several of them."""
        if names:
            named = ", ".join(islice(names, NAMED))
            self.drop(f"fields beside its rollouts ({named}{', ...' if len(names) > NAMED else ''})")

    def add(self, other: Notes) -> None:
        """Take over the notes of another file of the same folder."""
        self.recognised += other.recognised
        self.guessed += other.guessed
        self.dropped += other.dropped
        self.unclaimed |= other.unclaimed

    def as_json(self) -> dict[str, dict[str, int]]:
        """Clause -> how often, JSON-ready."""
        return {name: dict(getattr(self, name)) for name in ("recognised", "guessed", "dropped")}
