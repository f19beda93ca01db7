"""Beside the trees: what the selected step is, how it fared, how its number comes about, how far to trust it."""

from __future__ import annotations

import math
import re

import numpy as np
import streamlit as st

from app import state
from app.defaults import RESAMPLES
from app.inspector import wording
from app.verbatim import ours, verbatim
from treecore.bidi import visible
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.errors import TreecoreError
from treecore.methods import get_method
from treecore.methods.explain import Explanation, Line, explain
from treecore.methods.registry import Credit, Ends
from treecore.views.inspector import numbers
from treecore.views.inspector.recorded import recorded
from treecore.views.inspector.words import words_of

LATEX = re.compile(r"\\[a-zA-Z]+|[{}\s]")
BREAK = r"\\[2pt] &"
MAX_BESIDE = 30
"""Characters of worked numbers beside which the result still fits."""
TRUST = (
    "The standard error says how far the credit would move with other leaves or continuations, baselines held fixed. "
    "Fewer than 4 of them count as weak evidence, fewer than 16 as fair."
)
RESAMPLING = (
    "The scored leaves are drawn again, with replacement, and the whole method is computed anew, with its "
    "baselines. Forks stay as they are, so what other forks would have shown is not in the interval."
)


def empty(credit: Credit | None) -> None:
    """Nothing is selected: say what to do, and offer the fork that matters most."""
    st.markdown("##### Click a step")
    st.markdown(
        "Its words, its siblings and the numbers behind its credit appear here. "
        "With the keyboard: Tab to the trees, then the arrow keys; **F** jumps to the next fork."
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
    if (current := state.as_given()).sample:
        st.markdown("##### Your own rollouts")
        st.markdown(f"Drop a file or a folder anywhere on this page, or open it under **{ours(current.title)}**.")


def strongest_fork(credit: Credit) -> int | None:
    """The fork with the largest difference of credit, None when there is none."""
    from treecore.analysis.granularity import fork_contrasts

    found = fork_contrasts(credit)
    known = np.flatnonzero(np.isfinite(found.contrast))
    return int(found.node[known[np.argmax(found.contrast[known])]]) if len(known) else None


def step(credit: Credit, row: int) -> None:
    """The five questions about one step, in order."""
    wording.show(words_of(credit, row))
    explanation = explain(credit, row)
    arithmetic(credit, row, explanation)
    trust(credit, row, explanation)


def words(forest: Forest, row: int) -> None:
    """What a step says, where the chosen method gives no numbers."""
    blank = Credit(Forests(forest), {"credit": np.full(len(forest), np.nan)})
    wording.show(words_of(blank, row))


def arithmetic(credit: Credit, row: int, explanation: Explanation) -> None:
    """The method's formula, then the same with this step's numbers, then the result."""
    st.markdown("##### How the number comes about")
    if explanation.silence:
        st.info(verbatim(explanation.silence), icon=":material/volume_off:")
    elif explanation.convention:
        st.info(ours(explanation.convention), icon=":material/rule:")
    if trajectory := numbers.which_trajectory(credit, row, explanation):
        st.caption(verbatim(trajectory))
    for line in explanation.lines:
        equation(line, credit.ends)
    if (claimed := numbers.claim(credit, row)) is not None:
        claim(claimed, credit.ends)


def equation(line: Line, ends: Ends) -> None:
    """One equation: general, then with numbers, then the result."""
    left, right, worked, exact, result = numbers.equation(line, ends)
    wide = len(LATEX.sub("", worked)) > MAX_BESIDE
    end = f"{f'= {exact}' if exact else ''} = {result}"
    shown = rf"{worked}{BREAK if wide else ' '}{end}"
    st.markdown(ours(rf"$\displaystyle\begin{{aligned}}{left} &= {right} {BREAK}= {shown}\end{{aligned}}$"))


def claim(claimed: numbers.Claim, ends: Ends) -> None:
    """The file's own number beside ours; a number that another method made is no mistake."""
    said = claimed.in_words(ends.words(claimed.value))
    icon = ":material/check:" if claimed.agrees else ":material/difference:"
    st.badge(ours(said), icon=icon, color="orange" if claimed.named and not claimed.agrees else "gray")


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


def trust(credit: Credit, row: int, explanation: Explanation) -> None:
    """Leaves beneath and standard error, in words."""
    st.markdown("##### How far to trust it")
    evidence = " · ".join(numbers.evidence(explanation))
    st.markdown(ours(evidence), help=None if explanation.evidence is None else TRUST)
    if facts := numbers.facts(credit, row):
        st.caption(verbatim(" · ".join(facts)))
    for sentence in recorded(credit.forests[0], row):
        st.caption(verbatim(sentence))
    resampled(credit, row)
    if bias := str(credit.forests[0].sampler.get("bias") or ""):
        st.warning(verbatim(f"Values here are biased: {bias}"), icon=":material/balance:")
    st.caption(verbatim(get_method(credit.method).citation))
