"""The two charts under the trees. A click in either selects the step everywhere."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.signals import chart_marks
from treecore.methods.registry import Credit

CONFIG = {"displayModeBar": False, "scrollZoom": False}


def pair(credit: Credit) -> None:
    """Forks by what they decide, and the icicle of tokens."""
    from app.figures.forks import forks_figure
    from app.figures.icicle import has_counts, icicle_figure

    palette = palette_now()
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("###### What each fork decides, and how much it matters")
        if len(credit.shape.forks):
            chart(
                forks_figure(credit, palette=palette),
                key="forks",
                alt="Forks: share decided against difference of credit",
            )
        else:
            st.caption("No forks: these are independent chains. Sample with random_expansion to grow some.")
    with right:
        st.markdown(f"###### Where the {'tokens' if has_counts(credit.forests[0]) else 'steps'} went")
        chart(icicle_figure(credit, palette=palette), key="icicle", alt="Icicle of the forest by tokens")
    chart_marks([f"chart_{name}" for name in ("forks", "icicle")], dark=is_dark(), key="chart_marks")


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
