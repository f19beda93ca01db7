"""The frame and the text of all charts; their colours are those of every picture."""

from __future__ import annotations

from typing import Any

import pandas as _whole  # noqa: F401  (Plotly takes one that another thread is still importing for a whole one)

from treecore.views.palette import DARK, LIGHT, Palette

__all__ = ["DARK", "LIGHT", "Palette", "frame"]


def frame(
    palette: Palette, *, height: int, across: dict[str, Any] | None = None, up: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Layout settings that every chart shares, to make a figure with: Plotly takes long to change those of one.

    Args:
        across, up: more settings of either axis.
    """
    axis = {
        "gridcolor": palette.hairline,
        "zerolinecolor": palette.hairline,
        "linecolor": palette.hairline,
        "tickfont": {"color": palette.muted, "size": 11},
        "title": {"font": {"color": palette.muted, "size": 12}, "standoff": 6},
        "automargin": True,
    }
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": palette.ink, "size": 12},
        "xaxis": {**axis, **(across or {})},
        "yaxis": {**axis, **(up or {})},
        "showlegend": False,
        "hoverlabel": {"align": "left"},
        "dragmode": "pan",
    }
