"""GiGPO: whole episodes against each other, and actions that were taken from the same state against each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.outcomes import gap
from treecore.core.topology import FloatArray, IntArray
from treecore.methods.laws import Laws, Scales, Vanishing
from treecore.methods.ops.groups import Backup, back_up, group_stats
from treecore.methods.ops.lineage import jumps
from treecore.methods.ops.paths import trajectory_rows
from treecore.methods.registry import Credit, Rows, credit_method
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds, Value

EPSILON = 1e-6


def formula(params: Mapping[str, Value]) -> str:
    """The equations of one mode."""
    episode, step = r"R_i - \mu", r"\bar{G}(s) - \mu_p"
    if params["mode"] == "mean_std_norm":
        episode, step = (
            rf"\frac{{{above}}}{{{spread} + 10^{{-6}}}}"
            for above, spread in ((episode, r"\sigma"), (step, r"\sigma_p"))
        )
    return "\n".join(
        [
            f"E_i = {episode}",
            r"E(s) = \frac{1}{n(s)} \sum_{i \in s} E_i",
            f"S(s) = {step}",
            "C(s) = E(s) + S(s)",
        ]
    )


class Group(NamedTuple):
    """Statistics of a group: mean, and standard deviation (1 where there is nothing to divide by)."""

    mean: FloatArray
    std: FloatArray


class Returns(NamedTuple):
    """Discounted returns of the rows at each node, one for each scored leaf beneath, and of each step group. `[N]`

    `mean` is over the rows of the step that ends in the node; `among [N]` is over all steps taken from it, `size [N]`
    rows in all. `squares` and `mixed` are sums over a step's rows of squared deviations, and of their products with
    the deviations of the reward.
    """

    mean: FloatArray
    squares: FloatArray
    mixed: FloatArray
    among: Group
    size: FloatArray


def discounted_sum(forests: Forests, values: FloatArray, gamma: float) -> FloatArray:
    """The solution of `x(s) = values(s) + gamma * sum of x over the children of s`. `[N]`

    Terms from less than 1, 2, 4, ... steps below are in; `gamma` becomes the discount of so many steps.
    """
    total = values.copy()
    for rows, above in jumps(forests.topology):
        total += gamma * np.bincount(above, weights=total[rows], minlength=len(total))
        gamma *= gamma
    return total


def discounted_returns(forests: Forests, gamma: float, value: Backup) -> Returns:
    """Mean and spread of the returns, backed up from the leaves: deviations within children plus between them."""
    topology, parent = forests.topology, forests.parent
    has = value.count > 0
    if gamma == 1:
        mean = np.where(has, value.mean, 0.0)
    else:
        mean = discounted_sum(forests, np.where(forests.scored, forests.reward, 0.0), gamma)
        mean /= np.where(has, value.count, 1.0)
    chosen = has & (parent >= 0)
    below = np.where(chosen, value.count, 0.0)
    above = np.maximum(parent, 0)
    size = topology.children_sum(below)
    among = topology.children_sum(below * mean) / np.maximum(size, 1.0)
    off = np.where(chosen, gap(mean, among[above]), 0.0)
    reward_gap = np.where(chosen, value.mean - value.mean[above], 0.0)
    weighted = below * off
    between = topology.children_sum(weighted * off)
    squares = discounted_sum(forests, gamma**2 * between, gamma**2)
    mixed = discounted_sum(forests, gamma * topology.children_sum(weighted * reward_gap), gamma)
    inside = topology.children_sum(np.where(chosen, squares, 0.0)) + between
    std = np.where(size > 1, np.sqrt(inside / np.maximum(size - 1, 1.0)), 1.0)
    return Returns(np.where(has, mean, np.nan), squares, mixed, Group(among, std), size)


def episode_group(forests: Forests, leaves: IntArray, depth: FloatArray) -> Group:
    """Of each leaf's prompt, where an episode counts once for every step; mean 0 where that is one step in all."""
    stats = group_stats(forests.reward[leaves], forests.forest_of[leaves], len(forests), ddof=1, weight=depth)
    single = stats.count == 1
    return Group(np.where(single, 0.0, stats.mean), np.where(single, 1.0, stats.std))


def rows_of(credit: Credit) -> Rows:
    """The numbers of each step in each trajectory through it."""
    forests, gamma = credit.forests, float(credit.params["gamma"])
    topology = forests.topology
    leaf, node = trajectory_rows(topology, np.flatnonzero(forests.scored))
    returns = forests.reward[leaf] * gamma ** (topology.depth[leaf] - topology.depth[node]).astype(np.float64)
    divisor = credit.nodes["anchor_std"][node] + EPSILON if credit.params["mode"] == "mean_std_norm" else 1.0
    episode, step = credit.leaves["episode"][leaf], gap(returns, credit.nodes["anchor_mean"][node]) / divisor
    alone = credit.nodes["anchor_size"][node] == 1
    step = np.where(alone, 0.0, step)
    columns = {"return": returns, "episode_advantage": episode, "step_advantage": step, "credit": episode + step}
    return Rows(leaf, node, columns)


@credit_method(
    laws=Laws(
        shift_free={"gamma": 1.0},
        scales=Scales(1),
        vanishing=(
            Vanishing("episode", "prompt", "steps"),
            Vanishing("step_advantage", "siblings", "leaves"),
        ),
    ),
    title="GiGPO",
    alone=(
        "The only step of a prompt's only episode keeps its raw reward; a step that is alone in its group gets a step "
        "advantage of 0."
    ),
    family="tree",
    over="states",
    formula=formula,
    symbols={
        "E_i": "episode",
        "R_i": "reward",
        r"\mu": "group_mean",
        r"\sigma": "group_std",
        "E(s)": "episode_advantage",
        "n(s)": "n_leaves",
        r"\sum_{i \in s} E_i": "leaves:episode",
        "S(s)": "step_advantage",
        r"\bar{G}(s)": "return",
        r"\mu_p": "anchor_mean",
        r"\sigma_p": "anchor_std",
        "C(s)": "credit",
    },
    citation=Citation(
        "Feng et al.",
        2025,
        "GiGPO",
        "arXiv:2505.10978",
        "computed as in verl-agent",
        where="equations 3 and 6 to 8",
    ),
    departures=(
        "The method finds repeated states by their observations; in a tree the state is known, so a step's group are "
        "all steps taken from the same prefix, once for each trajectory, and first steps of all trees are one group. "
        "A step that several trajectories share has a number for each of them (`rows`); its credit is their mean."
    ),
)
def gigpo(
    forests: Forests,
    *,
    gamma: Annotated[float, Bounds(0, 1)] = 0.95,
    mode: Literal["mean_norm", "mean_std_norm"] = "mean_norm",
) -> Credit:
    """Was this episode better than the others, and this action better than the others taken from the same state?

    Every episode is measured against all episodes of the prompt, where each counts once for every step it has. Every
    step is measured by its discounted return against all steps taken from the same state. The two are added.

    Args:
        gamma: discount for each step between a step and the end of its episode.
        mode: subtract the mean only (`mean_norm`), or divide by the sample standard deviation too (`mean_std_norm`).

    Returns:
        rows: for each step of each trajectory `return`, `episode_advantage`, `step_advantage`, `credit` (their sum).
        leaves: `episode`, `group_mean`, `group_std`; the only step of a prompt's only episode keeps its raw reward.
        nodes: means over the trajectories through a step of `credit`, `episode_advantage`, `step_advantage` and
        `return`; `anchor_mean`, `anchor_std`, `anchor_size` of the group (a step that is alone in its group gets a
        step advantage of 0); `value`, `n_leaves`, `stderr`. NaN at the prompt, which nobody chose, and without scored
        leaves.
    """
    parent = forests.parent
    divide = mode == "mean_std_norm"
    value = back_up(forests, forests.reward)
    scored = np.flatnonzero(forests.scored)
    returns = discounted_returns(forests, gamma, value)
    leaves = scored[parent[scored] >= 0]
    group = episode_group(forests, leaves, forests.topology.depth[leaves].astype(np.float64))
    leaf_scale = 1.0 / (group.std + EPSILON) if divide else np.ones(len(leaves))
    columns = {}
    for name, values in (
        ("episode", gap(forests.reward[leaves], group.mean) * leaf_scale),
        ("group_mean", group.mean),
        ("group_std", group.std),
    ):
        columns[name] = np.full(len(parent), np.nan)
        columns[name][leaves] = values
    chosen = (parent >= 0) & (value.count > 0)
    above = np.where(chosen, parent, 0)
    among, std, size = (np.where(chosen, column[above], np.nan) for column in (*returns.among, returns.size))
    divisor = std + EPSILON if divide else np.ones(len(parent))
    step = np.where(size > 1, gap(returns.mean, among) / divisor, np.where(chosen, 0.0, np.nan))
    scale = on_forest(forests, leaves, leaf_scale)
    episode = np.where(chosen, gap(value.mean, on_forest(forests, leaves, group.mean)) * scale, np.nan)
    nodes = {
        "credit": episode + step,
        "episode_advantage": episode,
        "step_advantage": step,
        "return": np.where(chosen, returns.mean, np.nan),
        "anchor_mean": np.where(size > 1, among, np.where(chosen, returns.mean, np.nan)),
        "anchor_std": std,
        "anchor_size": size,
        "value": value.mean,
        "n_leaves": value.count,
        "stderr": row_error(forests, returns, value, scale, divisor=divisor),
    }
    return Credit(forests, nodes, {**columns, "reward": forests.reward}, rows_of=rows_of)


def on_forest(forests: Forests, rows: IntArray, values: FloatArray) -> FloatArray:
    """A number that all `rows` of a forest share, at all its nodes; NaN where none does. `[N]`"""
    by_forest = np.full(len(forests), np.nan)
    by_forest[forests.forest_of[rows]] = values
    return by_forest[forests.forest_of]


def row_error(
    forests: Forests, returns: Returns, value: Backup, scale: FloatArray, *, divisor: FloatArray
) -> FloatArray:
    """Standard error of a step's mean over its rows, groups held fixed: rewards, returns and what they share. `[N]`"""
    size = np.where((value.count > 1) & (forests.parent >= 0), value.count, np.nan)
    squares = value.squares * scale**2 + returns.squares / divisor**2 + 2.0 * returns.mixed * scale / divisor
    error: FloatArray = np.sqrt(np.maximum(squares, 0.0) / (size * (size - 1)))
    return error
