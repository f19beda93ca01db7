"""A forest as lines of styled text: guides on the left, numbers aligned on the right.

Only forks indent, so a long chain of single steps stays readable. Prints nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len
from rich.text import Text

from treecore.cli.text import clean, cut_cells, written_lines
from treecore.core.batch import Forests
from treecore.core.columns import STATUS_NAMES, Status
from treecore.core.foreign import foreign_fields
from treecore.core.forest import Forest
from treecore.core.numerals import counted, plain, whole
from treecore.core.step_text import step_parts
from treecore.core.topology import FloatArray, Topology
from treecore.methods import Credit
from treecore.methods.ops.groups import back_up
from treecore.methods.registry import Ends
from treecore.views.labels import ELLIPSIS, cut_middle

NUMBER_WIDTH = 10
DECIMALS = 3
"""From here on three decimals would touch the next column."""
LABEL_CHARS, NAME_CHARS = 400, 24
BETWEEN = 3
"""Cells between two pieces of a step in one line."""
MAX_LINES = 6
"""Further lines of a step that are shown unasked."""
BRANCH, LAST, STEM, GAP = "├─ ", "└─ ", "│  ", "   "


def guides(topology: Topology) -> Iterator[tuple[int, str]]:
    """Each row in preorder, with what is drawn before it."""
    stems: dict[int, str] = {}
    for row in topology.order.tolist():
        above = int(topology.parent[row])
        if above < 0:
            stems[row] = ""
            yield row, ""
        elif not topology.is_fork[above]:
            stems[row] = stems.pop(above)
            yield row, stems[row]
        else:
            last = row == topology.children(above)[-1]
            stem = stems.pop(above) if last else stems[above]
            stems[row] = stem + (GAP if last else STEM)
            yield row, stem + (LAST if last else BRANCH)


def forest_lines(forest: Forest, credit: Credit | None, *, width: int, full: bool = False) -> Iterator[Text]:
    """The forest line by line, each at most `width` cells.

    Args:
        credit: of this forest alone; adds a column of coloured numbers.
        full: all lines of long steps; else the first ones.
    """
    value = mean_outcomes(forest, credit)
    left = width - NUMBER_WIDTH * (2 if credit is not None else 1)
    columns = ["value", *(["credit"] if credit is not None else [])]
    header = Text(clean(forest.prompt, LABEL_CHARS))
    header.truncate(left, overflow="ellipsis", pad=True)
    yield header.append("".join(name.rjust(NUMBER_WIDTH) for name in columns), style="dim")
    for row, guide in guides(forest.topology):
        line, *more = step_lines(forest, row, guide, left, full=full)
        line.append(plain(value[row], DECIMALS).rjust(NUMBER_WIDTH), style="" if np.isfinite(value[row]) else "dim")
        if credit is not None:
            signal = float(credit.credit[row])
            line.append(credit.ends.words(signal, DECIMALS).rjust(NUMBER_WIDTH), style=colour(signal, credit.ends))
        yield line
        for below in more:
            below.append(" " * (width - left))
            yield below


def mean_outcomes(forest: Forest, credit: Credit | None) -> FloatArray:
    """Mean outcome beneath each step; over all trees at every empty root where the method takes these for one. `[N]`"""
    seen = Forests(forest) if credit is None else credit.seen.forests
    value = back_up(seen, seen.reward).mean
    return value if credit is None else value[credit.shape.row]


def step_lines(forest: Forest, row: int, guide: str, width: int, *, full: bool) -> Iterator[Text]:
    """A step in lines of `width` cells: the first with its name, further ones with its words as they were written.

    Line breaks and indents stay; a thought is dim, a call and an answer are named. Of many lines the first ones are
    shown, unless all are asked for.
    """
    head = Text(shortened(guide, width // 2), style="dim")
    below = Text(shortened(continued(guide), width // 2), style="dim")
    text = Text().append_text(head).append_text(name(forest, row))
    words = worded(forest, row)
    status = forest.status[row]
    room = width - cell_len(text.plain) - BETWEEN
    beside = len(words) if sum(cell_len(line.text) + BETWEEN for line in words) <= room and one_each(words) else 1
    for number, line in enumerate(words[:beside]):
        text.append(" · " if number else "  ", style="dim").append(line.text, style=line.style)
    if status in (Status.TRUNCATED, Status.FAILED, Status.OPEN):
        text.append(f"  [{STATUS_NAMES[status]}]", style="italic")
    yield fitted(text, width)
    rest = words[beside:]
    hidden = len(rest) - MAX_LINES if not full and len(rest) > MAX_LINES + 1 else 0
    stem = "" if forest.topology.is_leaf[row] else STEM.rstrip()
    for line in rest[: len(rest) - hidden]:
        own = Text().append_text(below).append(stem.ljust(2), style="dim").append("  ")
        yield fitted(own.append(line.text, style=line.style), width)
    if hidden:
        hint = f"… {whole(hidden)} more lines; --full shows them"
        yield fitted(Text().append_text(below).append(stem.ljust(4)).append(hint, style="dim"), width)


def continued(guide: str) -> str:
    """What stands below a guide, before the further lines of its step."""
    if guide.endswith(BRANCH):
        return guide.removesuffix(BRANCH) + STEM
    return guide.removesuffix(LAST) + GAP if guide.endswith(LAST) else guide


def fitted(line: Text, width: int) -> Text:
    """A line of exactly so many cells; characters that are seen as one are cut off as one."""
    plain = cut_cells(line.plain, width)
    kept = len(plain) - plain.endswith(ELLIPSIS)
    if len(plain) < len(line.plain) or plain != line.plain:
        line = line[:kept].append(ELLIPSIS)
    return line.append(" " * (width - cell_len(line.plain)))


class Line(NamedTuple):
    """One line of a step's words, how it looks, and which piece of the step it belongs to."""

    text: str
    style: str
    part: int


def one_each(words: Sequence[Line]) -> bool:
    """Whether every piece of a step is a single line, so that they may stand beside each other."""
    return len({line.part for line in words}) == len(words)


def worded(forest: Forest, row: int) -> list[Line]:
    """The words of a step as they were written, line by line; then what its file says of it."""
    lines = []
    for number, part in enumerate(step_parts(forest.text[row], forest.node_extra.get(row, {}))):
        written = written_lines(part.text)
        if part.kind in ("call", "answer"):
            written[:1] = [f"{part.kind} {written[0]}"]
        lines += [Line(text, "dim italic" if part.kind == "thought" else "", number) for text in written]
    if found := foreign_fields(forest, row):
        said = clean(", ".join(f"{name} {value}" for name, value in found))
        lines.append(Line(f"{{{said}}}", "dim", -1))
    return lines


def shortened(guide: str, width: int) -> str:
    """The end of a guide that grew too wide."""
    return guide if len(guide) <= width else "…" + guide[len(guide) - width + 1 :]


def name(forest: Forest, row: int) -> Text:
    """Name of one step, and what hangs on it if it begins a tree."""
    topology = forest.topology
    text = Text("● " if topology.is_leaf[row] else "○ ")
    text.append(cut_middle(clean(str(forest.node_id[row])), NAME_CHARS), style="bold")
    if topology.parent[row] < 0:
        text.append(f"  tree {int(forest.tree[row]) + 1}, {counted(int(topology.n_leaves[row]), 'leaf', 'leaves')}")
    return text


def colour(signal: float, ends: Ends) -> str:
    """Blue above zero, orange below, bold where strong; plain for zero, dim where not assigned.

    A level has no orange: its lowest value is plain, and the upper half of its scale is bold.
    """
    if not np.isfinite(signal):
        return "dim"
    share = ends.share(signal)
    if share == 0:
        return ""
    return ("bold " if abs(share) > 0.5 else "") + ("dodger_blue1" if share > 0 else "dark_orange")
