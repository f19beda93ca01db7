"""Outcome methods that weigh rare success more: MaxRL by the prompt's mean, GPG by the whole batch."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from treecore.core.batch import Forests
from treecore.core.outcomes import gap
from treecore.methods.laws import Laws, Scales, Vanishing
from treecore.methods.ops.groups import group_stats, on_leaves, raw_if_alone
from treecore.methods.outcome import STEP_LINE, STEP_SYMBOLS, from_leaves
from treecore.methods.registry import Credit, credit_method
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds


@credit_method(
    laws=Laws(scales=Scales(0), vanishing=(Vanishing("advantage", "prompt"),)),
    title="MaxRL",
    alone="The only trajectory of a prompt is its own mean: it gets 0.",
    family="outcome",
    over="trajectories",
    formula="\n".join([r"A_i = \frac{R_i - \mu}{\mu}", STEP_LINE]),
    symbols={"R_i": "reward", r"\mu": "prompt_mean", **STEP_SYMBOLS},
    citation=Citation(
        "Tajwar et al.",
        2026,
        "Maximum Likelihood Reinforcement Learning",
        "arXiv:2602.02710",
        "computed as in prime-rl",
        where="equation 10 and algorithm 1",
    ),
    departures="A mean that is 0 up to rounding counts as 0; prime-rl computes in float32.",
)
def max_rl(forests: Forests) -> Credit:
    """How much better than the others was this rollout, where success is rare?

    Every trajectory gets its reward minus the mean of all trajectories of the prompt, as a share of that mean. One
    success among ten counts nine times as much as one among two: the gradient is then, up to the order of the group,
    that of the logarithm of the chance of success, which is maximum likelihood. Rewards are meant to be 0 or more.

    Returns:
        leaves: `advantage`, `prompt_mean`, `group_size`; 0 everywhere in a prompt whose mean reward is 0 or less.
        nodes: mean (`credit`) and sum (`gradient_weight`) of the advantages beneath, `value`, `n_leaves`, `stderr`.
    """
    scored = forests.scored
    reward = forests.reward[scored]
    stats = group_stats(reward, forests.forest_of[scored], len(forests), ddof=0)
    positive = gap(stats.mean, np.zeros(len(reward))) > 0
    advantage = np.zeros(len(reward))
    np.divide(reward - stats.mean, stats.mean, out=advantage, where=positive)
    columns = {"prompt_mean": on_leaves(forests, stats.mean), "group_size": on_leaves(forests, stats.count)}
    return from_leaves(forests, on_leaves(forests, advantage), columns)


@credit_method(
    laws=Laws(),
    title="GPG",
    alone="The only trajectory of a prompt is measured against 0: it keeps its reward, times the factor of the batch.",
    family="outcome",
    over="trajectories",
    formula="\n".join([r"\alpha = \frac{B}{B_{\ne 0}}", r"A_i = \frac{\alpha \cdot (R_i - \mu)}{F}", STEP_LINE]),
    symbols={
        r"\alpha": "factor",
        "B": "batch_size",
        r"B_{\ne 0}": "batch_rewarded",
        "R_i": "reward",
        r"\mu": "group_mean",
        "F": "param:f_norm",
        **STEP_SYMBOLS,
    },
    citation=Citation(
        "Chu et al.",
        2025,
        "Group Policy Gradient",
        "arXiv:2504.02546",
        "computed as in verl",
        where="equations 6 to 8",
    ),
    departures=(
        "The paper leaves prompts whose rewards are all equal out of the count that scales the batch. verl, and so "
        "this method, leaves out every trajectory with a reward of 0."
    ),
)
def gpg(forests: Forests, *, f_norm: Annotated[float, Bounds(1e-6, 1e6)] = 1.0) -> Credit:
    """How far above or below the others did this rollout end, where a batch with few successes counts more?

    Every trajectory gets its reward minus the mean of all trajectories of the prompt. All are then multiplied by the
    number of trajectories of the batch over the number of those with a reward other than 0, so that batches with
    little signal do not make little steps. Nothing is divided by a standard deviation.

    Args:
        f_norm: divides every advantage; `f_norm` of verl.

    Returns:
        leaves: `advantage`, `factor`, `batch_size`, `batch_rewarded`, `group_mean`, `group_size`; a prompt with one
        trajectory keeps its raw reward (mean 0), times the factor.
        nodes: mean (`credit`) and sum (`gradient_weight`) of the advantages beneath, `value`, `n_leaves`, `stderr`.
    """
    scored = forests.scored
    reward = forests.reward[scored]
    group = raw_if_alone(reward, forests.forest_of[scored], len(forests))
    rewarded = max(int(np.count_nonzero(reward)), 1)
    factor = len(reward) / rewarded
    every = np.ones(len(reward))
    columns = {
        "factor": factor * every,
        "batch_size": len(reward) * every,
        "batch_rewarded": rewarded * every,
        "group_mean": group.mean,
        "group_size": group.count,
    }
    leaves = {name: on_leaves(forests, values) for name, values in columns.items()}
    return from_leaves(forests, on_leaves(forests, factor * (reward - group.mean) / f_norm), leaves)
