"""Labels of steps that people or programs recorded, as in PRM800K, ProcessBench and TRL's stepwise supervision.

Nothing is estimated here: the credit of a step is what the file says about it, whatever the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np

from treecore.core.batch import Forests
from treecore.core.numerals import counted
from treecore.errors import MethodError
from treecore.methods.laws import Laws
from treecore.methods.ops.groups import at_parent, back_up
from treecore.methods.ops.lineage import path_min, path_product
from treecore.methods.registry import Credit, credit_method
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds, Value

LABEL = "label"


def formula(params: Mapping[str, Value]) -> str:
    """The equations of one score."""
    scored = r"\min(P(s^{-}), p(s))" if params["score"] == "min" else r"P(s^{-}) \cdot p(s)"
    return "\n".join([r"p(s) = \max(y(s), 0) + \nu \cdot (1 - |y(s)|)", f"P(s) = {scored}", "C(s) = y(s)"])


@credit_method(
    laws=Laws(averages=False),
    title="Recorded step labels",
    judges_outcomes=False,
    family="labels",
    over="trajectories",
    formula=formula,
    symbols={
        "C(s)": "credit",
        "y(s)": LABEL,
        "p(s)": "correctness",
        "P(s)": "score",
        "P(s^{-})": "score_before",
        r"\nu": "param:neutral",
    },
    citation=Citation(
        "Lightman et al.", 2023, "Let's Verify Step by Step", "arXiv:2305.20050", "from the paper", where="section 2.6"
    ),
    needs={LABEL},
    departures=(
        "The paper trains a model on such labels, and scores a solution by the model's probabilities; here the "
        "recorded labels stand in their place. Steps without a label are left out of the score. A label between the "
        "three that people give is read as so much good or bad, the rest of it neutral."
    ),
    words={
        "correctness": "How far a step counts as correct: fully where it is labelled good, not at all where it is bad.",
        "score": "How likely it is that every labelled step up to here is correct.",
        "credit": "The recorded label is the credit of the step, whatever the outcome.",
    },
)
def step_labels(
    forests: Forests,
    *,
    score: Literal["product", "min"] = "product",
    neutral: Annotated[float, Bounds(0, 1)] = 1.0,
) -> Credit:
    """What did the one who labelled this step say: good, neutral or bad?

    The label itself is the credit: 1 good, 0 neutral, -1 bad. A step can be good in a solution that fails, and bad in
    one that reaches the right answer. The score of a solution is the probability that every step of it is correct.

    Args:
        score: of the steps up to here and of the solution, `product` of how far its steps are correct, or `min`, the
            weakest step.
        neutral: how far a neutral step counts as correct (paper: 1 in its best results, or 0).

    Returns:
        nodes: `credit` and `label` in -1..1, `correctness` in 0..1 (all three NaN at the prompt and where no label is
        recorded), `score` of the labelled steps up to here and `score_before` of those before it (1 where there are
        none), `value`, `n_leaves`. leaves: `reward`, and `solution_score`, the score of every trajectory with a
        labelled step, scored or not.

    Raises:
        MethodError: labels outside -1..1.
    """
    label = np.where(forests.is_prompt, np.nan, forests.column(LABEL))
    outside = int((np.abs(label) > 1).sum())
    if outside:
        raise MethodError(
            f"labels are read from -1, bad, to 1, good, and {counted(outside, 'step has', 'steps have')} others",
            todo="rescale the labels",
        )
    known = ~np.isnan(label)
    correctness = np.maximum(label, 0.0) + neutral * (1.0 - np.abs(label))
    along = path_min if score == "min" else path_product
    so_far = along(forests.topology, np.where(known, correctness, 1.0))
    seen = forests.topology.is_leaf & (forests.topology.path_sum(known.astype(np.float64)) > 0)
    recorded = back_up(forests, forests.reward)
    nodes = {
        "credit": label,
        "label": label,
        "correctness": correctness,
        "score": so_far,
        "score_before": at_parent(forests, so_far, prompt=1.0),
        "value": recorded.mean,
        "n_leaves": recorded.count,
    }
    return Credit(forests, nodes, {"reward": forests.reward, "solution_score": np.where(seen, so_far, np.nan)})
