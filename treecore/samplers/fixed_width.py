"""Branches every so many tokens: the rollouts of SPO-tree and TreePO."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Annotated, Literal, NamedTuple

from treecore.errors import MethodError
from treecore.policies.base import FORKS
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds, Only
from treecore.samplers.registry import Expand, Growing, Growth, sampler

MAX_LEAVES = 4096
Form = Literal["spo", "treepo"]
TREEPO = Only("form", ("treepo",))


class Live(NamedTuple):
    """A path that goes on: its last row (None: the prompt) and the segments up to there."""

    row: int | None
    depth: int


@sampler(
    title="Fixed width (SPO-tree, TreePO)",
    family="tree",
    formula=r"L \le \prod_d w_d",
    citation=Citation(
        "Guo et al.",
        2025,
        "Segment Policy Optimization",
        "arXiv:2505.23564; TreePO: arXiv:2508.17445",
        "AIFrameResearch/SPO, multimodal-art-projection/TreePO",
        where="section 5 of SPO, section 2.2 of TreePO",
    ),
    size=lambda *, form, k, widths, leaves, div, first, depth: (
        leaves if form == "treepo" else math.prod(parse_widths(widths))
    ),
    count="at most",
    needs={FORKS},
    bias="with form=treepo, what ends early gets fewer children, so means over leaves weigh long answers more",
    biased_where=TREEPO,
)
def fixed_width(
    growth: Growth,
    *,
    form: Form = "spo",
    k: Annotated[int, Bounds(1, 4096)] = 30,
    widths: Annotated[str, Only("form", ("spo",))] = "6,6,6",
    leaves: Annotated[int, Bounds(1, 512), TREEPO] = 16,
    div: Annotated[int, Bounds(1, 64), TREEPO] = 2,
    first: Annotated[int, Bounds(1, 64), TREEPO] = 8,
    depth: Annotated[int, Bounds(1, 64), TREEPO] = 14,
) -> Growing:
    """Write segments of k tokens and branch after each; a segment that ends the answer is a leaf.

    `spo` gives every segment as many children as its level says; those of the last level are written to the end of the
    answer. `treepo` has a budget of leaves: each live path gets an equal share of what is left of it, at most div
    children a segment (the first time a number drawn from div to first). What ends early leaves its share to the
    others, and where no path is left the rest start again at random ends of segments.

    One prompt is one tree. Segments are steps of their own and nothing is computed twice.

    Args:
        form: `spo` with widths, or `treepo` with leaves, div, first and depth.
        k: tokens of a segment (30 in SPO's GSM8K runs, 600 in its MATH runs, 512 in TreePO).
        widths: spo: children at each level, separated by commas.
        leaves: treepo: answers of each prompt.
        div: treepo: most children of a segment.
        first: treepo: most children of the prompt, or div if that is more.
        depth: treepo: longest answer in segments; the last of them is written to the end.

    Departures:
        A segment also ends where a step does, since the environment then answers. TreePO cuts the answer after the last
        segment; here that segment is written to its end, so that it has an outcome. Of TreePO's rollout only the rule
        above is known: whether a draw of the first division includes div, which path gets the remainder of a share
        (here the first ones) and how boundaries are weighted when it starts again (here all alike) are ours; its other
        ways to divide, by log probability, are left out.
    """
    if form == "spo":
        yield from _levels(growth, k, parse_widths(widths))
    else:
        yield from _budget(growth, k, leaves=leaves, div=div, first=max(first, div), depth=depth)


def _levels(growth: Growth, k: int, widths: Sequence[int]) -> Growing:
    live = [Live(None, 0)]
    for level, width in enumerate(widths):
        last = level == len(widths) - 1
        live = yield from _segments(growth, live, [width] * len(live), tokens=k, depth=level + 1 if last else None)
        if not live:
            return


def _budget(growth: Growth, k: int, *, leaves: int, div: int, first: int, depth: int) -> Growing:
    live, ended, ends = [Live(None, 0)], 0, [Live(None, 0)]
    most = int(growth.random.integers(div, first + 1))
    while ended < leaves:
        if not live:
            live = [ends[place] for place in growth.random.integers(len(ends), size=leaves - ended)]
        asked = shares(len(live), budget=leaves - ended, most=most)
        live = yield from _segments(growth, live, asked, tokens=k, depth=depth)
        ended += sum(asked) - len(live)
        ends += live
        most = div


def shares(paths: int, *, budget: int, most: int) -> list[int]:
    """Children of each path: the budget in equal parts, what remains to the first ones, none above `most`."""
    each, more = divmod(budget, paths)
    return [min(each + (place < more), most) for place in range(paths)]


def _segments(
    growth: Growth, live: Sequence[Live], widths: Sequence[int], *, tokens: int, depth: int | None
) -> Generator[list[Expand], list[int], list[Live]]:
    """Write so many segments after each path; returns those that are not over.

    Args:
        depth: number of the segment that is written to the end.
    """
    paths = [path for path, width in zip(live, widths, strict=True) for _ in range(width)]
    requests = []
    for row, done in paths:
        free = depth is not None and done + 1 >= depth
        limit = (None, None) if free else (1, tokens)
        requests.append(Expand(0 if row is None else row, steps=limit[0], tokens=limit[1], note={"segment": done + 1}))
    rows: list[int] = []
    if not growth.parent:
        rows = yield [replace(requests[0], node=None)]
        requests = requests[1:]
    rows = [*rows, *((yield requests) if requests else [])]
    return [Live(row, path.depth + 1) for row, path in zip(rows, paths, strict=True) if growth.nodes[row].open]


def parse_widths(text: str) -> list[int]:
    """Widths of the levels.

    Raises:
        MethodError: not numbers from 1, or too many leaves.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 and int(part) for part in parts):
        raise MethodError(f"widths={text!r} are not whole numbers from 1 with commas between", todo="give e.g. 6,6,6")
    found = [int(part) for part in parts]
    if math.prod(found) > MAX_LEAVES:
        raise MethodError(f"widths={text!r} are {math.prod(found)} leaves", todo=f"give at most {MAX_LEAVES}")
    return found
