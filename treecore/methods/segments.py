"""Methods on trees of segments: SPO-tree compares a segment with its parent, TreePO a rollout with every ancestor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.outcomes import gap
from treecore.core.topology import FloatArray
from treecore.methods.laws import Laws, Scales, Vanishing
from treecore.methods.ops.groups import (
    agreeing,
    at_parent,
    back_up,
    leaf_standard_error,
    on_leaves,
    path_tokens,
    scored_leaves,
    sibling_stats,
)
from treecore.methods.ops.groups import whiten as whiten_tokens
from treecore.methods.ops.paths import weighted_jumps
from treecore.methods.outcome import STEP_LINE, STEP_SYMBOLS, from_leaves
from treecore.methods.registry import Credit, credit_method
from treecore.registry.citation import Citation
from treecore.registry.params import Value

SPO_EPSILON = 1e-8


class ChildMeans(NamedTuple):
    """Value of each node as the mean of its children's values, down to the leaves' rewards.

    Attributes:
        value: `[N]`, NaN where no scored leaf is beneath.
        branches: `[N]`, children with a value; 1 for a scored leaf, which is its own only branch.
        spread: `[N]`, root of the summed squared weights that the leaves beneath have in the value.
    """

    value: FloatArray
    branches: FloatArray
    spread: FloatArray


def child_means(forests: Forests) -> ChildMeans:
    """Values over children, branch by branch."""
    topology, parent = forests.topology, forests.parent
    has_value = forests.n_scored > 0
    branches = topology.children_sum(has_value.astype(np.float64)) + forests.scored
    share = np.where(has_value & (parent >= 0), (1.0 / np.maximum(branches, 1.0))[parent], 0.0)
    value = np.where(forests.scored, forests.reward, 0.0)
    squares = forests.scored.astype(np.float64)
    for rows, above, weight in weighted_jumps(topology, share):
        value += np.bincount(above, weights=weight * value[rows], minlength=topology.n)
        squares += np.bincount(above, weights=weight**2 * squares[rows], minlength=topology.n)
    # Where all leaves beneath agree, the mean is their value itself: summed branch by branch, thirds and sevenths leave
    # rounding behind, and the difference of two such values would be a credit where nothing was learnt.
    equal = agreeing(forests.shape(scored_leaves), forests.reward)
    shared = np.full(len(topology.skeleton.row), np.nan)
    shared[equal.end] = equal.value
    shared = shared[topology.skeleton.end]
    value = np.where(np.isnan(shared), np.where(has_value, value, np.nan), shared)
    return ChildMeans(value, branches, np.sqrt(squares))


def spo_formula(params: Mapping[str, Value]) -> str:
    """The equations of one normalisation."""
    gain = "V(s) - V(p)"
    last = gain if params["normalize"] == "none" else rf"\frac{{{gain}}}{{\sigma(p) + 10^{{-8}}}}"
    return "\n".join([r"V(s) = \frac{1}{k(s)} \sum_{c \in s} V(c)", f"C(s) = {last}"])


@credit_method(
    laws=Laws(shift_free={}, scales=Scales(1), vanishing=(Vanishing("credit", "siblings"),)),
    title="SPO-tree",
    alone="A lone child has the value of the step before it, so it gets 0.",
    family="tree",
    over="states",
    formula=spo_formula,
    symbols={
        "V(s)": "value",
        "k(s)": "n_branches",
        r"\sum_{c \in s} V(c)": "children:value",
        "V(p)": "parent_value",
        r"\sigma(p)": "parent_std",
        "C(s)": "credit",
    },
    citation=Citation(
        "Guo et al.",
        2025,
        "Segment Policy Optimization",
        "arXiv:2505.23564",
        "as the code computes it",
        where="section 5",
    ),
    departures=(
        "Written for trees of fixed width and segments of fixed length; here on any tree, with steps as segments. "
        "Children without a scored leaf beneath are left out of the mean. The code also drops segments whose credit "
        "is 0 from training; here they are shown with credit 0."
    ),
)
def spo_tree(forests: Forests, *, normalize: Literal["none", "std"] = "none") -> Credit:
    """How much did this segment raise the expected outcome?

    A node's value is the mean of its children's values, so that every branch counts the same however many leaves it
    has; a leaf's value is its reward. The credit of a segment is the value after it minus the value before it. Along
    a trajectory these differences add up to the reward minus the value of the prompt.

    Args:
        normalize: divide by the standard deviation among the parent's children (`std`) or not (`none`, the default
            of the released code).

    Returns:
        nodes: `credit` (NaN at the prompt, which no segment leads to, and where no scored leaf is; 0 for a lone child),
        `value`, `parent_value`, `parent_std` (over the parent's children, ddof 0), `n_branches`, `n_leaves`, `stderr`.
    """
    value, branches, spread = child_means(forests)
    std = sibling_stats(forests, value, ddof=0).std
    above = at_parent(forests, value)
    scale = std + SPO_EPSILON if normalize == "std" else np.where(np.isnan(std), np.nan, 1.0)
    counts = forests.n_scored
    nodes = {
        "credit": gap(value, above) / scale,
        "value": value,
        "parent_value": above,
        "parent_std": std,
        "n_branches": branches,
        "n_leaves": counts,
        "stderr": leaf_standard_error(forests, forests.reward) * np.sqrt(counts) * spread / scale,
    }
    return Credit(forests, nodes, {"reward": forests.reward})


def treepo_formula(params: Mapping[str, Value]) -> str:
    """The equations with or without whitening."""
    raw = "R_i - b_i"
    first = rf"A_i = \frac{{{raw} - \mu}}{{\sigma}}" if params["whiten"] else f"A_i = {raw}"
    return "\n".join([first, STEP_LINE])


def treepo_needs(params: Mapping[str, Value]) -> set[str]:
    """Whitening counts tokens."""
    return {"reward", "n_model_tokens"} if params["whiten"] else {"reward"}


@credit_method(
    laws=Laws(
        shift_free={},
        scales=Scales(1, {"whiten": False}),
        vanishing=(Vanishing("advantage", "batch", "tokens"),),
    ),
    title="TreePO",
    alone="The only trajectory of a prompt is measured against 0: it keeps its raw reward.",
    family="tree",
    over="states",
    formula=treepo_formula,
    symbols={
        "R_i": "reward",
        "b_i": "baseline",
        r"\mu": "batch_mean",
        r"\sigma": "batch_std",
        **STEP_SYMBOLS,
    },
    against={"baseline": "path"},
    citation=Citation(
        "Li et al.",
        2025,
        "TreePO",
        "arXiv:2508.17445",
        "as the released code computes it",
        where="equations 4 and 5",
    ),
    needs=treepo_needs,
    departures=(
        "Written for segments of 512 tokens; here a step is a segment. Computed in float64 and with exact tests for "
        "equal rewards. The code raises when it has to whiten a single token; here no credit is assigned then."
    ),
)
def treepo(
    forests: Forests,
    *,
    estimator: Literal["group_size", "average", "group_size_drop_zero_std", "average_drop_zero_std"] = "group_size",
    whiten: bool = True,
) -> Credit:
    """Was this rollout better than all others that shared its start, for every start it has?

    A trajectory belongs to a group for the prompt and one for every step on its way that others share. In each group
    its reward is compared with the group's mean; the differences are averaged. Finally all tokens of the batch are
    brought to mean 0 and standard deviation 1.

    Args:
        estimator: average the differences weighted by the groups' sizes (`group_size`, the code's default) or plainly
            (`average`, the released script); `..._drop_zero_std` leaves out groups below the prompt that all agree.
        whiten: whiten over the tokens of the batch, as the code does.

    Returns:
        leaves: `advantage`, `baseline` (average of the groups' means), `n_groups`, `batch_mean`, `batch_std`. A group
        of one below the prompt is skipped; a prompt with one trajectory keeps its raw reward (baseline 0) before
        whitening. NaN where whitening finds fewer than two tokens.
        nodes: mean (`credit`) and sum (`gradient_weight`) of the advantages beneath, NaN at the prompt; `value`,
        `n_leaves`, `stderr`.
    """
    scored = forests.scored
    backup = back_up(forests, forests.reward)
    prompt, path_sum = forests.offset[:-1], forests.topology.path_sum
    usual = np.where(backup.count[prompt] > 1, backup.mean[prompt], 0.0)[forests.forest_of]
    shared = backup.count >= 2
    if estimator.endswith("drop_zero_std"):
        shared &= backup.squares > 0
    shared[prompt] = backup.count[prompt] > 0
    weight = np.where(shared, backup.count if estimator.startswith("group_size") else 1.0, 0.0)
    off_usual = np.where(shared, gap(backup.mean, usual), 0.0)
    off_usual[prompt] = 0.0
    total = path_sum(weight)
    baseline = usual + np.divide(path_sum(weight * off_usual), total, out=np.zeros(len(total)), where=total > 0)
    advantage = gap(forests.reward, baseline)
    columns = {"baseline": baseline, "n_groups": path_sum(shared.astype(np.float64))}
    if whiten:
        advantage, mean, std = whiten_tokens(advantage[scored], tokens=forests.shape(path_tokens)[scored])
        advantage = on_leaves(forests, advantage)
        columns |= {"batch_mean": np.full(len(scored), mean), "batch_std": np.full(len(scored), std)}
    leaves = {name: np.where(scored, values, np.nan) for name, values in columns.items()}
    return from_leaves(forests, advantage, leaves)
