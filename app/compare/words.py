"""What stands beside a comparison: where methods disagree and why, how alike they rank. JSON-ready; draws nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TypedDict

import numpy as np

from app.compare.rows import written
from treecore.analysis.compare import KINDS, Comparison, Kind
from treecore.analysis.disagreements import Entry, families
from treecore.analysis.frames import phrase
from treecore.core.edit import NOTE, changes_column, changes_of
from treecore.core.numerals import counted, counted_of, whole
from treecore.exports.tables import csv_lines

SHOWN = 60
"""Disagreements that are listed."""


class Number(TypedDict):
    """The number of one method; `sign` is -1, 0 or 1."""

    title: str
    text: str
    sign: float


class Item(TypedDict):
    """A disagreement: its steps are those from place `first` to place `last`."""

    first: int
    last: int
    kind: str
    title: str
    beside: str
    count: str
    numbers: list[Number]
    reason: str


class Beside(TypedDict):
    """Everything beside the table; `agreement` holds null where nothing is ranked."""

    on: str
    items: list[Item]
    more: str
    empty: str
    methods: list[str]
    agreement: list[list[float | None]]
    families: str


def beside(found: Comparison, every: Sequence[Entry]) -> Beside:
    """The words and numbers beside the table, of a comparison and all its disagreements."""
    able = [place for place, column in enumerate(found.columns) if column.credit is not None]
    agreement = found.agreement[np.ix_(able, able)] if able else np.empty((0, 0))
    return {
        "on": f"on {counted_of(int((found.kind != Kind.AGREE).sum()), 'step', total=len(found.rows))}" if every else "",
        "items": [item(found, one) for one in every[:SHOWN]],
        "more": f"and {whole(len(every) - SHOWN)} more, smaller ones" if len(every) > SHOWN else "",
        "empty": "" if every else nothing(found),
        "methods": [found.columns[place].known.title for place in able],
        "agreement": [[None if math.isnan(one) else round(one, 4) for one in row] for row in agreement.tolist()],
        "families": families(found),
    }


def nothing(found: Comparison) -> str:
    """Why there is no disagreement."""
    if sum(column.credit is not None for column in found.columns) < 2:
        return "Choose two methods that can run on this forest: then it shows here where they disagree."
    known = found.forest.reward[~np.isnan(found.forest.reward)]
    if len(known) > 1 and np.ptp(known) == 0:
        return "All methods agree on every step: all answers ended alike, so there is nothing to compare."
    return "All methods agree on every step."


def item(found: Comparison, entry: Entry) -> Item:
    """A disagreement as it is listed."""
    return {
        "first": entry.first,
        "last": entry.last,
        "kind": KINDS[entry.kind],
        "title": entry.name[0],
        "beside": entry.name[1],
        "count": counted(entry.n_steps, "step"),
        "numbers": [number(found, entry, place) for place in entry.columns],
        "reason": entry.reason,
    }


def number(found: Comparison, entry: Entry, place: int) -> Number:
    """What a method says of the first of some steps, or that it assigns nothing."""
    value = float(found.values[entry.first, place])
    column = found.columns[place]
    return {
        "title": column.known.title,
        "text": written(value, column) or "none",
        "sign": 0.0 if math.isnan(value) else float(np.sign(value)),
    }


def as_csv(found: Comparison) -> bytes:
    """The table for a spreadsheet: a row a step, a column a method, empty where nothing is assigned."""
    names = ["node", "step", "differs", *(column.method for column in found.columns)]
    return b"".join(csv_lines(csv_rows(found), dict.fromkeys(names, "") | changes_column([found.forest])))


def csv_rows(found: Comparison) -> Iterator[dict[str, object]]:
    """A row a step."""
    for row, values, kind in zip(found.rows.tolist(), found.values.tolist(), found.kind.tolist(), strict=True):
        said = {
            "node": str(found.forest.node_id[row]),
            "step": phrase(found.forest, row),
            "differs": KINDS.get(kind, ""),
        }
        said |= {column.method: value for column, value in zip(found.columns, values, strict=True)}
        yield {**said, NOTE: changes_of(found.forest)}
