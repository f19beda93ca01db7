"""How tools say that an answer ended. Knows columns, no format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from treecore.core.columns import Status
from treecore.formats.field_table import FieldTable

REASONS: Mapping[str, Status] = {
    **dict.fromkeys(("stop", "eos", "eos_token", "stop_sequence", "end_turn"), Status.TERMINATED),
    **dict.fromkeys(("length", "max_tokens", "max_length"), Status.TRUNCATED),
    **dict.fromkeys(("error", "abort", "aborted"), Status.FAILED),
}
"""What servers write for the reason."""
FINISH = ("finish_reason", "finish_reasons", "stop_reason")
"""Names of the reason."""
CUT = ("truncated", "is_truncated")
"""Names of a boolean that says that an answer was cut by a length limit; false says nothing else."""


def ending(reason: Any) -> Status | None:
    """How an answer with this reason ended; None where it does not say."""
    return REASONS.get(reason) if isinstance(reason, str) else None


def endings(table: FieldTable) -> list[int]:
    """The status of each row, -1 unknown; nothing where the table has no column of it. `[N]` or `[0]`"""
    found: list[int] = []
    for name in (*FINISH, *CUT):
        if name not in table:
            continue
        for row, value in enumerate(table[name]):
            status = ending(value) if name in FINISH else Status.TRUNCATED if value is True else None
            if status is not None:
                found = found or [-1] * table.size
                found[row] = status if found[row] < 0 else found[row]
    return found
