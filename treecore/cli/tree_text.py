"""A forest as lines of styled text: guides on the left, numbers aligned on the right.

Only forks indent, so a long chain of single steps stays readable. Prints nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.text import Text

from treecore.cli.text import clean, counted
from treecore.columns import STATUS_NAMES, Status
from treecore.credit import Credit
from treecore.credit.values import back_up
from treecore.forest import Forest
from treecore.forests import Forests
from treecore.steptext import split_step
from treecore.topology import Topology

NUMBER_WIDTH = 10
WIDE = 1e4
"""From here on three decimals would touch the next column."""
LABEL_CHARS = 400
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


def forest_lines(forest: Forest, credit: Credit | None, *, width: int) -> Iterator[Text]:
    """The forest line by line, each at most `width` cells.

    Args:
        credit: of this forest alone; adds a column of coloured numbers.
    """
    value = back_up(Forests(forest), forest.reward).mean
    left = width - NUMBER_WIDTH * (2 if credit is not None else 1)
    columns = ["value", *(["credit"] if credit is not None else [])]
    header = Text(clean(forest.prompt, LABEL_CHARS))
    header.truncate(left, overflow="ellipsis", pad=True)
    yield header.append("".join(name.rjust(NUMBER_WIDTH) for name in columns), style="dim")
    for row, guide in guides(forest.topology):
        line = Text()
        line.append(shortened(guide, left // 2), style="dim")
        line.append_text(label(forest, row))
        line.truncate(left, overflow="ellipsis", pad=True)
        line.append(number(value[row], signed=False), style="" if np.isfinite(value[row]) else "dim")
        if credit is not None:
            signal = float(credit.credit[row])
            line.append(number(signal, signed=True), style=colour(signal, credit.scale))
        yield line


def shortened(guide: str, width: int) -> str:
    """The end of a guide that grew too wide."""
    return guide if len(guide) <= width else "…" + guide[len(guide) - width + 1 :]


def label(forest: Forest, row: int) -> Text:
    """Name and words of one step."""
    topology = forest.topology
    leaf = bool(topology.is_leaf[row])
    text = Text("● " if leaf else "○ ")
    text.append(clean(str(forest.node_id[row]), 24), style="bold")
    if topology.parent[row] < 0:
        text.append(f"  tree {forest.tree[row]}, {counted(int(topology.n_leaves[row]), 'leaf', 'leaves')}")
    words = clean(split_step(forest.text[row][:LABEL_CHARS]).label)
    if words:
        text.append(f"  {words}")
    if forest.status[row] in (Status.TRUNCATED, Status.FAILED, Status.OPEN):
        text.append(f"  [{STATUS_NAMES[forest.status[row]]}]", style="italic")
    return text


def number(value: float, *, signed: bool) -> str:
    """A number in its column; a dash where nothing is assigned."""
    if not np.isfinite(value):
        return "–".rjust(NUMBER_WIDTH)
    if abs(value) >= WIDE:
        return f"{value:+.1e}".rjust(NUMBER_WIDTH) if signed else f"{value:.1e}".rjust(NUMBER_WIDTH)
    text = f"{value:+.3f}" if signed else f"{value:.3f}"
    return ("0.000" if float(text) == 0 else text).rjust(NUMBER_WIDTH)


def colour(signal: float, scale: float) -> str:
    """Blue above zero, orange below, brighter the stronger; plain for zero, dim where not assigned."""
    if not np.isfinite(signal):
        return "dim"
    if signal == 0:
        return ""
    strong = "bold " if abs(signal) > scale / 2 else ""
    return strong + ("dodger_blue1" if signal > 0 else "dark_orange")
