"""Methods on prefixes that trajectories share, in a tree or in a flat group: lambda-GRPO and TEMPO."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.outcomes import gap
from treecore.core.topology import FloatArray
from treecore.methods.laws import Laws, Scales, Vanishing
from treecore.methods.ops.groups import back_up, group_stats, leaf_standard_error, on_leaves, ratio
from treecore.methods.ops.shared_prefixes import on_tokens, shared_prefixes, step_prefixes
from treecore.methods.outcome import STEP_SYMBOLS, from_leaves
from treecore.methods.registry import Credit, Ragged, credit_method
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds

ADVANTAGE_LINE = r"A_i = \frac{R_i - \mu}{\sigma + \epsilon}"
SYMBOLS = {
    "R_i": "reward",
    r"\mu": "group_mean",
    r"\sigma": "group_std",
    r"\epsilon": "param:epsilon",
    **STEP_SYMBOLS,
}
LAWS = Laws(shift_free={}, scales=Scales(0, {"epsilon": 0.0}), vanishing=(Vanishing("advantage", "prompt"),))
ALONE = "Nothing is assigned in a prompt with a single scored trajectory: one reward has no standard deviation."
FOUND = (
    "Prefixes are found by the tokens that the model wrote where they are recorded, else by the texts of steps; steps "
    "that are equal and follow the same prefix are one, wherever the file keeps them, and a step of which nothing is "
    "recorded shares nothing."
)


class GroupAdvantage(NamedTuple):
    """GRPO's advantage of each scored leaf, NaN off them, and of each node the statistics of its prompt. `[N]`"""

    advantage: FloatArray
    mean: FloatArray
    std: FloatArray


def group_advantage(forests: Forests, epsilon: float) -> GroupAdvantage:
    """Rewards less the prompt's mean over its sample standard deviation; NaN in a prompt of one trajectory."""
    scored = forests.scored
    reward, group = forests.reward[scored], forests.forest_of[scored]
    stats = group_stats(reward, group, len(forests), ddof=1)
    mean, std = np.full(len(forests), np.nan), np.full(len(forests), np.nan)
    mean[group], std[group] = stats.mean, stats.std
    enough = stats.count > 1
    advantage = np.where(enough, ratio(gap(reward, stats.mean), stats.std + epsilon), np.nan)
    return GroupAdvantage(on_leaves(forests, advantage), mean[forests.forest_of], std[forests.forest_of])


@credit_method(
    laws=LAWS,
    title="λ-GRPO",
    alone=ALONE,
    family="tree",
    over="states",
    formula="\n".join([ADVANTAGE_LINE, r"w(s) = \frac{1}{m(s)}", r"C(s) = \frac{w(s)}{n(s)} \sum_{i \in s} A_i"]),
    symbols={**SYMBOLS, "w(s)": "prefix_share", "m(s)": "sharing"},
    citation=Citation(
        "Sullivan",
        2025,
        "GRPO is Secretly a Process Reward Model",
        "arXiv:2509.21154",
        "computed as in the released code",
        where="InfPRMTree in lambda_grpo/utils.py of coli-saar/grpo-prm",
    ),
    departures=(
        f"{FOUND} The released code divides the loss of a token, not its advantage: the gradient is the same as "
        "long as nothing is clipped. It gets no number for a prompt with one trajectory and goes on; here none is "
        "assigned."
    ),
)
def lambda_grpo(forests: Forests, *, epsilon: Annotated[float, Bounds(0, 1)] = 1e-4) -> Credit:
    """Was this rollout better than the others, where a beginning that many share counts only once?

    Trajectories of one prompt that begin alike are a tree, also where a file lists them one by one. In GRPO each of
    them repeats the shared tokens, so a step counts as often as trajectories run through it. Here the weight of every
    token is divided by the number of trajectories that share the prefix up to it, on a tree the leaves beneath.

    Args:
        epsilon: added to the standard deviation.

    Returns:
        tokens: the mean advantage of the trajectories through the step, divided by the trajectories that share the
        prefix up to the token; NaN for what the environment said.
        leaves: `advantage` before it is divided.
        nodes: `credit` (the mean of its tokens), `gradient_weight` (its sum over the trajectories), `prefix_share`
        (mean over its tokens of one over the trajectories that share them), `sharing` (one over that), `group_mean`,
        `group_std`, `value`, `n_leaves`, `stderr`. NaN everywhere in a prompt with one scored trajectory.
    """
    group = group_advantage(forests, epsilon)
    prefixes = forests.shape(shared_prefixes)
    share = step_prefixes(forests, prefixes).share
    base = from_leaves(forests, group.advantage, {})
    mean = base.credit
    changed = {name: base.nodes[name] * share for name in ("credit", "gradient_weight", "stderr")}
    nodes = {
        **base.nodes,
        **changed,
        "prefix_share": share,
        "sharing": 1.0 / share,
        "group_mean": group.mean,
        "group_std": group.std,
    }
    tokens = None
    if len(forests.token_node):
        node = np.repeat(np.arange(len(mean)), np.diff(prefixes.symbols.start))
        each = np.full(len(node), np.nan)
        np.divide(mean[node], prefixes.sharing, out=each, where=prefixes.sharing > 0)
        tokens = Ragged(forests.token_start, on_tokens(forests, prefixes.symbols, each, whole=nodes["credit"]))
    return replace(base, nodes=nodes, tokens=tokens)


@credit_method(
    laws=LAWS,
    title="TEMPO",
    alone=ALONE,
    family="tree",
    over="states",
    formula="\n".join(
        [
            ADVANTAGE_LINE,
            "D(s) = V(s) - V(p)",
            r"C(s) = \frac{1}{n(s)} \sum_{i \in s} A_i + \frac{D(s)}{k(s) \cdot (\sigma + \epsilon)}",
        ]
    ),
    symbols={
        **SYMBOLS,
        "D(s)": "change",
        "V(s)": "prefix_value",
        "V(p)": "before_value",
        "k(s)": "compared",
    },
    citation=Citation(
        "Tran et al.",
        2025,
        "Exploiting Tree Structure for Credit Assignment in RL Training of LLMs",
        "arXiv:2509.18314",
        "computed as in the released code",
    ),
    departures=(
        f"{FOUND} The released code gives every token its own number; a step's credit is the mean over its tokens, so "
        "that a change of value counts for less in a long step, and over the trajectories through it. The code gets no "
        "number for a prompt with one trajectory and goes on; here none is assigned."
    ),
)
def tempo(forests: Forests, *, epsilon: Annotated[float, Bounds(0, 1)] = 1e-6) -> Credit:
    """Was this rollout better than the others, and did the choice where they parted raise the odds?

    Every trajectory gets its GRPO advantage. Where trajectories that began alike part, the token that parts them also
    gets what it changed: the mean reward of those that continue with it, less the mean of all that shared the prefix
    before it, in the same standard deviations. Elsewhere that difference is 0 and the method is GRPO.

    Args:
        epsilon: added to the standard deviation.

    Returns:
        tokens: the mean advantage of the trajectories through the step, and the change of value at the token; NaN for
        what the environment said.
        leaves: `advantage` without changes of value.
        nodes: `credit` (the mean of its tokens), `gradient_weight` (its sum over the trajectories), `prefix_value`
        and `before_value` (mean reward of the trajectories that share the prefix up to its end, and up to its start),
        `change`, `compared` (its tokens, 1 where texts are compared), `group_mean`, `group_std`, `value`, `n_leaves`,
        `stderr`. NaN everywhere in a prompt with one scored trajectory.
    """
    group = group_advantage(forests, epsilon)
    prefixes = forests.shape(shared_prefixes)
    steps = step_prefixes(forests, prefixes)
    base = from_leaves(forests, group.advantage, {})
    divisor = group.std + epsilon
    change = gap(steps.after, steps.before)
    credit = base.credit + ratio(change, divisor * steps.compared)
    n = np.where(base.nodes["n_leaves"] > 0, base.nodes["n_leaves"], np.nan)
    nodes = {
        **base.nodes,
        "credit": credit,
        "gradient_weight": credit * n,
        "stderr": base.nodes["stderr"] + ratio(own_part(forests, steps.share), divisor * steps.compared),
        "change": change,
        "prefix_value": steps.after,
        "before_value": steps.before,
        "compared": steps.compared,
        "group_mean": group.mean,
        "group_std": group.std,
    }
    tokens = None
    if len(forests.token_node):
        node = np.repeat(np.arange(len(credit)), np.diff(prefixes.symbols.start))
        each = base.credit[node] + ratio(gap(prefixes.value, prefixes.before), divisor[node])
        tokens = Ragged(forests.token_start, on_tokens(forests, prefixes.symbols, each, whole=credit))
    return replace(base, nodes=nodes, tokens=tokens)


def own_part(forests: Forests, share: FloatArray) -> FloatArray:
    """Standard error that the leaves beneath a step bring into the value of its prefix, others held fixed. `[N]`"""
    backup = back_up(forests, forests.reward)
    return leaf_standard_error(forests, forests.reward, backup=backup) * np.minimum(backup.count * share, 1.0)
