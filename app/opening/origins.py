"""Where forests came from that no file was opened for: a row of a library, a rollout; found again for a link."""

from __future__ import annotations

from urllib.parse import parse_qsl

from app.library import folders, rows
from app.rollout import monitor, visitor_jobs
from treecore.errors import TreecoreError
from treecore.library.filters import Filters

LIBRARY, RUN, BETWEEN, ROWS, ALL = "library", "run", ":", "|", "?"


def reopen(origin: str) -> None:
    """Open what an address says; nothing where it is not there, or is not for this visitor."""
    kind, _, name = origin.partition(BETWEEN)
    if kind == RUN and (job := visitor_jobs.take_up(name)) is not None and not job.phase.live and job.result:
        monitor.explore(job, job.result)
    elif kind == LIBRARY:
        key, _, places = name.partition(BETWEEN)
        run = folders.allowed().get(key)
        if run is not None and places.startswith(ALL):
            rows.begin_all(run, Filters.of(dict(parse_qsl(places.removeprefix(ALL)))))
        elif run is not None:
            try:
                rows.begin_rows(run, places.split(ROWS))
            except TreecoreError:  # it has no index; the page tells that what the link names is not open
                return
