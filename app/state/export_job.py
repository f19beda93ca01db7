"""Exports made beside the page: how far, broken off, counted against what the visitor may hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from app.defaults import MOMENT
from app.opening.background import Opening, Tell
from app.serving import permissions
from app.serving.presence import open_page
from app.state.holdings import hold, let_go
from app.state.session import get_or, put
from treecore.errors import TreecoreError

JOB, MADE, ERROR, LATE = "export_job", "exported", "export_error", "export_late"
"""Where the session holds the work, the file, why there is none, and whether it came when its menu may have closed."""


class Made(Protocol):
    """A file in memory."""

    @property
    def name(self) -> str:
        """As it is offered."""

    @property
    def data(self) -> bytes:
        """Its content."""


def begin_export(name: str, make: Callable[[Tell], Made]) -> None:
    """Begin to make a file in place of one that was made before; what takes a moment only is waited for."""
    drop_export()
    job = Opening(name, make, open_page(), "Exporting", permissions.owner()).start()
    put({JOB: job})
    job.wait(MOMENT)
    settle_export()
    put({LATE: False})


def exporting() -> Opening | None:
    """What is being made for this session."""
    found: Opening | None = get_or(JOB, None)
    return found


def cancel_exporting() -> None:
    """Break it off."""
    if (going := exporting()) is not None:
        going.cancel()
        put({JOB: None})


def drop_export() -> None:
    """Hold no made file any more, and make none."""
    cancel_exporting()
    let_go(MADE)
    put({MADE: None, ERROR: "", LATE: False})


def refuse_export(why: str) -> None:
    """Hold no made file, and say why there is none."""
    drop_export()
    put({ERROR: why})


def settle_export() -> None:
    """Offer a file that has been made by now, or tell why it cannot be."""
    going = exporting()
    if going is None or not going.over:
        return
    found, error = going.result, going.error
    try:
        if found is not None:
            hold(MADE, id(found), size=len(found.data), what=found.name)
    except TreecoreError as refused:
        found, error = None, str(refused)
    put({JOB: None, MADE: found, ERROR: error, LATE: True})
