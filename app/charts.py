"""The two charts under the trees. A click in either selects the step everywhere."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import state
from treecore.credit.registry import Credit

CONFIG = {"displayModeBar": False, "scrollZoom": False}


def pair(credit: Credit) -> None:
    """Forks by what they decide, and the icicle of tokens."""
    from app.figures.forks import forks_figure
    from app.figures.icicle import counted, icicle_figure

    palette = palette_now()
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("###### What each fork decides, and how much it matters")
        if credit.forests.topology.is_fork.any():
            chart(forks_figure(credit, palette=palette), "forks", "Forks: share decided against difference of credit")
        else:
            st.caption("No forks: these are independent chains. Sample with random_expansion to grow some.")
    with right:
        st.markdown(f"###### Where the {'tokens' if counted(credit.forests[0]) else 'steps'} went")
        chart(icicle_figure(credit, palette=palette), "icicle", "Icicle of the forest by tokens")


def chart(figure: Any, key: str, alt: str) -> None:
    """A chart whose clicks select a step."""
    name = f"chart_{key}"
    st.plotly_chart(
        figure,
        key=name,
        on_select=lambda: take(name),
        selection_mode="points",
        config=CONFIG,
        theme=None,
        alt=alt,
    )


def take(name: str) -> None:
    """Select the step of a clicked point or sector; unknown ids deselect."""
    match state.get(name):
        case {"selection": {"points": [{"customdata": [found, *_]} | {"customdata": str(found)} | {"id": found}, *_]}}:
            state.select(str(found))


def palette_now() -> Any:
    """Colours of the theme that the browser shows."""
    from app.figures.style import DARK, LIGHT

    return DARK if st.context.theme.type == "dark" else LIGHT
