"""The one list of kinds of export, and `export`, which writes one. Knows no kind itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.edit import changed_note
from treecore.core.forest import Forest, NodeId
from treecore.core.topology import BoolArray
from treecore.errors import MethodError
from treecore.formats.target import check_free, write_whole
from treecore.methods import Credit, compute
from treecore.registry.parameterised import Parameterised
from treecore.registry.params import parse_settings
from treecore.registry.registry import Registry


class Selection(NamedTuple):
    """A step, by its row in a forest of the batch."""

    forest: Forest
    row: int


@dataclass(eq=False)
class Exported:
    """What is made. A kind may make it while it is taken, so that the rows of a large file never stand side by side:
    then the numbers and notes are whole after the last chunk.

    Attributes:
        chunks: content of the file, before any compression.
        size: how many of `unit` are in it.
        notes: what a reader of the file should know, one clause each.
        heard: hears while it is made how much of it is, 0 to 1, and may break it off by an exception.
        only: the step whose rows are wanted, with those of all after it; None for everything.
    """

    chunks: Iterable[bytes] = ()
    size: int = 0
    unit: str = ""
    notes: tuple[str, ...] = ()
    heard: Callable[[float], None] = lambda share: None
    only: Selection | None = None

    def keeps(self, forest: Forest) -> BoolArray:
        """Rows of a forest that are wanted. `[N]`"""
        kept = np.full(len(forest), self.only is None)
        if self.only is not None and self.only.forest is forest:
            kept[forest.topology.subtree(self.only.row)] = True
        return kept


Maker = Callable[..., Exported]
"""Forests, their credit (None where none is asked for), the ending of the file, and parameters by name -> content."""


@dataclass(frozen=True)
class Export(Parameterised):
    """A registered kind of export.

    Attributes:
        name, title: for lists.
        endings: of files that can be written, the default first.
        needs_credit: whether a method must be named.
        in_parts: whether a part can be written alone: the rows from one step on.
        function: see `Maker`.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    needs_credit: bool
    function: Maker
    in_parts: bool = False

    def as_json(self) -> dict[str, Any]:
        """JSON-ready description."""
        return {
            "name": self.name,
            "title": self.title,
            "endings": list(self.endings),
            "needs_credit": self.needs_credit,
            "in_parts": self.in_parts,
            "params": [param.as_json() for param in self.params],
        }

    def ending_of(self, path: str) -> str:
        """The ending of a path, `.gz` aside.

        Raises:
            MethodError: this kind is not written with such an ending.
        """
        lowered = path.lower().removesuffix(".gz")
        found = next((ending for ending in self.endings if lowered.endswith(ending)), None)
        if found is None:
            known = " or ".join(self.endings)
            raise MethodError(
                f"{self.name!r} is not written to a file like this", where=path, todo=f"end it in {known}"
            )
        return found


EXPORTS = Registry[Export]("kind of export", home="treecore.exports", group="treecore.exports")


def export_kind(
    *, name: str, title: str, endings: tuple[str, ...], needs_credit: bool = False, in_parts: bool = False
) -> Callable[[Maker], Maker]:
    """Register the decorated function, whose keyword parameters are those of the kind.

    Args:
        in_parts: it leaves out the rows that `Exported.keeps` does not name, asked as the file is made.

    Raises:
        MethodError: the name is taken.
    """

    def register(make: Maker) -> Maker:
        EXPORTS.add(Export(name, title, endings, needs_credit, make, in_parts))
        return make

    return register


def export(
    forests: Forest | Sequence[Forest],
    kind: str,
    path: str | os.PathLike[str],
    *,
    credit: Credit | str | None = None,
    node: NodeId | None = None,
    overwrite: bool = False,
    **settings: Any,
) -> Exported:
    """Write forests for another program; the file appears whole or not at all.

    Args:
        forests: one or several.
        kind: name in `EXPORTS`.
        path: its ending says how; a further `.gz` compresses.
        credit: of these forests, or the name of a method with its defaults.
        node: id of a step: only rows from it on, of one forest; credit is still that of all. For kinds `in_parts`.
        overwrite: put it in place of a file that holds anything.
        settings: parameters of the kind.

    Raises:
        MethodError: no such kind, a wrong parameter, no credit where the kind needs it, data that the kind lacks.
        FormatError: the place cannot be written.
    """
    entry = EXPORTS.find(kind)
    target = os.fspath(path)
    ending = entry.ending_of(target)
    check_free(target, overwrite=overwrite)
    batch = Forests(forests)
    if isinstance(credit, str):
        credit = compute(batch, credit)
    made = made_of(entry, batch, credit, ending, settings, only=None if node is None else selection(batch, node))
    write_whole(target, made.chunks, overwrite=overwrite)
    return made


def selection(forests: Forests, node: NodeId) -> Selection:
    """A step of the only forest.

    Raises:
        MethodError: there are several forests; ForestError: there is no such step.
    """
    if len(forests) != 1:
        raise MethodError(f"a step of one forest, and here are {len(forests)}", todo="choose one with --forest ID")
    return Selection(forests[0], forests[0].row(node))


def made_of(
    entry: Export,
    forests: Forests,
    credit: Credit | None,
    ending: str,
    settings: Mapping[str, Any],
    *,
    only: Selection | None = None,
) -> Exported:
    """The content that `export` writes. Arguments and errors as there."""
    if only is not None and not entry.in_parts:
        todo = f"leave the step out, or export {' or '.join(one.name for one in EXPORTS.values() if one.in_parts)}"
        raise MethodError(f"{entry.name!r} shows whole forests", todo=todo)
    if entry.needs_credit and credit is None:
        raise MethodError(f"{entry.name!r} needs credit", todo="name a method with --method")
    made = entry.function(
        forests, credit, ending, **parse_settings(entry.params, settings, owner=f"export {entry.name!r}")
    )
    made.only = only
    if changed := changed_note(forests):
        made.notes = (*made.notes, changed)
    return made
