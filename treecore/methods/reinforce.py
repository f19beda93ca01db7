"""REINFORCE++: discounted returns on the tokens of every trajectory, whitened over all tokens of the batch."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np

from treecore.core.batch import Forests
from treecore.core.topology import FloatArray, IntArray
from treecore.errors import MethodError
from treecore.methods.laws import Laws, Scales, Vanishing
from treecore.methods.ops.groups import (
    at_parent,
    back_up,
    leaf_standard_error,
    on_leaves,
    path_tokens,
    raw_if_alone,
    whiten,
)
from treecore.methods.ops.paths import weighted_back_up
from treecore.methods.registry import Credit, Ragged, credit_method
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds

MAX_TOKENS = 200_000_000
PAPER = Citation(
    "Hu et al.", 2025, "REINFORCE++", "arXiv:2501.03262", "computed as in verl", where="equation 5 of version 9"
)
LEAF_LINE = r"A_i = \frac{\bar{G}_i - \mu}{\sigma}"
NODE_LINE = r"C(s) = \frac{\bar{G}(s) - \mu}{\sigma}"
SYMBOLS = {
    "A_i": "advantage",
    r"\bar{G}_i": "trajectory_return",
    "C(s)": "credit",
    r"\bar{G}(s)": "return",
    r"\mu": "batch_mean",
    r"\sigma": "batch_std",
}
SHARED_DEPARTURES = (
    "The reference gives every token its own number and has no step-level signal; the step's credit here is the mean "
    "over the step's own tokens and over the trajectories through it. It raises on a batch with a single token; here "
    "no credit is assigned then. Equal returns make a credit of exactly 0; the reference leaves 1e-4 of them over the "
    "number of tokens. A step in which the model wrote nothing is given the number of the place where it "
    "stands, one token before its successor."
)


def discounted(forests: Forests, reward: FloatArray, gamma: float) -> Credit:
    """Whitened discounted returns.

    Args:
        reward: `[N]`, what each scored leaf's last token receives; ignored elsewhere.
    """
    scored = forests.scored
    length = forests.shape(path_tokens)[scored]
    total = float(length.sum())
    if total > MAX_TOKENS:
        raise MethodError(
            f"the trajectories have {total:.0f} tokens in all, counted once for each trajectory",
            todo=f"use forests of at most {MAX_TOKENS} such tokens, or a method that works on steps",
        )
    count = length.astype(np.int64)
    power = gamma ** np.arange(int(count.max(initial=1)) + 1, dtype=np.float64)
    series = np.concatenate([[0.0], np.cumsum(power)])
    own = reward[scored]
    if gamma == 1:
        white = whiten(own, tokens=length)
        signal = np.repeat(white.value, count)
    else:
        remaining = np.repeat(np.cumsum(count), count) - 1 - np.arange(int(total))
        white = whiten(np.repeat(own, count) * power[remaining], tokens=np.ones(int(total)))
        signal = white.value
    start = np.zeros(len(forests.parent) + 1, dtype=np.int64)
    start[1:][scored] = count
    mean_return = own * token_mean(series, count)
    leaves = {
        "advantage": on_leaves(forests, (mean_return - white.mean) / white.std),
        "trajectory_return": on_leaves(forests, mean_return),
        "reward": forests.reward,
    }
    nodes = step_columns(forests, on_leaves(forests, own), series=series, gamma=gamma, mean=white.mean, std=white.std)
    tokens = Ragged(np.cumsum(start), signal)
    return Credit(forests, nodes, leaves, tokens=tokens, tokens_are_trajectories=True)


def token_mean(series: FloatArray, count: IntArray) -> FloatArray:
    """Mean of `gamma ** k` over the last `count` tokens, `k` counted from the end; 1 for none."""
    return np.where(count > 0, series[count] / np.maximum(count, 1), 1.0)


def step_columns(
    forests: Forests, reward: FloatArray, *, series: FloatArray, gamma: float, mean: float, std: float
) -> dict[str, FloatArray]:
    """Node columns: mean return over own tokens and trajectories, its whitened form, its standard error."""
    own = np.minimum(np.maximum(forests.n_model_tokens, 0), len(series) - 1)
    value = back_up(forests, forests.reward)
    n = np.where(value.count > 0, value.count, np.nan)
    scale = token_mean(series, own)
    ahead, error = ahead_of_steps(forests, reward, edge=gamma ** own.astype(np.float64), n=n)
    returns = ahead * scale
    credit = (returns - mean) / std
    return {
        "credit": credit,
        "gradient_weight": credit * n,
        "return": returns,
        "batch_mean": np.full(len(n), mean),
        "batch_std": np.full(len(n), std),
        "value": value.mean,
        "n_leaves": value.count,
        "stderr": error * scale / std,
    }


def ahead_of_steps(
    forests: Forests, reward: FloatArray, *, edge: FloatArray, n: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean over the leaves beneath of the reward discounted down to each step's end, and its standard error. `[N]`

    Args:
        edge: `[N]`, discount for the tokens of each step.
        n: `[N]`, scored leaves beneath, NaN for none.
    """
    if (edge == 1).all():
        backup = back_up(forests, reward)
        return backup.mean, leaf_standard_error(forests, reward, backup=backup)
    topology = forests.topology
    ahead = weighted_back_up(topology, np.where(forests.scored, reward, 0.0), edge=edge) / n
    off = edge * ahead - at_parent(forests, ahead)
    between = topology.children_sum(np.where(np.isnan(off), 0.0, n * off**2))
    several = np.where(n > 1, n, np.nan)
    return ahead, np.sqrt(weighted_back_up(topology, between, edge=edge**2) / (several * (several - 1)))


@credit_method(
    laws=Laws(
        shift_free={"gamma": 1.0},
        scales=Scales(0, {"gamma": 0.9}),
        vanishing=(Vanishing("tokens", "batch", settings={"gamma": 0.9}),),
    ),
    title="REINFORCE++",
    family="outcome",
    over="trajectories",
    formula="\n".join([LEAF_LINE, NODE_LINE]),
    symbols=SYMBOLS,
    citation=PAPER,
    needs={"reward", "n_model_tokens"},
    departures=SHARED_DEPARTURES,
)
def reinforce_pp(forests: Forests, *, gamma: Annotated[float, Bounds(0, 1)] = 1.0) -> Credit:
    """How good was this rollout against everything else in the batch, and how close to the end is this token?

    The reward sits on a trajectory's last token and is discounted by gamma for every token of the model before it;
    observations are skipped. All tokens of all trajectories of the batch, of every prompt, are then brought to mean 0
    and standard deviation 1. There is no comparison within a prompt: an easy prompt looks good, a hard one bad.

    Args:
        gamma: discount for each of the model's tokens between a token and the trajectory's end.

    Returns:
        tokens: of each scored leaf, its whole trajectory's model tokens, root to leaf.
        leaves: `advantage` (mean over the trajectory's tokens), `trajectory_return` (the same before whitening).
        nodes: `credit` and `return` (means over the step's tokens and the trajectories through it),
        `gradient_weight`, `batch_mean`, `batch_std`, `value`, `n_leaves`, `stderr`; NaN where the batch holds fewer
        than two tokens. A batch with a single trajectory is whitened over its own tokens.
    """
    return discounted(forests, forests.reward, gamma)


@credit_method(
    laws=Laws(
        shift_free={"gamma": 0.9},
        scales=Scales(0, {"gamma": 0.9}),
        vanishing=(Vanishing("tokens", "batch"),),
    ),
    title="REINFORCE++ baseline",
    alone="The only trajectory of a prompt is measured against 0: it keeps its raw reward.",
    family="outcome",
    over="trajectories",
    formula="\n".join([LEAF_LINE, NODE_LINE]),
    symbols=SYMBOLS,
    citation=PAPER._replace(where="equations 6 and 7 of version 9"),
    needs={"reward", "n_model_tokens"},
    departures=SHARED_DEPARTURES + " verl does not discount this one: gamma below 1 is ours.",
)
def reinforce_pp_baseline(forests: Forests, *, gamma: Annotated[float, Bounds(0, 1)] = 1.0) -> Credit:
    """Was this rollout better than the others of its prompt, on a scale that all prompts share?

    Every trajectory gets its reward minus the mean of its prompt; then the tokens of the whole batch are brought to
    mean 0 and standard deviation 1. Unlike in GRPO, a prompt whose rewards hardly differ is not blown up.

    Args:
        gamma: discount for each of the model's tokens between a token and the trajectory's end; 1 in verl.

    Returns:
        tokens, leaves, nodes: as `reinforce_pp`, and leaves `group_mean`, `group_size`; a prompt with one trajectory
        keeps its raw reward (mean 0) before whitening. NaN where the batch holds fewer than two tokens.
    """
    scored = forests.scored
    reward = forests.reward[scored]
    group = raw_if_alone(reward, forests.forest_of[scored], len(forests))
    credit = discounted(forests, on_leaves(forests, reward - group.mean), gamma)
    columns = {"group_mean": on_leaves(forests, group.mean), "group_size": on_leaves(forests, group.count)}
    return replace(credit, leaves={**credit.leaves, **columns})
