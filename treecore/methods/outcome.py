"""Outcome methods: each trajectory is judged by its reward against the other trajectories of the prompt.

They know nothing of the tree. A step's credit is the mean of the advantages of the trajectories through it.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from treecore.core.batch import Forests
from treecore.core.topology import FloatArray
from treecore.methods.laws import Laws, Scales, Vanishing
from treecore.methods.ops.groups import (
    back_up,
    group_stats,
    leaf_standard_error,
    normalise,
    on_leaves,
    path_tokens,
    ratio,
    raw_if_alone,
)
from treecore.methods.registry import Credit, credit_method
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds

VALUE_LINE = r"V(s) = \frac{1}{n(s)} \sum_{i \in s} R_i"
VALUE_SYMBOLS = {"V(s)": "value", "n(s)": "n_leaves", r"\sum_{i \in s} R_i": "leaves:reward"}
STEP_LINE = r"C(s) = \frac{1}{n(s)} \sum_{i \in s} A_i"
STEP_SYMBOLS = {
    "C(s)": "credit",
    "n(s)": "n_leaves",
    r"\sum_{i \in s} A_i": "leaves:advantage",
    "A_i": "advantage",
}


def from_leaves(forests: Forests, advantage: FloatArray, leaves: dict[str, FloatArray]) -> Credit:
    """Credit of every step from the advantages of the trajectories through it.

    Args:
        advantage: `[N]`, NaN off the scored leaves and where not assigned (then in the whole prompt).
        leaves: the other leaf columns that the formula names.

    Returns:
        `credit` is the mean and `gradient_weight` the sum of the advantages beneath; `value` the mean reward.
    """
    backup, value = back_up(forests, advantage), back_up(forests, forests.reward)
    nodes = {
        "credit": backup.mean,
        "gradient_weight": backup.total,
        "value": value.mean,
        "n_leaves": value.count,
        "stderr": leaf_standard_error(forests, advantage, backup=backup),
    }
    return Credit(forests, nodes, {"advantage": advantage, "reward": forests.reward, **leaves})


@credit_method(
    laws=Laws(shift_free={}, scales=Scales(0, {"epsilon": 0.0}), vanishing=(Vanishing("advantage", "prompt"),)),
    title="GRPO",
    alone="The only trajectory of a prompt is measured against mean 0, deviation 1: it keeps its raw reward.",
    family="outcome",
    over="trajectories",
    formula="\n".join([r"A_i = \frac{R_i - \mu}{\sigma + \epsilon}", STEP_LINE]),
    symbols={
        "R_i": "reward",
        r"\mu": "group_mean",
        r"\sigma": "group_std",
        r"\epsilon": "param:epsilon",
        **STEP_SYMBOLS,
    },
    citation=Citation(
        "Shao et al.", 2024, "DeepSeekMath", "arXiv:2402.03300", "computed as in verl", where="section 4.1.2"
    ),
)
def grpo(
    forests: Forests, *, epsilon: Annotated[float, Bounds(0, 1)] = 1e-6, ddof: Annotated[int, Bounds(0, 1)] = 1
) -> Credit:
    """Was this rollout better than the others of the same prompt?

    Every trajectory gets its reward minus the mean of all trajectories of the prompt, in units of their sample
    standard deviation. All its steps share that one number: the method does not look at where trajectories part.

    Args:
        epsilon: added to the standard deviation.
        ddof: what is taken off n in the standard deviation: 1 (the sample's, as released) or 0 (the population's).

    Returns:
        leaves: `advantage`, `group_mean`, `group_std`, `group_size`; a prompt with one trajectory keeps its raw
        reward (mean 0, std 1). nodes: mean (`credit`) and sum (`gradient_weight`) of the advantages beneath.
    """
    scored = forests.scored
    result = normalise(forests.reward[scored], forests.forest_of[scored], len(forests), epsilon=epsilon, ddof=ddof)
    columns = {"group_mean": result.mean, "group_std": result.std, "group_size": result.count}
    advantage = on_leaves(forests, result.advantage)
    return from_leaves(forests, advantage, {name: on_leaves(forests, values) for name, values in columns.items()})


@credit_method(
    laws=Laws(shift_free={}, scales=Scales(1), vanishing=(Vanishing("advantage", "prompt"),)),
    title="Dr. GRPO",
    alone="The only trajectory of a prompt is measured against 0: it keeps its raw reward.",
    family="outcome",
    over="trajectories",
    formula="\n".join([r"A_i = R_i - \mu", STEP_LINE]),
    symbols={"R_i": "reward", r"\mu": "group_mean", **STEP_SYMBOLS},
    citation=Citation(
        "Liu et al.", 2025, "Understanding R1-Zero-Like Training", "arXiv:2503.20783", where="section 3.2"
    ),
    departures="Only the advantage; the method's other half, a loss that does not divide by length, is no credit.",
)
def dr_grpo(forests: Forests) -> Credit:
    """How far above or below the others did this rollout end?

    GRPO without the division by the standard deviation: every trajectory gets its reward minus the mean of all
    trajectories of the prompt. Prompts that are almost always right, or almost always wrong, no longer count more.

    Returns:
        leaves: `advantage`, `group_mean`, `group_size`; a prompt with one trajectory keeps its raw reward (mean 0).
        nodes: mean (`credit`) and sum (`gradient_weight`) of the advantages beneath, `value`, `n_leaves`, `stderr`.
    """
    scored = forests.scored
    reward = forests.reward[scored]
    group = raw_if_alone(reward, forests.forest_of[scored], len(forests))
    columns = {"group_mean": on_leaves(forests, group.mean), "group_size": on_leaves(forests, group.count)}
    return from_leaves(forests, on_leaves(forests, reward - group.mean), columns)


@credit_method(
    laws=Laws(shift_free={}, scales=Scales(1), vanishing=(Vanishing("advantage", "prompt"),)),
    title="RLOO",
    alone="The only trajectory of a prompt keeps its raw reward, or gets 0 with `singleton=zero`.",
    family="outcome",
    over="trajectories",
    formula="\n".join([r"A_i = R_i - \mu_{-i}", STEP_LINE]),
    symbols={"R_i": "reward", r"\mu_{-i}": "others_mean", **STEP_SYMBOLS},
    citation=Citation(
        "Ahmadian et al.", 2024, "Back to Basics", "arXiv:2402.14740", "computed as in verl", where="section 2.3"
    ),
)
def rloo(forests: Forests, *, singleton: Literal["raw", "zero"] = "raw") -> Credit:
    """Was this rollout better than the average of the others?

    Every trajectory is measured against the mean reward of all other trajectories of the prompt, itself left out, so
    its own luck does not move the bar it has to pass.

    Args:
        singleton: what a prompt's only trajectory gets: its `raw` reward, or `zero` as in verl's vectorised version.

    Returns:
        leaves: `advantage`, `others_mean`, `group_size`; for a prompt with one trajectory `others_mean` is 0 (`raw`)
        or its own reward (`zero`). nodes: mean (`credit`) and sum (`gradient_weight`) of the advantages beneath,
        `value`, `n_leaves`, `stderr`.
    """
    scored = forests.scored
    reward = forests.reward[scored]
    stats = group_stats(reward, forests.forest_of[scored], len(forests), ddof=1)
    alone = reward if singleton == "raw" else np.zeros(len(reward))
    with np.errstate(divide="ignore", invalid="ignore"):
        advantage = np.where(stats.count < 2, alone, (reward - stats.mean) * stats.count / (stats.count - 1))
    columns = {"others_mean": on_leaves(forests, reward - advantage), "group_size": on_leaves(forests, stats.count)}
    return from_leaves(forests, on_leaves(forests, advantage), columns)


@credit_method(
    laws=Laws(shift_free={}, scales=Scales(1), vanishing=(Vanishing("advantage", "prompt", "tokens"),)),
    title="OPO",
    alone="The only trajectory of a prompt is measured against 0: it keeps its raw reward.",
    family="outcome",
    over="trajectories",
    formula="\n".join([r"b = \frac{\sum_j L_j R_j}{\sum_j L_j}", r"A_i = R_i - b", STEP_LINE]),
    symbols={
        "b": "baseline",
        r"\sum_j L_j R_j": "token_rewards",
        r"\sum_j L_j": "group_tokens",
        "R_i": "reward",
        **STEP_SYMBOLS,
    },
    against={"baseline": "group"},
    citation=Citation(
        "Hao et al.",
        2025,
        "On-Policy RL with Optimal Reward Baseline",
        "arXiv:2505.23585",
        "computed as in verl",
        where="compute_opo_outcome_advantage in verl's core_algos.py",
    ),
    needs={"reward", "n_model_tokens"},
)
def opo(forests: Forests) -> Credit:
    """Was this rollout better than the others, where long ones set more of the bar?

    Every trajectory gets its reward minus a mean of the prompt's rewards in which each trajectory counts as often as
    it has tokens of the model: the baseline that keeps the gradient's variance low when long answers have larger
    gradients.

    Returns:
        leaves: `advantage`, `baseline`, `token_rewards`, `group_tokens`, `n_tokens`; a prompt with one trajectory
        keeps its raw reward (baseline 0), one whose trajectories have no tokens at all gets NaN.
        nodes: mean (`credit`) and sum (`gradient_weight`) of the advantages beneath, `value`, `n_leaves`, `stderr`.
    """
    scored = forests.scored
    reward, group = forests.reward[scored], forests.forest_of[scored]
    length = forests.shape(path_tokens)[scored]
    size = np.bincount(group, minlength=len(forests))[group]
    stats = group_stats(reward, group, len(forests), ddof=0, weight=length)
    baseline, tokens = np.where(size < 2, 0.0, stats.mean), stats.count
    columns = {
        "baseline": baseline,
        "token_rewards": baseline * tokens,
        "group_tokens": tokens,
        "n_tokens": length,
    }
    leaves = {name: on_leaves(forests, values) for name, values in columns.items()}
    return from_leaves(forests, on_leaves(forests, reward - baseline), leaves)


@credit_method(
    laws=Laws(shift_free={}, scales=Scales(0, {"epsilon": 0.0}), ordered=True, silent=True),
    title="GRPO pass@k",
    alone="The only trajectory of a prompt gets nothing: there is no second to lead.",
    family="outcome",
    over="trajectories",
    formula="\n".join([r"A_i = \frac{R_{(1)} - R_{(2)}}{\sigma + \epsilon} \cdot b_i", STEP_LINE]),
    symbols={
        "R_{(1)}": "best",
        "R_{(2)}": "second",
        r"\sigma": "group_std",
        r"\epsilon": "param:epsilon",
        "b_i": "is_best",
        **STEP_SYMBOLS,
    },
    citation=Citation(
        "verl",
        2025,
        "verl trainer/ppo/core_algos.py, GRPO pass@k",
        "verl-project/verl",
        "which names arXiv:2503.19595 as its source",
        where="compute_grpo_passk_outcome_advantage",
    ),
    departures="verl stops with an error when a prompt has one trajectory; here that prompt's credit is not assigned.",
)
def grpo_passk(forests: Forests, *, epsilon: Annotated[float, Bounds(0, 1)] = 1e-6) -> Credit:
    """Did this rollout alone lift the best result of the prompt?

    Only the best trajectory of a prompt is credited, with its lead over the second best in standard deviations: that
    is what it adds when the best of k counts. All others get zero, and so does everyone when two are equally good.

    Args:
        epsilon: added to the standard deviation.

    Returns:
        leaves: `advantage`, `best`, `second`, `is_best` (1 for one trajectory of the prompt, else 0), `group_std`,
        `group_size`; NaN for a prompt with one trajectory.
        nodes: mean (`credit`) and sum (`gradient_weight`) of the advantages beneath, `value`, `n_leaves`, `stderr`.
    """
    scored = forests.scored
    reward, group = forests.reward[scored], forests.forest_of[scored]
    stats = group_stats(reward, group, len(forests), ddof=1)
    order = np.lexsort((reward, group))
    size = np.bincount(group, minlength=len(forests))
    last = np.cumsum(size)[group] - 1
    winner = order[last]
    enough = stats.count > 1
    best = np.where(enough, reward[winner], np.nan)
    second = np.where(enough, reward[order[np.maximum(last - 1, 0)]], np.nan)
    is_best = np.where(enough, (np.arange(len(reward)) == winner).astype(np.float64), np.nan)
    lead = ratio(best - second, stats.std + epsilon)
    columns = {
        "best": best,
        "second": second,
        "is_best": is_best,
        "group_std": stats.std,
        "group_size": stats.count,
    }
    leaves = {name: on_leaves(forests, values) for name, values in columns.items()}
    return from_leaves(forests, on_leaves(forests, lead * is_best), leaves)
