"""ToolPO: outcome credit for every token, and credit for tool use on the tokens of tool calls only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.columns import Status
from treecore.core.tool_calls import count_calls
from treecore.core.topology import FloatArray, IntArray
from treecore.methods.ops.groups import Backup, back_up, leaf_standard_error
from treecore.methods.ops.tokens import model_tokens, step_count
from treecore.methods.registry import Credit, Ragged, credit_method
from treecore.protocols import Part
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds, Value

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


def call_counts(forests: Forests, has_call: FloatArray) -> FloatArray:
    """Tool calls of each step: as many as are found in it, at least one where tokens call a tool. `[N]`"""
    counts = (has_call > 0).astype(np.float64)
    for start, forest in zip(forests.offset.tolist(), forests, strict=False):
        text, extra = forest.text, forest.node_extra
        calling = np.flatnonzero(has_call[start : start + len(forest)]).tolist()
        for row in [row for row in calling if row in extra or "<" in text[row]]:
            counts[start + row] = max(count_calls(text[row], extra.get(row, {})), 1)
    return counts


def right_calls(forests: Forests, calls: FloatArray, check: Check) -> FloatArray:
    """How many of each step's `calls [N]` are right; NaN in steps without one, and where that is not recorded. `[N]`"""
    if check == "recorded":
        right = np.minimum(forests.column("call_ok"), calls)
    else:
        right = calls * (forests.answered & (forests.status != Status.FAILED))
    return np.where(calls > 0, right, np.nan)


def fold_preference(direct_tokens: float, *, folded_tokens: float) -> float:
    """ToolPO's S_pref: how much of both lengths the trajectory that folds its thoughts saves; paired rollouts only."""
    whole = direct_tokens + folded_tokens
    return (direct_tokens - folded_tokens) / whole if whole else 0.0


class Usual(NamedTuple):
    """Of a prompt's numbers, at all its nodes: their `mean [N]`, NaN where there are none, and the `first [N]`."""

    mean: FloatArray
    first: FloatArray


def usual(forests: Forests, values: FloatArray, rows: IntArray, weights: FloatArray | None = None) -> Usual:
    """What is usual among the `values [N]` at `rows`; summed around the first, so equal ones have just that mean.

    Args:
        weights: of all nodes `[N]`, 1 by default.
    """
    weight = np.ones(len(rows)) if weights is None else weights[rows]
    group = forests.forest_of[rows]
    first = np.zeros(len(forests))
    first[group[::-1]] = values[rows[::-1]]
    total = np.bincount(group, weights=weight * (values[rows] - first[group]), minlength=len(forests))
    with np.errstate(invalid="ignore"):
        mean = first + total / np.bincount(group, weights=weight, minlength=len(forests))
    return Usual(mean[forests.forest_of], first[forests.forest_of])


@credit_method(
    title="ToolPO",
    alone="The only trajectory of a prompt gets 0: it is its own mean.",
    family="tools",
    over="trajectories",
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
        "Li et al.",
        2025,
        "DeepAgent",
        "arXiv:2510.21618",
        "from the paper; the training code is unpublished",
        where="equations 5 to 8",
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
            `recorded`, the column `call_ok`: how many calls of the step are right, 1 or 0 where it has one.
        call_weight: reward of one right call.
        fold_weight: weight of the recorded preference for folded thoughts.

    Returns:
        tokens: outcome part everywhere, plus action part on tool-call tokens; NaN for observations.
        leaves: `advantage` (outcome part), `action`, `action_reward`, `group_mean`; 0 for a prompt with one
        trajectory. nodes: `credit` (mean over the step's own tokens; the outcome part where none are recorded),
        `outcome_part`, `action_part`, `call_share` (of tokens that call a tool), `calls` (how many), `call_ok` (right
        ones, their share with `attribution=call`; NaN without a call),
        `gradient_weight`, `value`, `n_leaves`, `stderr`. Without any call there is no action signal: that part is 0.
    """
    start, node, own = forests.token_start, forests.token_node, model_tokens(forests)
    calling = forests.token_column("part") == Part.TOOL_CALL
    share = step_count(calling, start) / np.maximum(step_count(own, start), 1)
    calls = call_counts(forests, share)
    called_right = right_calls(forests, calls, check)
    right = call_weight * forests.topology.path_sum(np.nan_to_num(called_right))
    right += fold_weight * np.nan_to_num(forests.column("fold_preference"))
    reward, right = forests.reward, np.where(forests.scored, right, np.nan)
    ended = np.flatnonzero(forests.scored)
    rewards, actions = usual(forests, reward, ended), usual(forests, right, ended)
    value = back_up(forests, reward)
    outcome = value.mean - rewards.mean
    leaves = {
        "advantage": reward - rewards.mean,
        "reward": reward,
        "group_mean": np.where(forests.scored, rewards.mean, np.nan),
        "action": right - actions.mean,
        "action_reward": right,
    }
    call_ok = call_weight * called_right
    by_call = {}
    if attribution == "call":
        call_ok = call_ok / np.maximum(calls, 1)
        judged = ~np.isnan(call_ok)
        mean = usual(forests, call_ok, np.flatnonzero(judged), calls).mean
        by_call["action_mean"] = np.where(judged, mean, np.nan)
        part = np.nan_to_num(call_ok - by_call["action_mean"])
        error = leaf_standard_error(forests, reward)
    else:
        leaves["action_mean"] = np.where(forests.scored, actions.mean, np.nan)
        right_value = back_up(forests, right)
        part = right_value.mean - actions.mean
        error = stderr(value, action=right_value, share=share)
    credit = outcome + share * part
    nodes = {
        "credit": credit,
        "outcome_part": outcome,
        "action_part": part,
        "call_share": share,
        "calls": calls,
        "call_ok": call_ok,
        "gradient_weight": credit * value.count,
        "value": value.mean,
        "n_leaves": value.count,
        "stderr": error,
        **by_call,
    }
    signal = np.where(own, outcome[node] + calling * part[node], np.nan)
    return Credit(forests, nodes, leaves, Ragged(start, signal))


def stderr(outcome: Backup, *, action: Backup, share: FloatArray) -> FloatArray:
    """Standard error of the mean of `outcome + share * action` over the leaves beneath, baselines held fixed. `[N]`

    The share belongs to the step, the two columns to leaves, so their covariance is needed beside their variances.
    """
    n = np.where(outcome.count > 1, outcome.count, np.nan)
    squares = outcome.squares + 2.0 * share * outcome.products(action) + share**2 * action.squares
    return np.sqrt(np.maximum(squares, 0.0) / (n * (n - 1.0)))
