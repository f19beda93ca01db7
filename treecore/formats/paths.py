"""What the path of a file says: many tools write the training step into the name of a file or folder only."""

from __future__ import annotations

import posixpath
import re

from treecore.formats.source import Source


def path_of(source: Source) -> str:
    """The path of a file as far as it is known, with slashes; of a member of an archive below the archive's own."""
    if source.folder is None:
        return source.name.replace("\\", "/")
    return posixpath.join((source.folder.path or source.folder.name).replace("\\", "/"), source.place)


def step_in_path(source: Source, pattern: re.Pattern[str]) -> int:
    """The number that the last match of a pattern names in its first group; -1 where there is none."""
    found = pattern.findall(path_of(source))
    return int(found[-1]) if found and len(found[-1]) < 16 else -1
