"""Every fork as a point: how much of the trajectory it decides against the difference of credit it makes."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from app.figures.style import Palette, frame
from treecore.analysis.frames import label
from treecore.analysis.granularity import fork_contrasts
from treecore.core.numerals import counted, plain
from treecore.core.topology import FloatArray, IntArray
from treecore.methods.registry import Credit
from treecore.views.plotly_text import plotly_text

MAX_POINTS, CELL = 500, (1 / 90, 1 / 48)
"""Points of the chart, and the part of its width and height within which forks share one: about 4 pixels, a third of
the smallest marker. A browser goes through all points in every frame that it paints, wherever on the page."""
MAX_MARKER = 30


def forks_figure(credit: Credit, *, palette: Palette, height: int = 250) -> go.Figure:
    """Scatter of the forks of one forest; `customdata` of a point is the fork's node id.

    Args:
        credit: of one forest. Of forks whose points would lie on each other the one with the most leaves is drawn, and
            says how many there are; at most 500 points.
    """
    forest = credit.forests[0]
    found = fork_contrasts(credit)
    order = np.argsort(-found.n_leaves, kind="stable")
    order = order[np.isfinite(found.contrast[order])]
    top = max([*found.contrast[order], 0.1])
    apart, together = apart_on_the_chart(across=found.governs[order], up=found.contrast[order] / top)
    keep = order[apart]
    rows = found.node[keep]
    names = [plotly_text("the prompt" if forest.is_prompt[row] else label(forest, int(row))) for row in rows]
    hover = [
        f"after {name}<br>decides {share:.0%} of the trajectory<br>difference of credit {plain(gap)}<br>"
        f"{counted(int(n), 'leaf', 'leaves')}{others(int(here))}"
        for name, share, gap, n, here in zip(
            names, found.governs[keep], found.contrast[keep], found.n_leaves[keep], together, strict=True
        )
    ]
    across = {
        "range": [1.06, -0.06],
        "tickvals": [1, 0.75, 0.5, 0.25, 0],
        "ticktext": ["strategy · all", "75 %", "half", "25 %", "detail"],
        "title_text": "share of the trajectory that the fork decides",
    }
    up = {"title_text": "difference of credit", "range": [-0.08 * top, 1.12 * top]}
    return go.Figure(
        go.Scatter(
            x=found.governs[keep],
            y=found.contrast[keep],
            mode="markers",
            customdata=[str(forest.node_id[row]) for row in rows],
            text=hover,
            hovertemplate="%{text}<extra></extra>",
            marker={
                "size": np.minimum(9 + 3 * np.sqrt(found.n_leaves[keep]), MAX_MARKER),
                "color": [palette.governing(float(share)) for share in found.governs[keep]],
                "opacity": 1,
                "line": {"width": 1, "color": palette.strong},
            },
        ),
        layout=frame(palette, height=height, across=across, up=up),
    )


def apart_on_the_chart(*, across: FloatArray, up: FloatArray) -> tuple[IntArray, IntArray]:
    """The first of the points in each cell, and how many there are in it; `[P]` each.

    Args:
        across, up: places of the points, 1 at the ends of the axes; `[F]`.
    """
    cells = np.stack([np.round(across / CELL[0]), np.round(up / CELL[1])], axis=1)
    _, first, together = np.unique(cells, axis=0, return_index=True, return_counts=True)
    order = np.argsort(first)[:MAX_POINTS]
    return first[order], together[order]


def others(together: int) -> str:
    """How many forks share a point with one, for its hover text."""
    return f"<br>and {counted(together - 1, 'other fork')} at this place" if together > 1 else ""
