"""Colours and frame shared by all charts. One accent; blue and orange for the sign of credit."""

from __future__ import annotations

from typing import Any, NamedTuple

from treecore.labels import cut


class Palette(NamedTuple):
    """Colours of one theme."""

    ink: str
    muted: str
    line: str
    background: str
    accent: str
    pale: str
    positive: str
    zero: str
    negative: str

    def diverging(self) -> list[tuple[float, str]]:
        """Colour scale of credit, symmetric about zero."""
        return [(0.0, self.negative), (0.5, self.zero), (1.0, self.positive)]


LIGHT = Palette("#1B1E26", "#6B7080", "#E6E7EC", "#FFFFFF", "#5B4BD6", "#D9D4F7", "#0072B2", "#DCDEE4", "#D55E00")
DARK = Palette("#E8EAF0", "#8B90A0", "#2A2E3A", "#101116", "#7C6CFF", "#3A3462", "#4AA8E0", "#3A3F4D", "#F08A3C")


def frame(palette: Palette, *, height: int) -> dict[str, Any]:
    """Layout settings that every chart shares."""
    axis = {
        "gridcolor": palette.line,
        "zerolinecolor": palette.line,
        "linecolor": palette.line,
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
        "xaxis": axis,
        "yaxis": axis,
        "showlegend": False,
        "hoverlabel": {"align": "left"},
        "dragmode": "pan",
    }


def safe(text: str, most: int = 80) -> str:
    """Untrusted text for Plotly, which reads a little HTML in labels: escaped and shortened."""
    return cut(text, most).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
