"""AT²PO: the value of every turn in the tree of a prompt, as its advantage or against the values before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.outcomes import gap
from treecore.core.topology import FloatArray
from treecore.methods.laws import Laws, Scales, Vanishing
from treecore.methods.ops.groups import agreeing, at_parent, back_up, group_stats, on_leaves, ratio, scored_leaves
from treecore.methods.ops.paths import weighted_back_up
from treecore.methods.ops.tokens import model_tokens, step_mean
from treecore.methods.registry import Credit, credit_method
from treecore.registry.citation import Citation
from treecore.registry.params import Value

EPSILON = 1e-6
Values = Literal["leaf_mean", "child_mean", "child_softmax"]
Advantage = Literal["node_value", "diff_parent", "diff_global", "diff_localglobal"]
LAST = {
    "node_value": "V(s)",
    "diff_parent": "V(s) - V(p)",
    "diff_global": "V(s) - V_0",
    "diff_localglobal": "(V(s) - V_0) + (V(s) - V(p))",
}


def formula(params: Mapping[str, Value]) -> str:
    """The equations of one setting."""
    outcome = "L_i" if params["normalize"] else "R_i"
    value = {
        "leaf_mean": rf"\frac{{1}}{{n(s)}} \sum_{{i \in s}} {outcome}",
        "child_mean": r"\frac{1}{k(s)} \sum_{c \in s} V(c)",
        "child_softmax": r"\sum_{c \in s} w(c) V(c)",
    }[str(params["values"])]
    lines = [f"V(s) = {value}", f"C(s) = {LAST[str(params['advantage'])]}"]
    return "\n".join([r"L_i = \frac{R_i - \mu}{\sigma + 10^{-6}}", *lines] if params["normalize"] else lines)


def needs(params: Mapping[str, Value]) -> set[str]:
    """Log probabilities where children are weighed by surprisal."""
    return {"reward", "token:logprob"} if params["values"] == "child_softmax" else {"reward"}


class TurnValues(NamedTuple):
    """Values of steps. `[N]`

    Attributes:
        value: NaN where no scored leaf is beneath.
        weight: of a step in the value of the step before it; NaN where that is a mean over leaves.
        spread: root of the summed squared weights that the leaves beneath have in the value.
    """

    value: FloatArray
    weight: FloatArray
    spread: FloatArray


@credit_method(
    laws=Laws(shift_free={}, scales=Scales(1, {"normalize": False}), vanishing=(Vanishing("outcome", "prompt"),)),
    title="AT²PO",
    alone="The only trajectory of a prompt is its own mean: normalised, it gets 0.",
    family="tree",
    over="states",
    formula=formula,
    symbols={
        "L_i": "outcome",
        "R_i": "reward",
        r"\mu": "group_mean",
        r"\sigma": "group_std",
        "V(s)": "node_value",
        "n(s)": "n_leaves",
        r"\sum_{i \in s} L_i": "leaves:outcome",
        r"\sum_{i \in s} R_i": "leaves:reward",
        "k(s)": "n_branches",
        r"\sum_{c \in s} V(c)": "children:node_value",
        r"\sum_{c \in s} w(c) V(c)": "children:weighted_value",
        "V(p)": "parent_node_value",
        "V_0": "prompt_value",
        "C(s)": "credit",
    },
    citation=Citation(
        "Zong et al.",
        2026,
        "AT²PO: Agentic Turn-based Policy Optimization via Tree Search",
        "arXiv:2601.04767",
        "computed as in the released code",
        where="section 4.2, equation 3",
    ),
    needs=needs,
    departures=(
        "The released scripts weigh children by a softmax of their surprisal (`values=child_softmax`), which needs log"
        " probabilities; equation 3 of the paper weighs them by their share of it. The default is the mean over "
        "leaves. The code gives a step without a scored leaf the value 0 and counts it among its siblings; here it has"
        " none and is left out. Only the advantage: the turn-level clipping of the method is no credit."
    ),
)
def at2po(
    forests: Forests, *, values: Values = "leaf_mean", advantage: Advantage = "node_value", normalize: bool = True
) -> Credit:
    """How good are the ends that this turn leads to?

    Outcomes are brought to mean 0 and standard deviation 1 within the prompt. The value of a turn is what they come to
    beneath it, and by default that value is its advantage: a turn on the way to good ends is raised, one on the way to
    bad ends lowered, however little it changed itself.

    Args:
        values: `leaf_mean` over the leaves beneath, `child_mean` over the next steps, or `child_softmax`, where a next
            step counts for more the less likely the model found its own words (the released scripts).
        advantage: the value (`node_value`, the paper's choice), its gain over the step before (`diff_parent`), over
            the prompt (`diff_global`), or the sum of both gains (`diff_localglobal`).
        normalize: bring outcomes to mean 0 and standard deviation 1 first.

    Returns:
        leaves: `outcome` (what the leaf counts as), `group_mean`, `group_std` (over all leaves of the prompt, ddof 0).
        nodes: `credit`, `node_value`, `parent_node_value`, `prompt_value`, `n_branches` (next steps with a value),
        `weighted_value` (a step's part in the value of the step before it), `value`, `n_leaves`, `stderr`.
    """
    scored = forests.scored
    reward = forests.reward[scored]
    stats = group_stats(reward, forests.forest_of[scored], len(forests), ddof=0)
    own = ratio(gap(reward, stats.mean), stats.std + EPSILON) if normalize else reward
    outcome = on_leaves(forests, own)
    turns = turn_values(forests, outcome, values)
    above = at_parent(forests, turns.value)
    prompt = turns.value[forests.offset[:-1]][forests.forest_of]
    local, overall = gap(turns.value, above), gap(turns.value, prompt)
    credit = {
        "node_value": turns.value,
        "diff_parent": local,
        "diff_global": overall,
        "diff_localglobal": overall + local,
    }[advantage]
    recorded, backup = back_up(forests, forests.reward), back_up(forests, outcome)
    several = np.where(backup.count > 1, backup.count, np.nan)
    nodes = {
        "credit": credit,
        "node_value": turns.value,
        "parent_node_value": above,
        "prompt_value": prompt,
        "n_branches": forests.topology.children_sum((backup.count > 0).astype(np.float64)),
        "weighted_value": turns.weight * turns.value,
        "value": recorded.mean,
        "n_leaves": recorded.count,
        "stderr": np.sqrt(backup.squares / (several - 1)) * turns.spread * (1 + (advantage == "diff_localglobal")),
    }
    columns = {"group_mean": on_leaves(forests, stats.mean), "group_std": on_leaves(forests, stats.std)}
    return Credit(forests, nodes, {"reward": forests.reward, "outcome": outcome, **columns})


def turn_values(forests: Forests, outcome: FloatArray, values: Values) -> TurnValues:
    """Value of every step from the outcomes of the leaves beneath."""
    topology, parent = forests.topology, forests.parent
    known = (forests.n_scored > 0) & (parent >= 0)
    backup = back_up(forests, outcome)
    if values == "leaf_mean":
        root_n = np.sqrt(np.where(backup.count > 0, backup.count, np.nan))
        return TurnValues(value=backup.mean, weight=np.full(topology.n, np.nan), spread=1.0 / root_n)
    odds = np.where(known, 1.0, 0.0) if values == "child_mean" else softmax_odds(forests, known)
    total = topology.children_sum(odds)
    weight = np.where(known, odds / np.where(known, total[np.maximum(parent, 0)], 1.0), 0.0)
    value = weighted_back_up(topology, np.where(forests.scored, outcome, 0.0), edge=weight)
    squares = weighted_back_up(topology, forests.scored.astype(np.float64), edge=weight**2)
    # Where all leaves beneath agree, the value is theirs: summed branch by branch, thirds leave rounding behind.
    equal = agreeing(forests.shape(scored_leaves), outcome)
    shared = np.full(len(topology.skeleton.row), np.nan)
    shared[equal.end] = equal.value
    shared = shared[topology.skeleton.end]
    value = np.where(backup.count > 0, np.where(np.isnan(shared), value, shared), np.nan)
    return TurnValues(value, np.where(known, weight, np.nan), np.sqrt(squares))


def softmax_odds(forests: Forests, known: np.ndarray) -> FloatArray:
    """`exp` of the mean surprisal of each step's own tokens, relative to its siblings'; 0 where not `known`. `[N]`"""
    n, above = forests.topology.n, np.maximum(forests.parent, 0)
    own = model_tokens(forests)
    surprisal = np.nan_to_num(step_mean(-forests.token_column("logprob")[own], forests.token_node[own], n))
    highest = np.full(n, -np.inf)
    np.maximum.at(highest, above[known], surprisal[known])
    odds = np.zeros(n)
    odds[known] = np.exp(surprisal[known] - highest[above[known]])
    return odds
