"""Where forests came from that no file was opened for: a row of a library, a rollout; found again for a link."""

from __future__ import annotations

from app.library import folders, preview
from app.rollout import monitor, visitor_jobs
from treecore.errors import TreecoreError

LIBRARY, RUN, BETWEEN, ROWS = "library", "run", ":", "|"


def reopen(origin: str) -> None:
    """Open what an address says; nothing where it is not there, or is not for this visitor."""
    kind, _, name = origin.partition(BETWEEN)
    if kind == RUN and (job := visitor_jobs.take_up(name)) is not None and not job.phase.live and job.result:
        monitor.explore(job, job.result)
    elif kind == LIBRARY:
        key, _, rows = name.partition(BETWEEN)
        if (run := folders.allowed().get(key)) is not None:
            try:
                preview.open_rows(run, rows.split(ROWS))
            except TreecoreError:  # its file has changed; the page tells that what the link names is not open
                return
