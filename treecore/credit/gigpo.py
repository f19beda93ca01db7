"""GiGPO: whole episodes against each other, and actions that were taken from the same state against each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

import numpy as np

from treecore.credit.paths import trajectory_rows
from treecore.credit.registry import Citation, Credit, Rows, credit_method
from treecore.credit.values import back_up, group_stats
from treecore.forests import Forests
from treecore.params import Bounds, Value
from treecore.topology import FloatArray, IntArray

EPSILON = 1e-6


def formula(params: Mapping[str, Value]) -> str:
    """The equations of one mode."""
    episode, step = r"R_i - \mu", r"\bar{G}(s) - \mu_p"
    if params["mode"] == "mean_std_norm":
        episode, step = (
            rf"\frac{{{gap}}}{{{spread} + 10^{{-6}}}}" for gap, spread in ((episode, r"\sigma"), (step, r"\sigma_p"))
        )
    return "\n".join(
        [
            f"E_i = {episode}",
            r"E(s) = \frac{1}{n(s)} \sum_{i \in s} E_i",
            f"S(s) = {step}",
            "C(s) = E(s) + S(s)",
        ]
    )


class Judged(NamedTuple):
    """Values against their groups, and what they were judged by. All `[K]`."""

    advantage: FloatArray
    mean: FloatArray
    std: FloatArray


def judge(
    values: FloatArray, weight: FloatArray, group: IntArray, n_groups: int, *, divide: bool, alone: FloatArray
) -> Judged:
    """`values - mean`, over the standard deviation (ddof 1) where `divide`; each value counts `weight` times.

    Args:
        alone: `[K]`, the mean where the group's weights sum to one.
    """
    stats = group_stats(values, group, n_groups, ddof=1, weight=weight)
    single = stats.count == 1
    mean, std = np.where(single, alone, stats.mean), np.where(single, 1.0, stats.std)
    return Judged((values - mean) / (std + EPSILON if divide else 1.0), mean, std)


@credit_method(
    title="GiGPO",
    family="tree",
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
    citation=Citation("Feng et al.", 2025, "GiGPO", "arXiv:2505.10978", "computed as in verl-agent"),
    departures=(
        "The method finds repeated states by their observations; in a tree the state is known, so a step's group are "
        "all steps taken from the same parent, once for each trajectory. A step that several trajectories share has a "
        "number for each of them (`rows`); its credit is their mean."
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
        `return`, and `anchor_mean`, `anchor_std` of the group; a step that is alone in its group gets a step
        advantage of 0. `value`, `n_leaves`, `stderr`. NaN at roots, which nobody chose, and without scored leaves.
    """
    topology, parent, n = forests.topology, forests.parent, len(forests.parent)
    leaves = np.flatnonzero(forests.scored & (parent >= 0))
    reward, depth = forests.reward[leaves], topology.depth[leaves].astype(np.float64)
    divide = mode == "mean_std_norm"
    episode = judge(
        reward, depth, forests.forest_of[leaves], len(forests), divide=divide, alone=np.zeros(len(leaves))
    )
    rows = trajectory_rows(topology, leaves)
    repeat = topology.depth[leaves]
    returns = np.repeat(reward, repeat) * gamma ** (np.repeat(depth, repeat) - topology.depth[rows.node])
    step = judge(returns, np.ones(len(returns)), parent[rows.node], n, divide=divide, alone=returns)
    episode_rows = np.repeat(episode.advantage, repeat)
    combined = group_stats(episode_rows + step.advantage, rows.node, n, ddof=1)
    count = np.bincount(rows.node, minlength=n).astype(np.float64)
    value = back_up(forests, forests.reward)

    def on_nodes(values: FloatArray) -> FloatArray:
        column = np.full(n, np.nan)
        column[rows.node] = values
        return column

    def mean_on_nodes(values: FloatArray) -> FloatArray:
        return on_nodes(group_stats(values, rows.node, n, ddof=0).mean)

    nodes = {
        "credit": on_nodes(combined.mean),
        "episode_advantage": mean_on_nodes(episode_rows),
        "step_advantage": mean_on_nodes(step.advantage),
        "return": mean_on_nodes(returns),
        "anchor_mean": on_nodes(step.mean),
        "anchor_std": on_nodes(step.std),
        "value": value.mean,
        "n_leaves": value.count,
        "stderr": on_nodes(combined.std) / np.sqrt(np.maximum(count, 1.0)),
    }
    columns = {"reward": forests.reward}
    for name, values in zip(("episode", "group_mean", "group_std"), episode, strict=True):
        columns[name] = np.full(n, np.nan)
        columns[name][leaves] = values
    row_columns = {
        "return": returns,
        "episode_advantage": episode_rows,
        "step_advantage": step.advantage,
        "credit": episode_rows + step.advantage,
    }
    return Credit(forests, nodes, columns, rows=Rows(rows.leaf, rows.node, row_columns))
