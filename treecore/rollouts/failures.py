"""Count and describe failed trajectories, and end a run when too many forests failed in a row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from treecore.core.columns import Status
from treecore.core.forest import Forest
from treecore.errors import PolicyError
from treecore.rollouts.trajectory import BY_POLICY

OTHERS = ("task '", "the verifier of ", "the solution of ", "the prompt ", "verifier '", "tool '")
"""How reasons begin that are not the model's, in files that do not say who failed."""
REFUSED = re.compile(r"the server answers (400|413|422)\b")
"""A server that is well and does not take this one request, for example because it is too long."""
MAX_IN_A_ROW = 3
"""Forests without a single good trajectory, for the model's sake, after which a run ends."""


def failed_rows(forest: Forest) -> list[Mapping[str, Any]]:
    """What each failed node says beside its text."""
    return [forest.node_extra.get(row, {}) for row in np.flatnonzero(forest.status == Status.FAILED).tolist()]


def reason(row: Mapping[str, Any]) -> str:
    """Why a node failed."""
    return str(row.get("error", "no reason is recorded"))


def reasons(forests: Iterable[Forest]) -> list[str]:
    """Why each failed trajectory did."""
    return [reason(row) for forest in forests for row in failed_rows(forest)]


def failures_line(failed: float, *, of: float, unit: str, first: str) -> str:
    """How many of all failed, and why the first did, as a clause; `unit` is their name in the plural."""
    return f"{failed} of {of} {unit} failed, the first: {first}"


def by_model(row: Mapping[str, Any]) -> bool:
    """Whether it was the model or its server that failed."""
    if "failed_by" in row:
        return bool(row["failed_by"] == BY_POLICY)
    return "error" in row and not reason(row).startswith(OTHERS)


def model_failed(forest: Forest) -> bool:
    """Whether the model or its server failed in some trajectory."""
    return any(by_model(row) for row in failed_rows(forest))


def model_gone(forest: Forest) -> bool:
    """Whether every trajectory failed because the model or its server did, and not for what it was asked."""
    rows = failed_rows(forest)
    return len(rows) == len(forest.leaves) and all(by_model(row) and not REFUSED.match(reason(row)) for row in rows)


class FailureStreak:
    """Ends a run whose model is gone.

    Args:
        where: the run writes to.
    """

    def __init__(self, where: str) -> None:
        self.where, self.in_a_row = where, 0

    def look(self, forest: Forest) -> None:
        """Count one more finished forest.

        Raises:
            PolicyError: it is the last of too many in a row that the model left.
        """
        self.in_a_row = self.in_a_row + 1 if model_gone(forest) else 0
        if self.in_a_row == MAX_IN_A_ROW:
            raise PolicyError(
                f"the run is stopped, for every trajectory of {MAX_IN_A_ROW} forests in a row failed, the last: "
                f"{reason(failed_rows(forest)[-1])}",
                where=self.where,
                todo="continue with --resume once the model answers again",
            )
