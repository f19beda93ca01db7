"""What the picture of forks says, JSON-ready: rows of dots, samplers, spacings. Draws nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from treecore.analysis.differences import KINDS
from treecore.analysis.forks import Forks, Grain
from treecore.analysis.granularity import LengthUnit
from treecore.analysis.label_route import Route, lengths
from treecore.core.numerals import counted, percent, plain, whole
from treecore.core.outcomes import is_right
from treecore.core.topology import BoolArray
from treecore.methods.registry import Credit

DOTS, ROWS, DRAWN = 3000, 6, 400
"""Forks that are drawn as dots, rows of depths or trees, and steps up to which the shown forest is drawn."""


class Dot(TypedDict):
    """A fork: `id` is its forest's number and its node; `contrast` null where fewer than two steps have credit."""

    id: str
    share: float
    contrast: float | None


class DotRow(TypedDict):
    """Forks of one kind, depth or tree."""

    title: str
    count: str
    means: str
    median: float | None
    mean: float | None
    said: str
    silent: str
    dots: list[Dot]


class Sampler(TypedDict):
    """The grain that a sampler gives."""

    name: str
    count: str
    low: float | None
    middle: float | None
    high: float | None
    histogram: list[int]


class Label(TypedDict):
    """Labels of one spacing; `lost` is null where credit does not vary."""

    every: int
    labels: int
    lost: float | None
    merged: int


class Twig(TypedDict):
    """A step of the shown forest, by its row on the picture and its ends in the unit of lengths; a fork by its id."""

    id: str
    above: int
    start: float
    end: float
    row: float
    fork: bool
    right: bool | None
    leaf: bool
    tree: int


class Picture(TypedDict):
    """Everything on the left."""

    unit: str
    top: float
    rows: list[DotRow]
    note: str
    samplers: list[Sampler]
    labels: list[Label]
    forks: int
    children: int
    lost: float | None
    twigs: list[Twig]


class Routes(TypedDict):
    """What both routes cost."""

    unit: str
    labels: list[Label]
    children: int
    lost: float | None
    why: str


def picture(
    forks: Forks,
    names: Sequence[str],
    *,
    by: str,
    samplers: Sequence[Grain],
    way: Route,
    shown: Credit,
    prompt: int = 0,
) -> Picture:
    """The picture.

    Args:
        names: id of each fork, as `fork_name` makes it.
        by: `kind`, `depth` or `tree`, what makes a row.
        way: the label route; shown: credit of the forest whose steps are drawn under it.
        prompt: number of that forest, from 0.
    """
    known = forks.contrast[np.isfinite(forks.contrast)]
    rows = [dot_row(forks, names, own, title=title, means=means) for title, means, own in groups(forks, by)]
    return {
        "unit": way.unit,
        "top": float(known.max(initial=0.0)) or 1.0,
        "rows": rows,
        "note": f"{whole(DOTS)} of {counted(len(forks), 'fork')} drawn" if len(forks) > DOTS else "",
        "samplers": [sampler(one) for one in samplers],
        "labels": labels(way),
        "forks": way.forks,
        "children": way.children,
        "lost": none(way.lost_at_forks),
        "twigs": twigs(shown, way.unit, prompt),
    }


def fork_name(prompt: int, node: str) -> str:
    """Id of a fork: its prompt, counted from 1 where `prompt` counts from 0, and its node."""
    return f"{prompt + 1}:{node}"


def groups(forks: Forks, by: str) -> list[tuple[str, str, BoolArray]]:
    """Title, meaning and forks of each row."""
    if by == "kind":
        return [
            (kind.title, kind.means, forks.kind == place)
            for place, kind in enumerate(KINDS)
            if (forks.kind == place).any()
        ]
    values = forks.depth if by == "depth" else forks.tree
    found = np.unique(values)
    listed = [(heading(by, int(one)), "", values == one) for one in found[: ROWS - 1]]
    rest = found[ROWS - 1 :]
    if len(rest) == 1:
        listed.append((heading(by, int(rest[0])), "", values == rest[0]))
    elif len(rest):
        listed.append((f"{heading(by, int(rest[0]))} and on", "", values >= rest[0]))
    return listed


def heading(by: str, value: int) -> str:
    """A depth or a tree."""
    if by == "tree":
        return f"tree {whole(value)}"
    return "at the prompt" if value == 0 else f"after {counted(value, 'step')}"


def dot_row(forks: Forks, names: Sequence[str], own: BoolArray, *, title: str, means: str) -> DotRow:
    """A row of dots."""
    some, places = forks.only(own), np.flatnonzero(own)
    step = max(1, math.ceil(len(forks) / DOTS))
    known = some.contrast[np.isfinite(some.contrast)]
    return {
        "title": title,
        "count": counted(len(some), "fork"),
        "means": means,
        "median": none(float(np.median(some.share))) if len(some) else None,
        "mean": float(known.mean()) if len(known) else None,
        "said": plain(float(known.mean())) if len(known) else "–",
        "silent": percent(float(some.silent.mean())) if len(some) else "–",
        "dots": [
            {
                "id": names[place],
                "share": round(float(forks.share[place]), 4),
                "contrast": none(float(forks.contrast[place])),
            }
            for place in places[::step].tolist()
        ],
    }


def sampler(one: Grain) -> Sampler:
    """The grain of a sampler."""
    low, middle, high = (none(value) for value in (one.low, one.middle, one.high))
    return {
        "name": one.name,
        "count": counted(one.forks, "fork"),
        "low": low,
        "middle": middle,
        "high": high,
        "histogram": list(one.histogram),
    }


def labels(way: Route) -> list[Label]:
    """The spacings."""
    return [
        {"every": one.every, "labels": one.labels, "lost": none(one.lost), "merged": one.merged} for one in way.spacings
    ]


def routes(way: Route, method: str) -> Routes:
    """Both routes, and what lost means."""
    zero = way.lost_at_forks == 0
    why = f"Lost: variance of the credit of {way.unit} inside one label. Credit here: {method}"
    return {
        "unit": way.unit,
        "labels": labels(way),
        "children": way.children,
        "lost": none(way.lost_at_forks),
        "why": f"{why}; labels at forks lose none of it." if zero and way.forks else f"{why}.",
    }


def twigs(credit: Credit, unit: LengthUnit, prompt: int) -> list[Twig]:
    """The steps of one forest with their places, in a unit of lengths; none of a large one."""
    topology = credit.shape.topology
    if topology.n > DRAWN:
        return []
    steps = lengths(credit, unit)
    rows = np.zeros(topology.n)
    leaves = topology.order[topology.is_leaf[topology.order]]
    rows[leaves] = np.arange(len(leaves))
    for row in topology.order[::-1].tolist():
        children = topology.children(row)
        if len(children):
            rows[row] = (rows[children[0]] + rows[children[-1]]) / 2
    return [
        {
            "id": fork_id(credit, row, prompt=prompt) if topology.is_fork[row] else "",
            "above": int(topology.parent[row]),
            "start": float(steps.start[row]),
            "end": float(steps.end[row]),
            "row": float(rows[row]),
            "fork": bool(topology.is_fork[row]),
            "leaf": bool(topology.is_leaf[row]),
            "right": right_at(credit, row),
            "tree": tree_of(credit, row),
        }
        for row in range(topology.n)
    ]


def fork_id(credit: Credit, row: int, *, prompt: int) -> str:
    """Id of a state; "" of one that no node of the file stands for."""
    node = int(credit.shape.node[row])
    return fork_name(prompt, str(credit.forests[0].node_id[node])) if node >= 0 else ""


def right_at(credit: Credit, row: int) -> bool | None:
    """Whether the leaf of a state has the full reward; None without one."""
    forest, node = credit.forests[0], int(credit.shape.node[row])
    return None if node < 0 or math.isnan(forest.reward[node]) else bool(is_right(forest)[node])


def tree_of(credit: Credit, row: int) -> int:
    """Number of the tree of a state, from 1; 0 at the prompt."""
    node = int(credit.shape.node[row])
    return int(credit.forests[0].tree[node]) + 1 if node >= 0 and not credit.forests.is_prompt[node] else 0


def none(value: float) -> float | None:
    """NaN as null."""
    return None if math.isnan(value) else round(value, 5)
