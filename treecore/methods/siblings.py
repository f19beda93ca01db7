"""Sibling comparison: a step against the other steps taken from the same prefix. No trajectory-level signal."""

from __future__ import annotations

from math import nan
from typing import Literal

import numpy as np

from treecore.core.batch import Forests
from treecore.core.outcomes import gap
from treecore.methods.laws import Laws, Scales, Vanishing, Worked
from treecore.methods.ops.groups import back_up, leaf_standard_error, sibling_stats
from treecore.methods.outcome import VALUE_LINE, VALUE_SYMBOLS
from treecore.methods.registry import Credit, credit_method
from treecore.registry.citation import Citation


@credit_method(
    laws=Laws(
        shift_free={},
        scales=Scales(1),
        silent=True,
        vanishing=(Vanishing("credit", "siblings"),),
        worked=(Worked((-1, 0, 0, 0), reward=(nan, 1, 0, 0), credit=(nan, 2 / 3, -1 / 3, -1 / 3)),),
    ),
    title="Sibling comparison",
    alone="A step without a scored sibling gets nothing: there is nothing to compare.",
    family="tree",
    over="states",
    formula="\n".join([VALUE_LINE, r"C(s) = V(s) - \frac{1}{k} \sum_{s' \sim s} V(s')"]),
    symbols={
        "C(s)": "credit",
        "k": "n_siblings",
        r"\sum_{s' \sim s} V(s')": "siblings:value",
        **VALUE_SYMBOLS,
    },
    citation=Citation(
        "Yang et al.",
        2025,
        "TreeRPO: Tree Relative Policy Optimization",
        "arXiv:2506.05183",
        "computed as in that independent implementation, leaf-weighted values, no division by std",
        where="_convert_tree_to_training_inputs in treerpo_trainer.py of omrisapir1/treerpo",
    ),
    departures=(
        "The released code stops at the first node with fewer than two children, so forks after an unbranched step "
        "get nothing; `below_single=stop` does the same. The default goes on."
    ),
)
def sibling(forests: Forests, *, below_single: Literal["continue", "stop"] = "continue") -> Credit:
    """Of the steps taken from the same prefix, which led to better ends?

    Each step's value is the mean reward of the leaves beneath it; its credit is that value minus the mean value of
    all steps that share its prefix, itself included; first steps of all trees share the prompt. Where a step has no
    sibling nothing is compared, and no credit is assigned.

    Args:
        below_single: whether forks below a step without siblings are compared (`continue`) or left out as in the
            released code (`stop`).

    Returns:
        nodes: `credit` (NaN without a scored sibling), `value`, `baseline` (mean value of the siblings),
        `n_siblings`, `n_leaves`, `stderr`.
    """
    topology, parent = forests.topology, forests.parent
    backup = back_up(forests, forests.reward)
    has_value = backup.count > 0
    k = topology.children_sum(has_value.astype(np.float64))
    inner = parent >= 0
    above = np.where(inner, parent, 0)
    mean = sibling_stats(forests, backup.mean, ddof=0).mean
    compared = inner & has_value & (k[above] >= 2)
    if below_single == "stop":
        blocked = topology.path_sum(np.where(k < 2, 1.0, 0.0))
        compared &= blocked[above] == 0
    count = np.where(compared, k[above], np.nan)
    nodes = {
        "credit": np.where(compared, gap(backup.mean, mean), np.nan),
        "value": backup.mean,
        "baseline": np.where(compared, mean, np.nan),
        "n_siblings": count,
        "n_leaves": backup.count,
        "stderr": np.where(compared, leaf_standard_error(forests, forests.reward, backup=backup), np.nan),
    }
    return Credit(forests, nodes, {"reward": forests.reward})
