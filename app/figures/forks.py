"""Every fork as a point: how much of the trajectory it decides against the difference of credit it makes."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from app.figures.style import Palette, frame
from treecore.analysis.frames import label
from treecore.analysis.granularity import fork_contrasts
from treecore.core.numerals import counted, plain
from treecore.methods.registry import Credit
from treecore.views.plotly_text import plotly_text

MAX_FORKS = 2000
MAX_MARKER = 30


def forks_figure(credit: Credit, *, palette: Palette, height: int = 250) -> go.Figure:
    """Scatter of the forks of one forest; `customdata` of a point is the fork's node id.

    Args:
        credit: of one forest. Only the 2,000 forks with the most leaves are drawn.
    """
    forest = credit.forests[0]
    found = fork_contrasts(credit)
    keep = np.argsort(-found.n_leaves, kind="stable")[:MAX_FORKS]
    keep = keep[np.isfinite(found.contrast[keep])]
    rows = found.node[keep]
    names = [plotly_text("the prompt" if forest.is_prompt[row] else label(forest, int(row))) for row in rows]
    hover = [
        f"after {name}<br>decides {share:.0%} of the trajectory<br>difference of credit {plain(gap)}<br>"
        f"{counted(int(n), 'leaf', 'leaves')}"
        for name, share, gap, n in zip(
            names, found.governs[keep], found.contrast[keep], found.n_leaves[keep], strict=True
        )
    ]
    figure = go.Figure(
        go.Scatter(
            x=found.governs[keep],
            y=found.contrast[keep],
            mode="markers",
            customdata=[str(forest.node_id[row]) for row in rows],
            text=hover,
            hovertemplate="%{text}<extra></extra>",
            marker={
                "size": np.minimum(9 + 3 * np.sqrt(found.n_leaves[keep]), MAX_MARKER),
                "color": found.governs[keep],
                "colorscale": [(0.0, palette.pale), (1.0, palette.strong)],
                "cmin": 0,
                "cmax": 1,
                "line": {"width": 1, "color": palette.strong},
                "opacity": 0.9,
            },
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 0.9}},
        )
    )
    figure.update_layout(**frame(palette, height=height))
    figure.update_xaxes(
        range=[1.06, -0.06],
        tickvals=[1, 0.75, 0.5, 0.25, 0],
        ticktext=["strategy · all", "75 %", "half", "25 %", "detail"],
        title_text="share of the trajectory that the fork decides",
    )
    top = max([*found.contrast[keep], 0.1])
    figure.update_yaxes(title_text="difference of credit", range=[-0.08 * top, 1.12 * top])
    return figure
