"""Reading and writing rollout files. Importing this registers every format; a new format is one more line here."""

from __future__ import annotations

from treecore.formats import native, readers  # noqa: F401  (register the formats)
from treecore.formats.files import check_output, read, read_with_report, write
from treecore.formats.notes import Notes
from treecore.formats.read_report import ReadReport
from treecore.formats.registry import FORMATS, Format, Reading, file_format, rollout_format
from treecore.formats.rollout import Rollout, Turn

__all__ = [
    "FORMATS",
    "Format",
    "Notes",
    "ReadReport",
    "Reading",
    "Rollout",
    "Turn",
    "check_output",
    "file_format",
    "read",
    "read_with_report",
    "rollout_format",
    "write",
]
