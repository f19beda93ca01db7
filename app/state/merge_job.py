"""Merging beside the page: shown is what was given until the merged trees are there."""

from __future__ import annotations

from functools import partial

from app.opening.background import Opening
from app.opening.merging import merge_all
from app.opening.opened import Opened
from app.state.session import put
from app.state.side_job import SideJob

MERGING = SideJob("merged", "Merging")


def merged_or_given(given: Opened, rule: str) -> Opened:
    """What is open with shared beginnings merged; as it was given while that is under way, and where it failed."""
    found = MERGING.ask((given.key, rule), given.title, partial(merge_all, given, rule))
    if found.error:
        put({"notice": f"Answers are shown unmerged: {found.error}."})
        found.error = ""
    return found.result or given


def is_refused(given: Opened, rule: str) -> bool:
    """Whether merging was tried, and failed or was broken off."""
    found = MERGING.now()
    return found is not None and found.key == (given.key, rule) and found.result is None and found.job is None


def merging() -> Opening | None:
    """What is being merged for this session."""
    return MERGING.going()


def cancel_merging() -> None:
    """Break it off; shown stays what was given."""
    MERGING.cancel()


def drop_merging() -> None:
    """Hold nothing merged any more."""
    MERGING.drop()
