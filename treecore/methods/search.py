"""Methods of tree searches: values that a search leaves at its nodes. DeepSearch, ReST-MCTS*.

They look at which leaves are right, not at how a group of rollouts did on average.
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.outcomes import gap
from treecore.core.topology import BoolArray, FloatArray, IntArray
from treecore.methods.laws import Laws
from treecore.methods.ops.groups import at_parent, back_up, group_stats, ratio, right_leaves
from treecore.methods.ops.lineage import ancestor_at, marked_above, path_product, subtree_min, sum_above
from treecore.methods.registry import Credit, credit_method
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds


class SearchValues(NamedTuple):
    """`value [N]` that DeepSearch's backup leaves at each node, and `visits [N]`; 0 where nothing was backed up."""

    value: FloatArray
    visits: FloatArray


def deepsearch_backup(forests: Forests, *, gamma_min: float) -> SearchValues:
    """Back up +1 from every right leaf and -1 from every other scored leaf, as DeepSearch does one after another.

    A backup adds `w * value` with `w = max((depth + 1) / trajectory length, gamma_min)`. A node that has seen a
    success ignores failures, and a first success wipes out the failures before it; so whatever the order, a node
    holds the sum over its right leaves, or where there are none over its wrong ones, and one pass gives it.
    """
    topology = forests.topology
    length = topology.depth + 1.0
    right = right_leaves(forests)
    n_right = topology.leaf_count(right)
    value = np.zeros(len(length))
    for mask, sign in ((forests.scored & ~right, -1.0), (right, 1.0)):
        leaves = np.flatnonzero(mask)
        sloped = np.zeros(len(length))
        sloped[leaves] = sign / length[leaves]
        total = length * topology.leaf_sum(sloped)
        floor = np.ceil(gamma_min * length[leaves]).astype(np.int64) - 2
        floored = leaves[floor >= 0]
        top = ancestor_at(topology, floored, depth=floor[floor >= 0])
        rows, excess = sum_above(topology, top, 1.0 / length[floored])
        rows, number = sum_above(topology, top, np.ones(len(top)))
        total[rows] += sign * (gamma_min * number - length[rows] * excess)
        value = total if sign < 0 else np.where(n_right > 0, total, value)
    value = np.where(forests.scored, np.where(right, 1.0, -1.0), value)
    return SearchValues(np.where(forests.n_scored > 0, value, 0.0), forests.n_scored)


def upper_bounds(search: SearchValues, parent: IntArray, *, exploration: float) -> FloatArray:
    """UCT of each node, `v/N + c sqrt(ln N_parent / N)`; 0 at roots and where never visited. `[N]`"""
    visited = (search.visits > 0) & (parent >= 0)
    above = np.maximum(search.visits[np.maximum(parent, 0)], 1.0)
    visits = np.maximum(search.visits, 1.0)
    bound = search.value / visits + exploration * np.sqrt(np.log(above) / visits)
    return np.where(visited, bound, 0.0)


class Judged(NamedTuple):
    """`advantage [K]` and the mean and divisor of each value's group, `[K]`."""

    advantage: FloatArray
    mean: FloatArray
    divisor: FloatArray


def judge_by_ends(
    values: FloatArray,
    group: IntArray,
    ends: FloatArray,
    end_group: IntArray,
    n_groups: int,
    *,
    norm: Literal["none", "std"],
    epsilon: float,
) -> Judged:
    """DeepSearch's advantage: values against the mean (and population std) of the final values of their group.

    Args:
        values: `[K]`, of group `group [K]`.
        ends: `[E]` values at the ends of trajectories, of group `end_group [E]`; a group with one end has mean 0
            and std 1, one without ends gives NaN.
    """
    stats = group_stats(ends, end_group, n_groups, ddof=0)
    mean, std, count = np.full(n_groups, np.nan), np.full(n_groups, np.nan), np.zeros(n_groups)
    mean[end_group], std[end_group], count[end_group] = stats.mean, stats.std, stats.count
    mean, std = np.where(count == 1, 0.0, mean), np.where(count == 1, 1.0, std)
    divisor = std + epsilon if norm == "std" else np.where(count > 0, 1.0, np.nan)
    return Judged(ratio(gap(values, mean[group]), divisor[group]), mean[group], divisor[group])


@credit_method(
    laws=Laws(averages=False),
    title="DeepSearch",
    alone="In a prompt with a single scored leaf 0 is subtracted, and nothing is divided.",
    family="search",
    over="states",
    formula="\n".join([r"u(s) = e(s) \cdot v(s) + (1 - e(s)) \cdot \tanh(v(s))", r"C(s) = \frac{u(s) - \mu}{d}"]),
    symbols={
        "C(s)": "credit",
        "u(s)": "token_value",
        "v(s)": "search_value",
        "e(s)": "is_end",
        r"\mu": "baseline",
        "d": "divisor",
    },
    against={"baseline": "group"},
    citation=Citation(
        "Wu et al.",
        2025,
        "DeepSearch",
        "arXiv:2509.25454",
        "backup and advantage as in the code",
        where="equations 4 to 7, 16 and 18",
    ),
    departures=(
        "Every scored leaf is backed up, where the search backs up at most one of the leaves that a step finishes. "
        "The penalty for overlong answers is left out. The result does not depend on the order of the backups, so "
        "none is needed."
    ),
)
def deepsearch(
    forests: Forests,
    *,
    norm: Literal["none", "std"] = "none",
    gamma_min: Annotated[float, Bounds(0, 1)] = 0.1,
    exploration: Annotated[float, Bounds(0, 100)] = 2.0,
    epsilon: Annotated[float, Bounds(0, 1)] = 1e-6,
) -> Credit:
    """What did a tree search write on this step, against how trajectories of the prompt ended?

    Every finished leaf sends +1 (right) or -1 (wrong) up its path, weaker towards the root. A step that has led to
    one success is never pulled down again. The value, squeezed by tanh except at the last step, minus the mean final
    value of the prompt's trajectories is the credit.

    Args:
        norm: `none` (the released scripts), or `std` to divide by the standard deviation of the final values.
        gamma_min: smallest weight with which an outcome reaches an early step.
        exploration: weight of rarely visited steps in the column `uct`, which the search would follow next.
        epsilon: added to the standard deviation.

    Returns:
        nodes: `credit` (NaN at the prompt and where no scored leaf lies beneath), `token_value` (after tanh),
        `search_value`, `is_end` (1 at the last step, else 0), `mean_value` (per visit), `uct`, `baseline`,
        `divisor`, `value`, `n_leaves` (the visits). Values are not averages: equal outcomes do not give 0 at inner
        steps, and with `norm=std` they are divided by `epsilon` alone, as in the code (not assigned where that is 0).
        A prompt with one trajectory keeps its raw values.
    """
    search = deepsearch_backup(forests, gamma_min=gamma_min)
    seen = search.visits > 0
    raw = np.where(seen, search.value, np.nan)
    squeezed = np.where(forests.scored, raw, np.tanh(raw))
    scored, group = forests.scored, forests.forest_of
    judged = judge_by_ends(squeezed, group, raw[scored], group[scored], len(forests), norm=norm, epsilon=epsilon)
    step = forests.parent >= 0
    nodes = {
        "credit": np.where(step, judged.advantage, np.nan),
        "token_value": squeezed,
        "search_value": raw,
        "is_end": np.where(seen, forests.scored, np.nan),
        "mean_value": raw / np.maximum(search.visits, 1.0),
        "uct": np.where(seen, upper_bounds(search, forests.parent, exploration=exploration), np.nan),
        "baseline": judged.mean,
        "divisor": judged.divisor,
        "value": back_up(forests, forests.reward).mean,
        "n_leaves": search.visits,
    }
    return Credit(forests, nodes, {"reward": forests.reward})


class Distances(NamedTuple):
    """`hard [N]`: whether a right leaf lies beneath; `steps [N]`: ReST-MCTS*'s distance, NaN where it has none;
    `left [N]`: the nearest ancestor that is hard, -1 where none is.
    """

    hard: BoolArray
    steps: FloatArray
    left: IntArray


def distances(forests: Forests) -> Distances:
    """Steps to the nearest right leaf, counting from 1; beside the way to one, those of the node where it was left."""
    depth = forests.topology.depth.astype(np.float64)
    nearest = subtree_min(forests.topology, np.where(right_leaves(forests), depth, np.inf))
    hard = np.isfinite(nearest)
    steps = np.where(hard, nearest - depth + 1, np.nan)
    left = marked_above(forests.parent, hard)
    off = ~hard & (forests.n_scored > 0) & (left >= 0)
    steps[off] = steps[left[off]]
    return Distances(hard, steps, left)


@credit_method(
    laws=Laws(averages=False, silent=True),
    title="ReST-MCTS*",
    family="search",
    over="states",
    formula="\n".join([r"w(s) = \frac{1 - v(s^{-})}{m(s)} \cdot h(s)", r"C(s) = v(s) - v(s^{-})"]),
    symbols={
        "C(s)": "credit",
        "w(s)": "step_reward",
        "v(s)": "quality",
        "v(s^{-})": "parent:quality",
        "m(s)": "steps_to_right",
        "h(s)": "sign",
    },
    citation=Citation(
        "Zhang et al.",
        2024,
        "ReST-MCTS*",
        "arXiv:2406.03816",
        "relabelling as in the released code",
        where="weighted reward in equation 2",
    ),
    departures=(
        "The released code takes distances from 1024 steps on for none; here any distance counts. "
        "The paper trains on the quality value v itself; the credit is its change over the step, which is the "
        "weighted reward w cut off where v would fall below 0."
    ),
)
def rest_mcts(forests: Forests) -> Credit:
    """Did this step bring the solution nearer to a right answer, counted in steps?

    A step on the way to a right leaf closes an equal part of the distance that is left, so the quality rises from 0
    at the prompt to 1 at the right leaf. A step off that way loses as much as a step on it would have gained, never
    below 0. Outcomes count as right or wrong only; how many trajectories succeed does not matter.

    Returns:
        nodes: `credit` (NaN at the prompt, above unscored leaves only, and in forests without a right leaf), `quality`,
        `step_reward` (before the cut at 0), `steps_to_right`, `sign` (1 on the way to a right leaf, else -1),
        `value`, `n_leaves`. A prompt with one trajectory needs no partner.
    """
    found = distances(forests)
    parent, hard, left = forests.parent, found.hard, np.maximum(found.left, 0)
    sign = np.where(np.isnan(found.steps), np.nan, np.where(hard, 1.0, -1.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = 1.0 - 1.0 / found.steps
        missing = path_product(forests.topology, np.where(hard & (parent >= 0), factor, 1.0))
        behind = forests.topology.depth - forests.topology.depth[left]
        drift = missing[left] * np.exp(behind * np.log1p(1.0 / found.steps))
    quality = np.where(hard, 1.0 - missing, 1.0 - np.minimum(drift, 1.0))
    quality = np.where(parent < 0, 0.0, np.where(np.isnan(found.steps), np.nan, quality))
    before = at_parent(forests, quality)
    recorded = back_up(forests, forests.reward)
    nodes = {
        "credit": quality - before,
        "quality": quality,
        "step_reward": (1.0 - before) / found.steps * sign,
        "steps_to_right": found.steps,
        "sign": sign,
        "value": recorded.mean,
        "n_leaves": recorded.count,
    }
    return Credit(forests, nodes, {"reward": forests.reward})
