"""What a page of the table of steps says: JSON-ready, numbers written out. Draws nothing."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from app.browse.words import Piece
from treecore.core.numerals import NONE, counted, counted_of, plain, whole
from treecore.core.topology import IntArray
from treecore.methods.registry import NEUTRAL, get_method
from treecore.views.labels import cut
from treecore.views.step_table import StepTable, answer

PAGE = 200
"""Rows of a page."""
MAX_WORDS, AROUND = 160, 60
"""Graphemes of a label, and characters around words that were found elsewhere in a step."""


class Head(TypedDict):
    """A column: its name for sorting, its heading, and what stands in it."""

    name: str
    title: str
    about: str


class Row(TypedDict):
    """A step.

    `bar` is its credit on the scale of the view, from -1 to 1, None where it is not assigned; `was` is its credit
    before the changes, None without any.
    """

    id: str
    place: str
    step: list[Piece]
    beneath: list[Piece]
    depth: str
    siblings: str
    right: str
    value: str
    credit: str
    bar: float | None
    was: str | None
    pruned: bool
    tokens: str


class Copied(TypedDict):
    """What a question asked to be copied: its number and the text; why there is none."""

    number: int
    text: str
    refused: str


class Page(TypedDict):
    """All of it; `follows` tells that the path of the selected step is what is listed."""

    heads: list[Head]
    rows: list[Row]
    sort: str
    page: int
    pages: int
    count: str
    find: str
    signed: bool
    empty: str
    follows: bool


HEADS: tuple[tuple[str, str, str], ...] = (
    ("place", "#", "number of the step in reading order, tree by tree"),
    ("step", "step", "what the step says, and beneath it what was answered"),
    ("depth", "depth", "steps from the prompt"),
    ("siblings", "siblings", "which of the ways on that were tried there it is"),
    ("right", "right", "right ends under the step, of those with an outcome"),
    ("value", "value", "the method's own value of the step, else the mean outcome beneath"),
    ("credit", "credit", "credit by the method in force"),
    ("tokens", "tokens", "tokens that the model wrote in the step"),
)


def page_of(table: StepTable, rows: IntArray, *, number: int, sort: str, find: str, only: str, follows: bool) -> Page:
    """A page of rows that are chosen and sorted.

    Args:
        rows: all of them. `[K]`
        number: of the page, from 1.
        sort: a column, `-` before it from the largest down.
        find: words looked for; only: the filter in force, "" for none.
        follows: the path of the selected step is what is listed.
    """
    shown = rows[(number - 1) * PAGE : number * PAGE].tolist()
    ends = NEUTRAL if table.credit is None else table.credit.ends
    heads: list[Head] = [{"name": name, "title": title, "about": about} for name, title, about in HEADS]
    if table.before is not None:
        heads.insert(7, {"name": "was", "title": "was", "about": "credit before the changes"})
    if table.credit is not None:
        heads[6]["about"] = f"credit by {get_method(table.credit.method).title}"
    return {
        "heads": heads,
        "rows": [row_of(table, row, find) for row in shown],
        "sort": sort,
        "page": number,
        "pages": pages_of(rows),
        "count": count(table, rows, only=only, find=find),
        "find": find,
        "signed": ends.signed,
        "empty": "" if len(rows) else nothing(only=only, find=find),
        "follows": follows,
    }


def pages_of(rows: IntArray) -> int:
    """How many pages so many rows are, one at least."""
    return max(1, -(-len(rows) // PAGE))


def count(table: StepTable, rows: IntArray, *, only: str, find: str) -> str:
    """`12 of 136 steps · ends right`."""
    total = len(table.rows)
    said = counted(total, "step") if len(rows) == total else counted_of(len(rows), "step", total=total)
    gone = 0 if table.before is None else int(table.before.pruned[rows].sum())
    pruned = f"{whole(gone)} pruned" if gone else ""
    return " · ".join(filter(None, [said, only, f"with “{cut(find, 30)}”" if find else "", pruned]))


def nothing(*, only: str, find: str) -> str:
    """Why there is no row, and what to do."""
    if find and only:
        return f"No step of “{only}” has “{cut(find, 60)}”. Look for other words, or take the filter away."
    if find:
        return f"No step has “{cut(find, 60)}”. Look for other words."
    if only == "path to the selected step":
        return "No step is selected. Choose one in the trees, or take the filter away."
    return f"No step is left by “{only}”. Choose another filter." if only else "Nobody wrote anything here yet."


def row_of(table: StepTable, row: int, find: str) -> Row:
    """One step."""
    forest, siblings = table.forest, table.siblings
    ends = NEUTRAL if table.credit is None else table.credit.ends
    credit, scored = float(table.signal[row]), int(table.scored[row])
    several = int(siblings.total[row]) > 1
    label = cut(table.labels[row], MAX_WORDS) or f"step {forest.node_id[row]}"
    return {
        "id": str(forest.node_id[row]),
        "place": whole(int(table.place[row])),
        "step": marked(label, find=find),
        "beneath": beneath(table, row, label=label, find=find),
        "depth": whole(int(forest.topology.depth[row])),
        "siblings": f"{whole(int(siblings.place[row]))} of {whole(int(siblings.total[row]))}" if several else NONE,
        "right": f"{whole(int(table.right[row]))} of {whole(scored)}" if scored else NONE,
        "value": plain(float(table.value[row])),
        "credit": ends.words(credit, ends.decimals),
        "bar": round(ends.share(credit), 4) if np.isfinite(credit) else None,
        "was": None if table.before is None else ends.words(float(table.was[row]), ends.decimals),
        "pruned": table.is_pruned(row),
        "tokens": NONE if np.isnan(table.tokens[row]) else whole(int(table.tokens[row])),
    }


def beneath(table: StepTable, row: int, *, label: str, find: str) -> list[Piece]:
    """What was answered; where words were found that stand elsewhere in the step, what is around them."""
    observation = answer(table.forest, row)
    wanted = find.strip().lower()
    if not wanted or wanted in label.lower() or wanted in observation.lower()[:MAX_WORDS]:
        return [{"text": "→ ", "tone": "muted"}, *marked(cut(observation, MAX_WORDS), find=find)] if observation else []
    for text in (table.forest.text[row], table.forest.observation[row]):
        at = text.lower().find(wanted)
        if at >= 0:
            low, high = max(0, at - AROUND), at + len(wanted) + AROUND
            passage = f"{'…' if low else ''}{text[low:high]}{'…' if high < len(text) else ''}"
            return marked(" ".join(passage.split()), find=find)
    return []


def marked(text: str, *, find: str) -> list[Piece]:
    """A text in pieces, the words that were looked for apart."""
    wanted, low = find.strip().lower(), text.lower()
    if not wanted or len(low) != len(text):
        return [{"text": text, "tone": "ink"}] if text else []
    pieces: list[Piece] = []
    start = 0
    while (at := low.find(wanted, start)) >= 0:
        pieces += [{"text": text[start:at], "tone": "ink"}, {"text": text[at : at + len(wanted)], "tone": "hit"}]
        start = at + len(wanted)
    pieces.append({"text": text[start:], "tone": "ink"})
    return [piece for piece in pieces if piece["text"]]
