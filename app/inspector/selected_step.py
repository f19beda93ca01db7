"""Beside the trees: what the selected step is, how it fared, how its number comes about, how far to trust it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import streamlit as st

from app import state
from app.defaults import RESAMPLES
from app.inspector import wording
from app.panel import step_panel
from app.verbatim import ours, verbatim
from treecore.bidi import visible
from treecore.core.forest import Forest
from treecore.core.outcomes import ROUNDING
from treecore.errors import TreecoreError
from treecore.methods import get_method
from treecore.methods.registry import Credit
from treecore.views.inspector.inspection import inspect, only_arithmetic, without_method

RESAMPLING = (
    "The scored leaves are drawn again, with replacement, and the whole method is computed anew, with its "
    "baselines. Forks stay as they are, so what other forks would have shown is not in the interval."
)


def empty(credit: Credit | None) -> None:
    """Nothing is selected: say what to do, and offer the fork that matters most."""
    st.markdown("##### Click a step")
    st.markdown(
        "Its words, its siblings and the numbers behind its credit appear here. "
        "With the keyboard: the arrow keys walk, **F** jumps to the next fork."
    )
    if note := state.opened().note:
        st.markdown("##### What to look for")
        st.text(visible(note))
    if credit is not None and (row := strongest_fork(credit)) is not None:
        forest = credit.forests[0]
        st.button(
            "Show the fork that matters most",
            on_click=state.select,
            args=(str(forest.node_id[row]),),
            type="primary",
            icon=":material/fork_right:",
        )
    if credit is not None and is_silent(credit) and not (state.opened().note and all_alike(credit.forests[0])):
        st.markdown("##### No signal")
        st.markdown("Every step gets 0 by this method: nothing that it compares differs.")
    if (current := state.as_given()).sample:
        st.markdown("##### Your own rollouts")
        st.markdown(f"Drop a file or a folder anywhere on this page, or open it under **{ours(current.title)}**.")


def is_silent(credit: Credit) -> bool:
    """Whether all steps that have a credit have 0, up to rounding."""
    known = credit.credit[np.isfinite(credit.credit)]
    return len(known) > 0 and float(np.abs(known).max()) <= ROUNDING


def all_alike(forest: Forest) -> bool:
    """Whether no outcome differs from another, of which the note of a sample speaks itself."""
    known = forest.reward[np.isfinite(forest.reward)]
    return len(known) == 0 or float(np.ptp(known)) <= ROUNDING


def strongest_fork(credit: Credit) -> int | None:
    """The fork with the largest difference of credit, None when there is none or none differs."""
    from treecore.analysis.granularity import fork_contrasts

    found = fork_contrasts(credit)
    known = np.flatnonzero(np.isfinite(found.contrast))
    if not len(known) or found.contrast[known].max() <= ROUNDING:
        return None
    return int(found.node[known[np.argmax(found.contrast[known])]])


def step(credit: Credit, row: int) -> None:
    """All about one step, and an interval of its credit on request."""
    wording.show(replace(inspect(credit, row), credit=""))  # the card of the step and the last equation say it
    resampled(credit, row)


def words(forest: Forest, row: int) -> None:
    """What a step says and what was recorded of it, where the chosen method gives no numbers."""
    wording.show(inspect(without_method(forest), row))


def arithmetic(credit: Credit, row: int, *, key: str) -> None:
    """The method's formula, then the same with this step's numbers, then the result."""
    step_panel(only_arithmetic(inspect(credit, row)), key=key)


def resampled(credit: Credit, row: int) -> None:
    """An interval of the credit over other draws of the leaves, on request, where the method rests on these."""
    method = get_method(credit.method)
    needs = method.needs_with(credit.params)
    if not method.judges_outcomes or "reward" not in needs or "mc_value" in needs:
        return
    if not st.toggle("Interval from resampled leaves", key="resample", help=RESAMPLING):
        return
    bar = st.empty()

    def tell(done: int) -> None:
        bar.progress(done / RESAMPLES, "resampling; any click stops it")

    try:
        found = state.interval(tell)
    except TreecoreError as error:
        st.info(verbatim(f"{error}."), icon=":material/info:")
        return
    finally:
        bar.empty()
    lower, upper, words = float(found.lower[row]), float(found.upper[row]), credit.ends.words
    if math.isnan(lower):
        st.caption("No interval: too few scored leaves beneath, or most draws assign nothing.")
    else:
        st.markdown(f"90 % of {RESAMPLES:d} draws give {ours(words(lower))} to {ours(words(upper))}")
