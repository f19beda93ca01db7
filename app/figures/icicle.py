"""Where the tokens went: the forest as an icicle, width by tokens beneath. Pruned before drawing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from app.figures.style import Palette, frame
from treecore.analysis.frames import label
from treecore.analysis.granularity import counts_tokens
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.numerals import counted, short, whole
from treecore.core.topology import FloatArray, IntArray
from treecore.methods.registry import Credit
from treecore.views.labels import cut_middle
from treecore.views.palette import ink_on
from treecore.views.plotly_text import plotly_text

MAX_BOXES, MAX_DEPTH = 250, 24
"""Sectors, about as many as are a pixel high in a forest of 100,000 steps, and columns."""
LABEL, LETTER, WIDTH = 12, 6.5, 420
"""Pixels of a name's height, of a letter, and of the chart; names are cut to their column. Those that still do not
fit are left out, and stand in the hover text."""


def icicle_figure(credit: Credit, *, palette: Palette, height: int = 250) -> go.Figure:
    """Icicle of one forest, coloured by credit; `id` of a sector is the node id, that of the whole no node's.

    Args:
        credit: of one forest. Where it is deep, steps in a row without a fork share a sector, named after the first and
            coloured by their mean credit, and of more than 24 sectors in a row the rest shows when one is clicked. Only
            the 250 sectors with the most tokens beneath are drawn; what one leaves out is in its hover text.
    """
    forest = credit.forests[0]
    own, unit = token_weight(forest), "token" if has_counts(forest) else "step"
    first = first_in_row(forest)
    is_first = first == np.arange(len(forest))
    beneath = forest.topology.subtree_sum(own)
    kept = largest(np.where(is_first, beneath, -1.0), MAX_BOXES) & is_first
    total = beneath[forest.topology.roots].sum()
    left_out = is_first & ~kept & (forest.parent >= 0)
    hidden = np.bincount(first[forest.parent[left_out]], minlength=len(forest))
    rows, top = np.flatnonzero(kept), whole_id(forest)
    shown = sectors(credit, first, own)
    columns = int(forest.topology.path_sum(is_first.astype(np.int64)).max()) + 1
    is_deep = columns - 1 > MAX_DEPTH
    most = max(4, int(WIDTH / min(columns, MAX_DEPTH) / LETTER) - 1)
    colours = [palette.neutral, *(sector_colour(credit, row, shown, palette) for row in rows.tolist())]
    hatched = [False, *(~np.isfinite(shown.credit[rows]) & ~forest.is_prompt[rows]).tolist()]
    inks = [palette.ink if blank else ink_on(colour) for colour, blank in zip(colours, hatched, strict=True)]
    return go.Figure(
        go.Icicle(
            ids=[top, *(str(forest.node_id[row]) for row in rows)],
            parents=["", *(parent_id(forest, int(row), top, first) for row in rows)],
            labels=[
                sizes(forest, total),
                *(name(forest, int(row), steps=int(shown.steps[row]), most=most) for row in rows),
            ],
            values=[total, *beneath[rows]],
            branchvalues="total",
            maxdepth=MAX_DEPTH if is_deep else -1,
            sort=False,
            hovertext=["", *(hover(credit, int(row), shown, unit, hidden) for row in rows)],
            hovertemplate="%{hovertext}<extra></extra>",
            marker={
                "colors": colours,
                "line": {"width": 1, "color": palette.background},
                "pattern": {
                    "shape": ["/" if blank else "" for blank in hatched],
                    "fgcolor": palette.muted,
                    "bgcolor": palette.background,
                    "size": 5,
                    "solidity": 0.2,
                },
            },
            leaf={"opacity": 1},
            tiling={"orientation": "h", "pad": 1},
            pathbar={"visible": True, "thickness": 22},
            textfont={"size": LABEL, "color": inks},
        ),
        layout={**frame(palette, height=height), "uniformtext": {"minsize": LABEL, "mode": "hide"}},
    )


class Sectors(NamedTuple):
    """What a sector stands for, at the row of its first step; arrays `[N]`.

    Attributes:
        steps: how many; own: their tokens (or steps); credit: their mean, NaN where none is assigned.
    """

    steps: IntArray
    own: FloatArray
    credit: FloatArray


def sector_colour(credit: Credit, row: int, shown: Sectors, palette: Palette) -> str:
    """The colour of its node on the canvas: prompts are neutral; hatching covers that of no credit."""
    value = float(shown.credit[row])
    if not np.isfinite(value):
        return palette.neutral if credit.forests.is_prompt[row] else palette.zero
    return palette.on_scale(value, credit.ends)


def first_in_row(forest: Forest) -> IntArray:
    """Row of the first step of each node's sector: itself, but in deep forests steps in a row are one sector. `[N]`"""
    first = np.arange(len(forest))
    if forest.topology.depth.max() < MAX_DEPTH:
        return first
    above = forest.parent
    inner = above >= 0
    children = np.bincount(above[inner], minlength=len(forest))
    goes_on = inner & (np.where(inner, above[above], -1) >= 0) & (children[above] == 1)
    first = np.where(goes_on, above, first)
    while not np.array_equal(further := first[first], first):
        first = further
    return first


def sectors(credit: Credit, first: IntArray, own: FloatArray) -> Sectors:
    """Steps, tokens and mean credit of each sector."""
    n = len(first)
    known = np.isfinite(credit.credit)
    number = np.bincount(first[known], minlength=n)
    total = np.bincount(first[known], weights=credit.credit[known], minlength=n)
    mean = np.where(number > 0, total / np.maximum(number, 1), np.nan)
    tokens = np.bincount(first, weights=own, minlength=n).astype(np.float64)
    return Sectors(np.bincount(first, minlength=n), own=tokens, credit=mean)


def sizes(forest: Forest, total: float) -> str:
    """`124 tokens`, `124 tokens written, 30 observed`, or steps where tokens are not counted."""
    if not has_counts(forest):
        return counted(int(total), "step")
    observed = int(np.maximum(forest.n_obs_tokens, 0).sum())
    return (
        f"{counted(int(total) - observed, 'token')} written, {whole(observed)} observed"
        if observed
        else counted(int(total), "token")
    )


def token_weight(forest: Forest) -> FloatArray:
    """Tokens of each step, observation included; 1 a step where counts are not recorded. `[N]`"""
    if not has_counts(forest):
        return (~forest.is_prompt).astype(np.float64)
    return (np.maximum(forest.n_model_tokens, 0) + np.maximum(forest.n_obs_tokens, 0)).astype(np.float64)


def has_counts(forest: Forest) -> bool:
    """Whether every step has its tokens counted."""
    return counts_tokens(Forests(forest))


def largest(beneath: FloatArray, most: int) -> np.ndarray:
    """Mask of the `most` nodes with the largest subtrees; closed upwards, since no child outweighs its parent."""
    order = np.lexsort((np.arange(len(beneath)), -beneath))
    kept = np.zeros(len(beneath), dtype=bool)
    kept[order[:most]] = True
    return kept


def whole_id(forest: Forest) -> str:
    """Id of the sector of the whole forest: one that no node has."""
    taken = set(map(str, forest.node_id))
    return next(name for name in ("forest" + "*" * n for n in range(len(taken) + 1)) if name not in taken)


def parent_id(forest: Forest, row: int, top: str, first: IntArray) -> str:
    """Id of the sector that holds another."""
    above = int(forest.parent[row])
    return top if above < 0 else str(forest.node_id[first[above]])


def name(forest: Forest, row: int, *, steps: int, most: int = 40) -> str:
    """Label of a sector, its words in at most so many characters."""
    if forest.parent[row] < 0:
        return f"tree {int(forest.tree[row]) + 1}"
    words = plotly_text(cut_middle(label(forest, row), most))
    return words if steps == 1 else f"{words} and {whole(steps - 1)} more"


def hover(credit: Credit, row: int, shown: Sectors, unit: str, hidden: np.ndarray) -> str:
    """Hover text of a sector."""
    steps, value = int(shown.steps[row]), credit.ends.words(float(shown.credit[row]))
    lines = [name(credit.forests[0], row, steps=steps), f"{counted(int(shown.own[row]), unit)} of its own"]
    lines.append(f"credit {value}" if steps == 1 else f"credit {value}, the mean of its steps")
    if "value" in credit.nodes and steps == 1:
        lines.append(f"value {short(float(credit.nodes['value'][row]))}")
    if hidden[row]:
        lines.append(f"{counted(int(hidden[row]), 'smaller branch', 'smaller branches')} not drawn")
    return "<br>".join(lines)
