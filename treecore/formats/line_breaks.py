"""Where the lines of content begin and end."""

from __future__ import annotations

NEWLINE = b"\n"


def line_ends(data: bytes, *, start: int = 0, stop: int | None = None) -> list[int]:
    """Where the line breaks between two places stand."""
    ends, stop = [], len(data) if stop is None else stop
    end = data.find(NEWLINE, start, stop)
    while end >= 0:
        ends.append(end)
        end = data.find(NEWLINE, end + 1, stop)
    return ends


def lines_in(data: bytes, *, start: int, stop: int) -> list[memoryview]:
    """The lines between two places, without a copy of what stands in them: making room for one costs more than looking
    at it."""
    view, lines = memoryview(data), []
    for end in line_ends(data, start=start, stop=stop):
        lines.append(view[start:end])
        start = end + 1
    return [*lines, view[start:stop]]


def line_starts(data: bytes) -> list[int]:
    """Where each line begins, and where one after the last would. `[lines + 1]`"""
    starts = [0, *(end + 1 for end in line_ends(data))]
    return starts if starts[-1] == len(data) else [*starts, len(data)]
