"""Pickle, and what contains it: `.pt`, `.pkl`, `.joblib`. Refused, since opening one can run any code.

Only the beginning, and the names of members of an archive, are looked at; nothing is unpickled.
"""

from __future__ import annotations

import pickletools
import re

from treecore.errors import FormatError
from treecore.formats.archive import ZIP_MAGIC
from treecore.formats.source import Source

BINARY = re.compile(rb"\x80[\x02-\x05][\x00-\xff]")
"""Protocols 2 to 5; no UTF-8 text begins like this."""
OLD = re.compile(rb"[(\]}]|c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n")
"""How objects begin in protocols 0 and 1, which do not differ from text in their first bytes."""
OPERATIONS = 1000
"""Operations of an old pickle that are parsed before it counts as one."""
OF_TORCH = re.compile(r"(?:^|/)(?:data\.pkl|constants\.pkl)$")
"""Members of an archive that `torch.save` writes."""


def is_pickle(source: Source) -> bool:
    """Whether a file is pickle, or an archive as `torch.save` writes it. Never raises."""
    if source.data.startswith(ZIP_MAGIC):
        try:
            return any(OF_TORCH.search(name) for name in source.members.names)
        except FormatError:
            return False
    if BINARY.match(source.data):
        return True
    return OLD.match(source.data) is not None and source.data[-64:].rstrip().endswith(b".") and _is_old(source.data)


def _is_old(data: bytes) -> bool:
    """Whether content is a program of protocol 0 or 1; it is parsed, not run."""
    try:
        for number, (operation, _, _) in enumerate(pickletools.genops(data)):
            if number > OPERATIONS or operation.name == "STOP":
                return True
    except (ValueError, UnicodeError, OverflowError):
        pass
    return False


def check_no_pickle(source: Source) -> None:
    """Refuse a file that is pickle.

    Raises:
        FormatError: it is; says why and what to write instead.
    """
    if is_pickle(source):
        kind = "a torch file, which is pickle inside" if source.data.startswith(ZIP_MAGIC) else "a pickle"
        raise FormatError(
            f"this is {kind}: opening one can run any code that is in it, so it is not opened",
            where=source.name,
            todo="write the rollouts as JSON lines or Parquet: a row each, with prompt, answer, reward and group",
        )
