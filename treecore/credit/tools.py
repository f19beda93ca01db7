"""ToolPO: outcome credit for every token, and credit for tool use on the tokens of tool calls only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np

from treecore.columns import Status
from treecore.credit.registry import Citation, Credit, Ragged, credit_method
from treecore.credit.token_columns import model_tokens, step_mean, token_column, token_node, token_start
from treecore.credit.values import back_up, group_stats, leaf_standard_error, on_leaves
from treecore.forests import Forests
from treecore.params import Bounds, Value
from treecore.protocols import Part
from treecore.topology import FloatArray, IntArray

Check = Literal["answered", "recorded"]


def needs(params: Mapping[str, Value]) -> set[str]:
    """Tool-call tokens, and the recorded verdicts where they are asked for."""
    return {"reward", "token:part"} | ({"call_ok"} if params["check"] == "recorded" else set())


def formula(params: Mapping[str, Value]) -> str:
    """The equations of one attribution."""
    steps = [r"A(s) = \frac{1}{n(s)} \sum_{i \in s} A_i", r"C(s) = A(s) + \phi(s) \cdot T(s)"]
    if params["attribution"] == "call":
        return "\n".join([r"A_i = R_i - \mu", r"T(s) = c(s) - \nu", *steps])
    actions = [r"T_i = G_i - \nu", r"T(s) = \frac{1}{n(s)} \sum_{i \in s} T_i"]
    return "\n".join([r"A_i = R_i - \mu", *actions, *steps])


def call_verdicts(forests: Forests, has_call: FloatArray, check: Check) -> FloatArray:
    """Whether each step's tool call is right, 1 or 0; NaN in steps without one. `[N]`"""
    if check == "recorded":
        verdict = forests.column("call_ok")
    else:
        answered = np.concatenate([[bool(text) for text in forest.observation] for forest in forests])
        verdict = (answered & (forests.status != Status.FAILED)).astype(np.float64)
    return np.where(has_call > 0, verdict, np.nan)


def fold_preference(direct_tokens: float, folded_tokens: float) -> float:
    """ToolPO's S_pref: how much of both lengths the trajectory that folds its thoughts saves; paired rollouts only."""
    whole = direct_tokens + folded_tokens
    return (direct_tokens - folded_tokens) / whole if whole else 0.0


def centred(values: FloatArray, group: IntArray, n_groups: int) -> tuple[FloatArray, FloatArray]:
    """`values [K]` minus the mean of their group, and that mean."""
    mean = group_stats(values, group, n_groups, ddof=0).mean
    return values - mean, mean


@credit_method(
    title="ToolPO",
    family="tools",
    formula=formula,
    symbols={
        "C(s)": "credit",
        "A(s)": "outcome_part",
        "T(s)": "action_part",
        r"\phi(s)": "call_share",
        "n(s)": "n_leaves",
        r"\sum_{i \in s} A_i": "leaves:advantage",
        r"\sum_{i \in s} T_i": "leaves:action",
        "A_i": "advantage",
        "T_i": "action",
        "R_i": "reward",
        "G_i": "action_reward",
        r"\mu": "group_mean",
        r"\nu": "action_mean",
        "c(s)": "call_ok",
    },
    citation=Citation(
        "Li et al.", 2025, "DeepAgent", "arXiv:2510.21618", "from the paper, eqs. 5-8; the training code is unpublished"
    ),
    needs=needs,
    departures=(
        "The paper's action part belongs to the whole trajectory: a wrong call among many right ones is still "
        "praised, and more right calls mean more reward, with no cost for useless ones. `attribution=call` judges "
        "each call by itself (extension). The preference for folded thoughts needs paired rollouts; it counts only "
        "where the leaf column `fold_preference` is recorded. Trajectories of a tree share prefixes, so they are not "
        "independent; a token of several trajectories gets their mean."
    ),
)
def toolpo(
    forests: Forests,
    *,
    attribution: Literal["trajectory", "call"] = "trajectory",
    check: Check = "answered",
    call_weight: Annotated[float, Bounds(0, 100)] = 1.0,
    fold_weight: Annotated[float, Bounds(0, 100)] = 1.0,
) -> Credit:
    """Was the outcome better than usual, and on the words of a tool call: was the tool used better than usual?

    Every token gets the outcome of its trajectories minus the prompt's mean. The tokens that call a tool get a second
    term on top: the number of right calls of the trajectory minus the prompt's mean. So a good call in a failed
    trajectory can still be reinforced, and thoughts are not credited for calls. What the environment answered is
    never credited.

    Args:
        attribution: second term of the whole `trajectory` (the paper), or of each `call` by itself (extension).
        check: what makes a call right: `answered`, the environment answered and the step did not fail; or
            `recorded`, the column `call_ok` (1 right, 0 wrong).
        call_weight: reward of one right call.
        fold_weight: weight of the recorded preference for folded thoughts.

    Returns:
        tokens: outcome part everywhere, plus action part on tool-call tokens; NaN for observations.
        leaves: `advantage` (outcome part), `action`, `action_reward`, `group_mean`; 0 for a prompt with one
        trajectory. nodes: `credit` (mean over the step's own tokens; the outcome part where none are recorded),
        `outcome_part`, `action_part`, `call_share` (of tokens that call a tool), `call_ok` (NaN without a call),
        `gradient_weight`, `value`, `n_leaves`, `stderr`. Without any call there is no action signal: that part is 0.
    """
    n, scored = len(forests.parent), forests.scored
    start = token_start(forests)
    node = token_node(start)
    own = model_tokens(forests)
    calling = np.where(own, token_column(forests, "part") == Part.TOOL_CALL, np.nan)
    share = np.nan_to_num(step_mean(calling, node, n))
    verdict = call_verdicts(forests, share, check)
    group = forests.forest_of[scored]
    success, success_mean = centred(forests.reward[scored], group, len(forests))
    reward = call_weight * forests.topology.path_sum(np.nan_to_num(verdict))
    reward = reward + fold_weight * np.nan_to_num(forests.column("fold_preference"))
    action, action_mean = centred(reward[scored], group, len(forests))
    advantage, acted = on_leaves(forests, success), on_leaves(forests, action)
    outcome = back_up(forests, advantage)
    if attribution == "call":
        called = np.flatnonzero(~np.isnan(verdict))
        part, usual = np.zeros(n), np.full(n, np.nan)
        judged = centred(call_weight * verdict[called], forests.forest_of[called], len(forests))
        part[called], usual[called] = judged
        columns = {"action_mean": usual}
    else:
        part, columns = back_up(forests, acted).mean, {}
    credit = outcome.mean + share * part
    error = stderr(forests, advantage, np.zeros(n) if attribution == "call" else acted, share)
    nodes = {
        "credit": credit,
        "outcome_part": outcome.mean,
        "action_part": part,
        "call_share": share,
        "call_ok": call_weight * verdict,
        "gradient_weight": credit * outcome.count,
        "value": back_up(forests, forests.reward).mean,
        "n_leaves": outcome.count,
        "stderr": error,
        **columns,
    }
    leaves = {"advantage": advantage, "reward": forests.reward, "group_mean": on_leaves(forests, success_mean)}
    leaves |= {"action": acted, "action_reward": on_leaves(forests, reward[scored])}
    leaves |= {} if columns else {"action_mean": on_leaves(forests, action_mean)}
    signal = np.where(own, outcome.mean[node] + np.nan_to_num(calling) * part[node], np.nan)
    return Credit(forests, nodes, leaves, Ragged(start, signal))


def stderr(forests: Forests, advantage: FloatArray, action: FloatArray, share: FloatArray) -> FloatArray:
    """Standard error of the mean of `advantage + share * action` over the leaves beneath, baselines held fixed. `[N]`

    The share belongs to the step, the two columns to leaves, so their covariance is taken from their sum.
    """
    action = np.where(forests.scored, action, np.nan)
    first = leaf_standard_error(forests, advantage)
    if not np.nan_to_num(action).any():
        return first
    second, both = leaf_standard_error(forests, action), leaf_standard_error(forests, advantage + action)
    variance = first**2 + share * (both**2 - first**2 - second**2) + (share * second) ** 2
    return np.sqrt(np.maximum(variance, 0.0))
