"""Beside the trees: what the selected step is, how it fared, how its number comes about, how far to trust it."""

from __future__ import annotations

import math
import re

import numpy as np
import streamlit as st

from app import state, wording
from app.verbatim import ours, verbatim
from treecore.analysis.frames import label
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.numerals import counted, plain, short, signed, whole
from treecore.errors import TreecoreError
from treecore.methods import get_method
from treecore.methods.explain import NOISE, Explanation, Line, explain, number
from treecore.methods.registry import Credit
from treecore.views.inspector.recorded import recorded
from treecore.views.inspector.words import words_of

WEAK, FAIR = 4, 16
DIGITS = 4
"""Decimals of the result of an equation."""
LATEX = re.compile(r"\\[a-zA-Z]+|[{}\s]")
BREAK = r"\\[2pt] &"
WIDEST = 30
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
        st.text(note)
    if credit is not None and (row := strongest_fork(credit)) is not None:
        forest = credit.forests[0]
        st.button(
            "Show the fork that matters most",
            on_click=state.select,
            args=(str(forest.node_id[row]),),
            type="primary",
            icon=":material/fork_right:",
        )


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
    forest = credit.forests[0]
    about_leaf = [line for line in explanation.lines if line.row == explanation.leaf and line.row != row]
    if about_leaf and explanation.n_leaves > 1:
        end = f"the one that ends in “{label(forest, explanation.leaf)}”, and then the step:"
        st.caption(f"One of its {whole(explanation.n_leaves)} trajectories, {verbatim(end)}")
    for line in explanation.lines:
        equation(line)
    claimed = forest.claimed.get(credit.method)
    if claimed is not None and not math.isnan(claimed[row]):
        claim(float(claimed[row]), computed=explanation.credit)


def equation(line: Line) -> None:
    """One equation: general, then with numbers, then the result."""
    left, right = line.formula.split(" = ", 1)
    worked = line.numbers.split(" = ", 1)[1]
    exact = rf"= {fraction(line.exact)}" if line.exact else ""
    sign = "+" if line.result >= NOISE else ""
    result = r"\text{not assigned}" if math.isnan(line.result) else rf"\mathbf{{{sign}{number(line.result, DIGITS)}}}"
    wide = len(LATEX.sub("", worked)) > WIDEST
    numbers = rf"{worked}{BREAK if wide else ' '}{exact} = {result}"
    st.markdown(ours(rf"$\displaystyle\begin{{aligned}}{left} &= {right} {BREAK}= {numbers}\end{{aligned}}$"))


def fraction(text: str) -> str:
    """`-2/3` as LaTeX."""
    top, bottom = text.lstrip("-").split("/")
    return rf"{'-' if text.startswith('-') else ''}\tfrac{{{top}}}{{{bottom}}}"


def claim(claimed: float, *, computed: float) -> None:
    """The file's own number beside ours."""
    if abs(claimed - computed) <= 1e-4 * max(1.0, abs(computed)):
        st.badge(f"the file claims {ours(signed(claimed))}: agrees", icon=":material/check:", color="gray")
    else:
        st.badge(f"the file claims {ours(signed(claimed))}: differs", icon=":material/difference:", color="orange")


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
        bar.progress(done / state.RESAMPLES, "resampling; any click stops it")

    try:
        found = state.interval(tell)
    except TreecoreError as error:
        st.info(verbatim(f"{error}."), icon=":material/info:")
        return
    finally:
        bar.empty()
    lower, upper = float(found.lower[row]), float(found.upper[row])
    if math.isnan(lower):
        st.caption("No interval: too few scored leaves beneath, or most draws assign nothing.")
    else:
        st.markdown(f"90 % of {state.RESAMPLES:d} draws give {ours(signed(lower))} to {ours(signed(upper))}")


def spread(stderr: float) -> str:
    """The standard error in words; none can be told where all ended alike."""
    if stderr < NOISE:
        return "all ended alike, so no standard error"
    return f"standard error {plain(stderr)}"


def trust(credit: Credit, row: int, explanation: Explanation) -> None:
    """Leaves beneath and standard error, in words."""
    st.markdown("##### How far to trust it")
    n = explanation.evidence
    said = [explanation.evidence_is]
    if n is not None:
        lone = "no standard error from a single leaf" if n == 1 else "no standard error"
        said.append(lone if math.isnan(explanation.stderr) else spread(explanation.stderr))
        said.append("weak evidence" if n < WEAK else "fair evidence" if n < FAIR else "solid evidence")
    st.markdown(verbatim(" · ".join(said)), help=TRUST if n is not None else None)
    facts = []
    if "value" in credit.nodes and get_method(credit.method).judges_outcomes:
        known = "value" if "value" in get_method(credit.method).symbols.values() else "mean outcome beneath"
        facts.append(f"{known} {short(float(credit.nodes['value'][row]))}")
    if "gradient_weight" in credit.nodes:
        facts.append(f"gradient weight {signed(float(credit.nodes['gradient_weight'][row]))}")
    tokens = int(credit.forests[0].n_model_tokens[row])
    if tokens > 0:
        facts.append(counted(tokens, "token"))
    if facts:
        st.caption(verbatim(" · ".join(facts)))
    for sentence in recorded(credit.forests[0], row):
        st.caption(verbatim(sentence))
    resampled(credit, row)
    if bias := str(credit.forests[0].sampler.get("bias") or ""):
        st.warning(verbatim(f"Values here are biased: {bias}"), icon=":material/balance:")
    st.caption(verbatim(get_method(credit.method).citation))
