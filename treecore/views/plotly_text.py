"""Words of others for Plotly, which reads a little HTML in labels."""

from __future__ import annotations

from treecore.bidi import visible
from treecore.views.labels import cut

LABEL = 80


def plotly_text(text: str, most: int = LABEL) -> str:
    """The text shortened, direction controls visible, and escaped."""
    return cut(visible(text), most).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
