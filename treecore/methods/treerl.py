"""TreeRL: every segment is judged against the whole prompt and against the segment before it, in code and on paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.outcomes import gap
from treecore.core.topology import BoolArray, FloatArray
from treecore.errors import MethodError
from treecore.methods.laws import Laws, Scales, Vanishing
from treecore.methods.ops.groups import at_parent, back_up, group_stats, leaf_standard_error, on_leaves
from treecore.methods.ops.lineage import marked_above
from treecore.methods.outcome import VALUE_LINE, VALUE_SYMBOLS
from treecore.methods.registry import Credit, credit_method
from treecore.registry.citation import Citation
from treecore.registry.params import Value

SAME = 1e-8
TITLE = "TreeRL: LLM Reinforcement Learning with On-Policy Tree Search"
CODE = Citation(
    "Hou et al.", 2025, TITLE, "arXiv:2506.11902", "as the released code computes it", where="equations 2 to 4"
)
PAPER = CODE._replace(note="the formula of the paper")

Mode = Literal["advantage_only", "state_value", "value_only", "mix_allancestor"]
LAST = {
    "advantage_only": r"C(s) = \hat{L}(s)",
    "state_value": r"C(s) = \hat{L}(s) + g(s)",
    "value_only": "C(s) = g(s)",
    "mix_allancestor": r"C(s) = g(s) - \bar{g}(s)",
}


def formula(params: Mapping[str, Value]) -> str:
    """The equations of one setting."""
    mode = str(params["mode"])
    weight = "" if params["weight"] == "none" else r" \cdot w(s)"
    shift = "" if params["norm"] == "none" else r" - \delta \cdot n(s)"
    lines = [
        r"A_i = R_i - \mu_{-i}",
        rf"g(s) = \frac{{\sum_{{i \in s}} A_i{shift}}}{{n(s){weight}}}",
    ]
    if mode in ("advantage_only", "state_value"):
        lines += ["L(s) = g(s) - g(p)", r"\hat{L}(s) = L(s) + k(s)"]
    return "\n".join([*lines, LAST[mode]])


def needs(params: Mapping[str, Value]) -> set[str]:
    """Token counts where steps are weighted by them."""
    return {"reward", "n_model_tokens"} if params["norm"] == "token" else {"reward"}


class StateValues(NamedTuple):
    """`g` and its parts. `[N]`"""

    value: FloatArray
    weight: FloatArray
    shift: FloatArray


@credit_method(
    laws=Laws(shift_free={}, scales=Scales(1), vanishing=(Vanishing("leave_one_out", "prompt"),)),
    title="TreeRL (code)",
    alone="Nothing is assigned in a prompt with a single scored leaf: there is no other to be measured against.",
    family="tree",
    over="states",
    formula=formula,
    symbols={
        "A_i": "leave_one_out",
        "R_i": "reward",
        r"\mu_{-i}": "others_mean",
        "g(s)": "state_value",
        r"\sum_{i \in s} A_i": "leaves:leave_one_out",
        "n(s)": "n_leaves",
        "w(s)": "weight",
        r"\delta": "shift",
        "g(p)": "parent_state_value",
        "L(s)": "local",
        r"\hat{L}(s)": "filled_local",
        "k(s)": "carried",
        r"\bar{g}(s)": "ancestor_mean",
        "C(s)": "credit",
    },
    citation=CODE,
    needs=needs,
    departures=(
        "The released code differs from the paper: leaves are judged against the other leaves, the square root divides "
        "the value before the parent's is subtracted, and a step that changed nothing repeats the difference of the "
        "step before it. `treerl_paper` is the paper's formula. The code stops with an error when a prompt has a "
        "single trajectory; here that prompt's credit is not assigned."
    ),
)
def treerl(
    forests: Forests,
    *,
    mode: Mode = "state_value",
    weight: Literal["none", "sqrt", "uniform"] = "sqrt",
    norm: Literal["none", "step", "token"] = "none",
    selected: str = "",
) -> Credit:
    """Does this step lead to better ends than the prompt as a whole, and than the step before it?

    Every leaf is measured against the other leaves of its prompt. A step's state value is the mean of that over the
    leaves beneath; its local advantage is what it gained on the step before. All trees of a prompt hang below it, and
    its own state value is 0 unless `norm` shifts it. By default both parts are added, and shared early steps are
    divided by the root of the number of trajectories that use them.

    Args:
        mode: what becomes the credit: local advantage plus state value (`state_value`, the released scripts), either
            alone (`advantage_only`, `value_only`), or the mean gain over all ancestors (`mix_allancestor`).
        weight: what the state value is divided by: nothing, or the number of selected leaves beneath (`uniform`) or
            its square root (`sqrt`, the released scripts).
        norm: subtract the mean over all steps (`step`) or over all tokens of the model (`token`) first.
        selected: ids of the leaves to train on, separated by commas; empty for all. Steps off their paths get none.

    Returns:
        leaves: `leave_one_out`, `others_mean`. nodes: `credit`, `state_value`, `parent_state_value`, `local`,
        `filled_local` (a `local` below 1e-8 takes the step before's: `carried`, else 0), `ancestor_mean`,
        `weight`, `shift`, `value`, `n_leaves`, `stderr`. NaN off the selected paths, and everywhere in a prompt with a
        single scored leaf; `credit` and `local` NaN at the prompt.
    """
    scored = forests.scored
    reward = forests.reward[scored]
    stats = group_stats(reward, forests.forest_of[scored], len(forests), ddof=1)
    factor = np.full(len(reward), np.nan)
    np.divide(stats.count, stats.count - 1, out=factor, where=stats.count > 1)
    leaf = on_leaves(forests, (reward - stats.mean) * factor)
    state = state_values(forests, leaf, weight, norm=norm, chosen=chosen_leaves(forests, selected))
    parent, g = forests.parent, state.value
    topology = forests.topology
    above = at_parent(forests, g)
    local = g - above
    moved = (np.abs(local) >= SAME) | (topology.depth <= 1)
    filled = np.where(moved, local, local[marked_above(parent, moved)])
    filled[np.isnan(g)] = np.nan
    ancestors = np.full(len(g), np.nan)
    np.divide(topology.path_sum(at_parent(forests, g, prompt=0.0)), topology.depth, out=ancestors, where=parent >= 0)
    credit = {
        "advantage_only": filled,
        "state_value": filled + g,
        "value_only": g,
        "mix_allancestor": g - ancestors,
    }[mode]
    backup = back_up(forests, forests.reward)
    own_share = (2.0 if mode == "state_value" else 1.0) * spread_factor(forests, factor) / state.weight
    nodes = {
        "credit": credit,
        "state_value": g,
        "parent_state_value": np.where(np.isnan(g), np.nan, above),
        "local": local,
        "filled_local": filled,
        "carried": filled - local,
        "ancestor_mean": ancestors,
        "weight": state.weight,
        "shift": state.shift,
        "value": backup.mean,
        "n_leaves": backup.count,
        "stderr": leaf_standard_error(forests, forests.reward, backup=backup) * own_share,
    }
    leaves = {"leave_one_out": leaf, "others_mean": forests.reward - leaf, "reward": forests.reward}
    return Credit(forests, nodes, leaves)


def spread_factor(forests: Forests, factor: FloatArray) -> FloatArray:
    """`n / (n - 1)` of each node's prompt, by which leaving one out stretches differences. `[N]`"""
    by_forest = np.full(len(forests), np.nan)
    by_forest[forests.forest_of[forests.scored]] = factor
    return by_forest[forests.forest_of]


def state_values(forests: Forests, leaf: FloatArray, weight: str, *, norm: str, chosen: BoolArray) -> StateValues:
    """Accumulated leaf advantages over leaves, normalised and weighted; the prompt accumulates zero."""
    forest_of, n_forests = forests.forest_of, len(forests)
    backup = back_up(forests, leaf)
    count = backup.count
    total = np.where((count > 0) & (forests.parent >= 0), backup.total, 0.0)
    shift = np.zeros(n_forests)
    if norm != "none":
        each = np.ones(len(count)) if norm == "step" else np.maximum(forests.n_model_tokens, 0).astype(np.float64)
        above = np.bincount(forest_of, weights=total * each, minlength=n_forests)
        below = np.bincount(forest_of, weights=count * each, minlength=n_forests)
        np.divide(above, below, out=shift, where=below > 0)
    on_path = forests.topology.leaf_count(chosen)
    power = {"none": 0.0, "sqrt": 0.5, "uniform": 1.0}[weight]
    on_path = np.where(on_path > 0, on_path, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (total / count - shift[forest_of]) / on_path**power
    off = np.isnan(on_path) | np.isnan(backup.total)
    return StateValues(np.where(off, np.nan, value), on_path**power, shift[forest_of])


def chosen_leaves(forests: Forests, selected: str) -> BoolArray:
    """Scored leaves whose ids are in `selected`, in every forest that has them; all scored leaves when it is empty.

    Raises:
        MethodError: an id that names no scored leaf of any forest.
    """
    names = {name.strip() for name in selected.split(",") if name.strip()}
    if not names:
        return forests.scored
    ids = list(map(str, forests.node_id))
    rows = [row for row in np.flatnonzero(forests.scored).tolist() if ids[row] in names]
    if missing := sorted(names - {ids[row] for row in rows}):
        raise MethodError(f"selected={missing[0]!r} is no leaf with a reward", todo="give ids of scored leaves")
    chosen = np.zeros(len(ids), dtype=bool)
    chosen[rows] = True
    return chosen


@credit_method(
    laws=Laws(shift_free={}, scales=Scales(1)),
    title="TreeRL (paper)",
    alone="In a prompt with a single scored leaf every step gets 0: nothing differs from the mean.",
    family="tree",
    over="states",
    formula="\n".join(
        [
            VALUE_LINE,
            "G(s) = V(s) - V_0",
            "L(s) = V(s) - V(p)",
            r"C(s) = \frac{G(s) + L(s)}{\sqrt{n(s)}}",
        ]
    ),
    symbols={
        "G(s)": "global",
        "L(s)": "local",
        "V_0": "root_value",
        "V(p)": "parent_value",
        "C(s)": "credit",
        **VALUE_SYMBOLS,
    },
    citation=PAPER,
    departures="The released code computes something else: see TreeRL (code).",
)
def treerl_paper(forests: Forests) -> Credit:
    """Does this step lead to better ends than the prompt as a whole, and than the step before it?

    A step's value is the mean reward of the leaves beneath. Its global advantage is that value minus the mean of the
    whole prompt, its local advantage the value minus that of the step before; the sum is divided by the root of the
    number of leaves beneath, because that many trajectories repeat the step.

    Returns:
        nodes: `credit`, `global`, `local`, `value`, `parent_value`, `root_value` (mean over all trees of the prompt,
        which is also what a first step is compared with), `n_leaves`, `stderr`. NaN where no scored leaf is, and at
        the prompt itself; a prompt with a single scored leaf gives 0 everywhere, since nothing differs from its mean.
    """
    backup = back_up(forests, forests.reward)
    root = np.where(forests.is_prompt, np.nan, backup.mean[forests.offset[:-1]][forests.forest_of])
    above = at_parent(forests, backup.mean)
    root_n = np.sqrt(np.where(backup.count > 0, backup.count, np.nan))
    overall, local = gap(backup.mean, root), gap(backup.mean, above)
    nodes = {
        "credit": (overall + local) / root_n,
        "global": overall,
        "local": local,
        "value": backup.mean,
        "parent_value": above,
        "root_value": root,
        "n_leaves": backup.count,
        "stderr": 2.0 * leaf_standard_error(forests, forests.reward, backup=backup) / root_n,
    }
    return Credit(forests, nodes, {"reward": forests.reward})
