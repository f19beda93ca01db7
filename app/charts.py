"""The two charts under the trees. A click in either selects the step everywhere.

Those of a large forest are drawn after its trees, which a reader waits for.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import state
from app.signals import chart_marks
from treecore.methods.registry import Credit

CONFIG = {"displayModeBar": False, "scrollZoom": False}
LARGE, HEIGHT = 20_000, 250
"""Nodes from which on the charts of a forest wait for its trees, and pixels of a chart."""
DRAWN = "charts_drawn_for"


@st.fragment
def pair(credit: Credit) -> None:
    """Forks by what they decide, and the icicle of tokens."""
    state.keep()
    forest, stamp = credit.forests[0], (state.recorded().key, state.forest_number())
    waits = len(forest) >= LARGE and state.get_or(DRAWN, None) != stamp
    left, right = st.columns(2, gap="medium")
    if waits:
        headings(credit, left, right)
        for column in (left, right):
            column.container(height=HEIGHT, border=False)
    else:
        draw(credit, left, right)
    chart_marks(
        [f"chart_{name}" for name in ("forks", "icicle")],
        dark=is_dark(),
        waits_for=len(forest) if waits else 0,
        key="chart_marks",
        on_drawn=lambda: state.put({DRAWN: stamp}),
    )


def headings(credit: Credit, left: Any, right: Any) -> None:
    """What the charts show."""
    from app.figures.icicle import has_counts

    left.markdown("###### What each fork decides, and how much it matters")
    right.markdown(f"###### Where the {'tokens' if has_counts(credit.forests[0]) else 'steps'} went")


def draw(credit: Credit, left: Any, right: Any) -> None:
    """The charts under their headings."""
    from app.figures.forks import forks_figure
    from app.figures.icicle import icicle_figure

    palette = palette_now()
    headings(credit, left, right)
    with left:
        if len(credit.shape.forks):
            chart(
                forks_figure(credit, palette=palette, height=HEIGHT),
                key="forks",
                alt="Forks: share decided against difference of credit",
            )
        else:
            st.caption("No forks: these are independent chains. Sample with random_expansion to grow some.")
    with right:
        chart(icicle_figure(credit, palette=palette, height=HEIGHT), key="icicle", alt="Icicle of the forest by tokens")


def chart(figure: Any, *, key: str, alt: str) -> None:
    """A chart whose clicks select a step."""
    st.plotly_chart(figure, key=f"chart_{key}", config=CONFIG, theme=None, alt=alt)


def palette_now() -> Any:
    """Colours of the theme that the browser shows."""
    from app.figures.style import DARK, LIGHT

    return DARK if is_dark() else LIGHT


def is_dark() -> bool:
    """Whether the browser showed the dark theme when it asked for this run."""
    return bool(st.context.theme.type == "dark")
