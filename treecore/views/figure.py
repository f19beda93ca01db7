"""The trees as a Plotly figure, for notebooks and exports; the app draws its own canvas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from treecore.core.forest import Forest
from treecore.core.given import first_forest
from treecore.core.outcomes import is_open_ended, is_right
from treecore.core.step_text import split_step
from treecore.methods.registry import NEUTRAL, Credit
from treecore.views.frame import position_in
from treecore.views.layout import leaf_rows
from treecore.views.palette import LIGHT
from treecore.views.plotly_text import plotly_text

if TYPE_CHECKING:
    import plotly.graph_objects as go

MAX_LABELS, LABEL = 80, 60
"""Nodes beside which words are written, and characters of these."""


def figure(forest: Forest | Iterable[Forest], credit: Credit | None = None) -> go.Figure:
    """Time from left to right, a row a trajectory, nodes coloured by credit and hollow where none is assigned.

    Args:
        forest: what to draw; of several the first, with a warning.
        credit: computed on this forest, alone or in a batch; all nodes are grey without one.

    Raises:
        ForestError: the credit was computed on other forests, or no forest is given.
    """
    import plotly.graph_objects as go

    forest = first_forest(forest)
    x = forest.topology.depth.astype(float)
    y = -leaf_rows(forest.topology)
    drawn = go.Figure(edges(forest, x, y))
    drawn.add_trace(nodes(forest, None if credit is None else credit.of(position_in(credit, forest)), x, y))
    drawn.update_layout(
        title={"text": plotly_text(forest.prompt, LABEL), "font": {"size": 15}},
        height=max(260, 40 * len(forest.leaves) + 120),
        showlegend=False,
        plot_bgcolor="white",
        margin={"l": 20, "r": 20, "t": 50, "b": 20},
        xaxis={"title": {"text": "step"}, "dtick": 1, "gridcolor": LIGHT.hairline, "zeroline": False},
        yaxis={"visible": False},
    )
    return drawn


def edges(forest: Forest, x: np.ndarray, y: np.ndarray) -> go.Scatter:
    """All edges as one broken line."""
    import plotly.graph_objects as go

    rows = np.flatnonzero(forest.parent >= 0)
    above = forest.parent[rows]
    gaps = np.full(len(rows), np.nan)
    return go.Scatter(
        x=np.column_stack([x[above], x[above], x[rows], gaps]).ravel(),
        y=np.column_stack([y[above], y[rows], y[rows], gaps]).ravel(),
        mode="lines",
        line={"color": LIGHT.edge, "width": 1.5, "shape": "linear"},
        hoverinfo="skip",
    )


def nodes(forest: Forest, credit: Credit | None, x: np.ndarray, y: np.ndarray) -> go.Scatter:
    """All nodes; squares are wrong ends, diamonds ends without an outcome, circles everything else."""
    import plotly.graph_objects as go

    said = [split_step(text, forest.node_extra.get(row, {})).label for row, text in enumerate(forest.text)]
    labels = [plotly_text(label, LABEL) for label in said]
    values = np.zeros(len(forest)) if credit is None else credit.credit
    ends = NEUTRAL if credit is None else credit.ends
    wrong = np.isfinite(forest.reward) & ~is_right(forest)
    names = [plotly_text(str(name), LABEL) for name in forest.node_id]
    shapes = np.where(wrong, "square", np.where(is_open_ended(forest), "diamond", "circle")).tolist()
    symbols = [shape if known else f"{shape}-open" for shape, known in zip(shapes, np.isfinite(values), strict=True)]
    return go.Scatter(
        x=x,
        y=y,
        mode="markers+text" if len(forest) <= MAX_LABELS else "markers",
        text=labels,
        textposition="top left",
        textfont={"size": 10, "color": LIGHT.muted},
        customdata=[str(name) for name in forest.node_id],
        hovertext=[
            f"{name}<br>{label}" + ("" if credit is None else f"<br>credit {ends.words(value)}")
            for name, label, value in zip(names, labels, values, strict=True)
        ],
        hoverinfo="text",
        marker={
            "size": 13,
            "symbol": symbols,
            "color": values,
            "colorscale": LIGHT.scale(ends),
            "cmin": ends.low,
            "cmax": ends.high,
            "line": {"width": 1, "color": LIGHT.muted},
            "colorbar": None if credit is None else {"title": {"text": "credit"}, "thickness": 12},
        },
    )
