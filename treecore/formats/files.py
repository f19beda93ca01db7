"""`read` and `write`: any path or bytes to forests and back, by whatever registered format fits."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from treecore.core.forest import Forest
from treecore.errors import FormatError
from treecore.formats.registry import recognise, writer_for
from treecore.formats.source import open_source
from treecore.formats.target import check_free, write_whole


@dataclass(frozen=True)
class ReadReport:
    """What was found in a file.

    Attributes:
        name: of the file.
        format, title: the format recognised.
        forests: in file order.
        extra: `forest.FIELD` or `nodes[].FIELD` -> how often: fields unknown to us, kept as they came.
        warnings: what could not be taken over, one clause each.
        memory: bytes that the forests take, about.
    """

    name: str
    format: str
    title: str
    forests: list[Forest]
    extra: dict[str, int]
    warnings: tuple[str, ...]
    memory: int = 0

    @property
    def n_nodes(self) -> int:
        return sum(len(forest) for forest in self.forests)

    @property
    def n_trees(self) -> int:
        return sum(forest.n_trees for forest in self.forests)

    @property
    def n_leaves(self) -> int:
        return sum(int(forest.topology.is_leaf.sum()) for forest in self.forests)

    @property
    def n_scored(self) -> int:
        """Leaves with a reward."""
        return sum(int((forest.reward == forest.reward).sum()) for forest in self.forests)

    @property
    def n_tokens(self) -> int:
        """Tokens recorded one by one."""
        return sum(forest.tokens.total for forest in self.forests if forest.tokens is not None)

    def as_json(self) -> dict[str, Any]:
        """Everything but the forests themselves, JSON-ready."""
        counts = ("n_trees", "n_nodes", "n_leaves", "n_scored", "n_tokens")
        return {
            "file": self.name.encode(errors="surrogateescape").decode(errors="replace"),
            "format": self.format,
            "n_forests": len(self.forests),
            **{name: getattr(self, name) for name in counts},
            "extra": self.extra,
            "warnings": list(self.warnings),
        }


def read(path_or_bytes: str | os.PathLike[str] | bytes, *, name: str = "") -> list[Forest]:
    """The forests of a file in any readable format, plain or gzip, recognised by content.

    Args:
        path_or_bytes: a path, or the content itself.
        name: what errors call it; the path by default.

    Raises:
        FormatError: it cannot be read, or breaks the rules of its format.
        ForestError: its nodes do not make a forest.
    """
    return read_with_report(path_or_bytes, name=name).forests


@contextmanager
def collector_paused() -> Iterator[None]:
    """No garbage collection meanwhile: parsing makes millions of objects, none of them garbage in a cycle."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def read_with_report(
    path_or_bytes: str | os.PathLike[str] | bytes,
    *,
    name: str = "",
    on_progress: Callable[[int, int], None] | None = None,
) -> ReadReport:
    """`read`, with an account of what was found. Same arguments and errors, and one more.

    Args:
        on_progress: hears how many bytes of how many are read; what it raises ends the reading.
    """
    source = open_source(path_or_bytes, name=name, tell=on_progress)
    found = recognise(source)
    with collector_paused():
        reading = found.read(source)
    if not reading.forests:
        raise FormatError("the file holds no forest", where=source.name, todo="give a file with at least one")
    fields = Counter(f"forest.{field}" for forest in reading.forests for field in forest.extra)
    fields += Counter(
        f"nodes[].{key}" for forest in reading.forests for row in forest.node_extra.values() for key in row
    )
    return ReadReport(
        source.name, found.name, found.title, reading.forests, dict(fields), reading.warnings, source.account.spent
    )


def write(forests: Forest | Sequence[Forest], path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write forests in the format that the name's ending asks for, compressed when it ends in `.gz`.

    The file appears whole or not at all.

    Args:
        forests: one or several.
        path: where.
        overwrite: put them in place of a file that holds anything.

    Raises:
        FormatError: no writable format ends like this, nothing to write, the place cannot be written, another process
            is writing a run there, or there is a file that is not to be overwritten.
    """
    batch = [forests] if isinstance(forests, Forest) else list(forests)
    target = os.fspath(path)
    if not batch:
        raise FormatError("no forests to write", where=target, todo="give at least one")
    writer = writer_for(target).write
    assert writer is not None
    write_whole(target, writer(batch, target), overwrite=overwrite)


def check_output(path: str | os.PathLike[str], *, overwrite: bool) -> None:
    """`write` can write there, as far as can be told without writing. Errors as there."""
    writer_for(os.fspath(path))
    check_free(path, overwrite=overwrite)
