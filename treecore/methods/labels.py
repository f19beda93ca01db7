"""Labels for process reward models, read off values of prefixes: Math-Shepherd, StepWiser, GenPRM.

A label says "good" or "bad" about a step; as credit it is stretched to -1..1. No judge model is asked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np

from treecore.core.batch import Forests
from treecore.core.topology import FloatArray
from treecore.methods.laws import Laws
from treecore.methods.monte_carlo import TREE_BIAS, Source, needs, prefix_values, success_values
from treecore.methods.ops.groups import at_parent, back_up, right_leaves
from treecore.methods.registry import Credit, credit_method
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds, Value

LABEL_LINE = r"C(s) = 2 \cdot y(s) - 1"
LABEL_SYMBOLS = {"C(s)": "credit", "y(s)": "label", "Q(s)": "q"}
BEFORE_SYMBOL = {"Q(s^{-})": "q_before"}
TIE = 1e-12
"""Values closer to a threshold than this are on it: rounding must not decide a label."""
STRETCHED = "The label in 0..1 is stretched to -1..1, so that its middle is neutral. "


def labelled(forests: Forests, label: FloatArray, columns: Mapping[str, FloatArray]) -> Credit:
    """Credit of labels in 0..1, `[N]`; prompts get none."""
    step = forests.parent >= 0
    label = np.where(step, label, np.nan)
    recorded = back_up(forests, forests.reward)
    nodes = {"credit": 2.0 * label - 1.0, "label": label, **columns}
    nodes |= {"value": recorded.mean, "n_leaves": recorded.count}
    return Credit(forests, nodes, {"reward": forests.reward})


def rule(condition: str) -> str:
    """The line that turns a measure into a label, and the one that stretches it."""
    return rf"y(s) = \mathbb{{1}}[{condition}]" + "\n" + LABEL_LINE


def shepherd_formula(params: Mapping[str, Value]) -> str:
    """The equations of one estimate."""
    if params["estimate"] == "soft":
        return "y(s) = Q(s)\n" + LABEL_LINE
    return rule("r(s) > 0" if params["values"] == "tree" else "Q(s) > 0")


@credit_method(
    laws=Laws(averages=False),
    title="Math-Shepherd",
    family="labels",
    over="states",
    formula=shepherd_formula,
    symbols={**LABEL_SYMBOLS, "r(s)": "n_right"},
    citation=Citation(
        "Wang et al.",
        2023,
        "Math-Shepherd",
        "arXiv:2312.08935",
        "from the paper; no code was read",
        where="equations 3 and 4",
    ),
    needs=needs,
    departures=STRETCHED + TREE_BIAS,
)
def math_shepherd(forests: Forests, *, values: Source = "tree", estimate: Literal["hard", "soft"] = "hard") -> Credit:
    """Can this step still lead to a right answer?

    The hard estimate calls a step good if any continuation from it is right; the soft estimate is the share of
    continuations that are. Neither compares the step with its siblings: an easy question makes every step look good.

    Args:
        values: where values of prefixes come from, `tree` (the recorded leaves beneath; biased where the sampler is
            a search) or `monte_carlo` (fresh continuations, column `mc_value`).
        estimate: `hard`, 1 if any continuation is right; or `soft`, the share (the mean outcome).

    Returns:
        nodes: `credit` (2 label - 1; NaN at the prompt and where no value is known), `label`, `q` (mean outcome),
        `n_right` (leaves beneath with the full reward), `value`, `n_leaves`, `stderr` (soft only; outcomes must lie in
        0..1). A lone trajectory is labelled by its own outcome.
    """
    source = success_values(forests, values) if estimate == "soft" else prefix_values(forests, values)
    q = source.value
    n_right = np.where(forests.n_scored > 0, forests.topology.leaf_count(right_leaves(forests)), np.nan)
    if estimate == "soft":
        label = q
    elif values == "tree":
        label = np.where(np.isnan(n_right), np.nan, n_right > 0)
    else:
        label = np.where(np.isnan(q), np.nan, q > 0)
    soft = {"stderr": np.where(forests.parent >= 0, 2.0 * source.stderr, np.nan)} if estimate == "soft" else {}
    return labelled(forests, label, {"q": q, "n_right": n_right, **soft})


STEPWISER_LINES = {
    "abs_q": rule("Q(s) > 0"),
    "rel_effective": r"e(s) = Q(s) + \alpha \cdot (B(s) - B(s^{-}))" + "\n" + rule("e(s) > 0"),
    "rel_ratio": r"\rho(s) = \frac{Q(s)}{Q(s^{-})}" + "\n" + rule(r"\rho(s) > \gamma"),
}


def stepwiser_formula(params: Mapping[str, Value]) -> str:
    """The equations of one scheme."""
    return STEPWISER_LINES[str(params["scheme"])]


@credit_method(
    laws=Laws(averages=False),
    title="StepWiser labels",
    family="labels",
    over="states",
    formula=stepwiser_formula,
    symbols={
        **LABEL_SYMBOLS,
        **BEFORE_SYMBOL,
        "e(s)": "effective",
        r"\rho(s)": "ratio",
        r"\gamma": "param:gamma",
        r"\alpha": "param:alpha",
        "B(s)": "best_of_n",
        "B(s^{-})": "parent:best_of_n",
    },
    citation=Citation(
        "Xiong et al.",
        2025,
        "StepWiser",
        "arXiv:2508.19229",
        "from the paper; no code was found",
        where="section 3.2",
    ),
    needs=needs,
    departures=(
        "These are the training labels of the judge, not the trained judge. The paper leaves the ratio open where "
        "the value before the step is 0: there 0/0 counts as bad and x/0 as good, marked in `undefined_ratio`. An "
        "effective value of exactly 0 counts as bad. " + STRETCHED + TREE_BIAS
    ),
)
def stepwiser(
    forests: Forests,
    *,
    values: Source = "tree",
    scheme: Literal["abs_q", "rel_effective", "rel_ratio"] = "rel_effective",
    alpha: Annotated[float, Bounds(0, 10)] = 0.4,
    n: Annotated[int, Bounds(1, 1000)] = 4,
    gamma: Annotated[float, Bounds(0, 10)] = 0.8,
) -> Credit:
    """Is this step good in itself, or did it make success more likely than it was before?

    Three rules label a step from the share of continuations that succeed after it (Q) and before it. Absolute: good
    if any succeeds. Relative effective: good if Q plus the gain in best-of-n success is above 0. Relative ratio: good
    if Q is more than a set fraction of what it was.

    Args:
        values: where values of prefixes come from, `tree` (mean outcome of the recorded leaves beneath; biased where
            the sampler is a search) or `monte_carlo` (fresh continuations, column `mc_value`).
        scheme: the rule, `abs_q`, `rel_effective` or `rel_ratio`.
        alpha: weight of the gain under `rel_effective` (paper: 0.4 for 1.5B, 0.8 for 7B models).
        n: of how many attempts the best counts under `rel_effective`.
        gamma: fraction that must be kept under `rel_ratio` (paper: 0.8 for 1.5B, 0.7 for 7B models).

    Returns:
        nodes: `credit` (+1 good, -1 bad; NaN at the prompt and where a value is missing), `label`, `q`, `q_before`,
        `best_of_n`, `effective`, `ratio` (NaN where undefined), `undefined_ratio` (1 where the value before is 0),
        `value`, `n_leaves`. Outcomes must lie in 0..1: any above 0 is some success. A lone trajectory is labelled by
        its own outcome.
    """
    q = success_values(forests, values).value
    before = at_parent(forests, q)
    best = 1.0 - (1.0 - q) ** n
    effective = q + alpha * (best - at_parent(forests, best))
    undefined = before == 0
    ratio = q / np.where(undefined, np.nan, before)
    measure, bound = {
        "abs_q": (q, 0.0),
        "rel_effective": (effective, 0.0),
        "rel_ratio": (np.where(undefined, np.where(q > 0, np.inf, -np.inf), ratio), gamma),
    }[scheme]
    measure = np.where(undefined & np.isnan(q), np.nan, measure)
    columns = {
        "q": q,
        "q_before": before,
        "best_of_n": best,
        "effective": effective,
        "ratio": ratio,
        "undefined_ratio": np.where(np.isnan(before), np.nan, undefined),
    }
    return labelled(forests, np.where(np.isnan(measure), np.nan, measure > bound + TIE), columns)


@credit_method(
    laws=Laws(averages=False),
    title="GenPRM labels (relative progress)",
    family="labels",
    over="states",
    formula=r"P(s) = \frac{Q(s)}{Q(s^{-})}" + "\n" + rule(r"P(s) \ge \epsilon"),
    symbols={**LABEL_SYMBOLS, **BEFORE_SYMBOL, "P(s)": "progress", r"\epsilon": "param:epsilon"},
    citation=Citation("Zhao et al.", 2025, "GenPRM", "arXiv:2504.00891", "relative progress estimation"),
    needs=needs,
    departures=(
        "These are the training labels of the generative judge, before the agreement filter, not the trained judge. "
        + STRETCHED
        + TREE_BIAS
    ),
)
def genprm(forests: Forests, *, values: Source = "tree", epsilon: Annotated[float, Bounds(0, 10)] = 0.8) -> Credit:
    """Did this step keep most of the chance of success that there was before it?

    The share of continuations that succeed after the step, over the share before it, is the step's progress. It is
    good from `epsilon` on. Once no continuation succeeds, every later step is bad, even if a lucky one recovers.

    Args:
        values: where values of prefixes come from, `tree` (mean outcome of the recorded leaves beneath; biased where
            the sampler is a search) or `monte_carlo` (fresh continuations, column `mc_value`).
        epsilon: progress from which a step is good.

    Returns:
        nodes: `credit` (+1 good, -1 bad; NaN at the prompt and where a value is missing), `label`, `progress` (0 after
        a value of 0), `q` (0 after a value of 0), `q_before`, `value`, `n_leaves`. Outcomes must lie in 0..1: any above
        0 is some success. A lone trajectory is labelled by its own outcome.
    """
    q = success_values(forests, values).value
    lost = (q == 0).astype(np.float64)
    after_loss = forests.topology.path_sum(lost) > 0
    q = np.where(after_loss & (~np.isnan(q) | (values == "monte_carlo")), 0.0, q)
    before = at_parent(forests, q)
    progress = np.where(before == 0, 0.0 * q, q / np.where(before == 0, 1.0, before))
    label = np.where(np.isnan(progress), np.nan, progress >= epsilon - TIE)
    return labelled(forests, label, {"progress": progress, "q": q, "q_before": before})
