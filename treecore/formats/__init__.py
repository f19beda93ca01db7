"""Reading and writing rollout files. Importing this registers every format; a new format is one more line here."""

from __future__ import annotations

from treecore.formats import native  # noqa: F401  (registers the format)
from treecore.formats.files import ReadReport, check_output, read, read_with_report, write
from treecore.formats.registry import FORMATS, Format, Reading, file_format

__all__ = [
    "FORMATS",
    "Format",
    "ReadReport",
    "Reading",
    "check_output",
    "file_format",
    "read",
    "read_with_report",
    "write",
]
