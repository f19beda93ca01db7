"""DeepConf: how sure the model was of its own tokens, over sliding windows of a trajectory.

A token's confidence is minus the mean log probability of the 20 likeliest tokens. It measures how flat the tail of
the distribution is, not how likely the best token was: a tie between two tokens above a tiny tail counts as very
confident. Values of different models, vocabularies or temperatures cannot be compared. Votes: `voting`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.topology import FloatArray, IntArray
from treecore.methods.laws import Laws
from treecore.methods.ops.groups import back_up, group_stats
from treecore.methods.ops.lineage import marked_above, path_min, window_sum
from treecore.methods.ops.tokens import model_tokens, step_count, step_mean
from treecore.methods.registry import Credit, Ragged, credit_method
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds, Value

DEFAULT_WINDOW = 32


class TokenPaths(NamedTuple):
    """The tokens that the model wrote with a confidence, `K` in a batch, as one forest of their own.

    They are in preorder, where the tokens before one on its path are mostly near it in memory too. `row [K]` in the
    batch's token table; `confidence [K]`; `parent [K]`, the token before, -1 for the first of a trajectory;
    `position [K]`, their number from the root, from 1. `step [S]` are the nodes that have such tokens, in preorder,
    and `begin [S]` the first token of each; `last [N]` is the last token on each node's path, -1 where there is none,
    `length [N]` their number there and `mean [N]` their mean confidence, NaN where there is none.
    """

    row: IntArray
    confidence: FloatArray
    parent: IntArray
    position: IntArray
    step: IntArray
    begin: IntArray
    last: IntArray
    length: IntArray
    mean: FloatArray


def token_paths(forests: Forests) -> TokenPaths:
    """Link every token of the model that has a confidence to the one before it on its path."""
    topology, order = forests.topology, forests.topology.order
    confidence = forests.token_column("confidence")
    chosen = model_tokens(forests) & np.isfinite(confidence)
    count = step_count(chosen, forests.token_start)
    in_table, ordered = np.cumsum(count) - count, count[order]
    first = np.empty(topology.n, dtype=np.int64)
    first[order] = np.cumsum(ordered) - ordered
    number = np.arange(int(count.sum()))
    row = np.flatnonzero(chosen)[np.repeat((in_table - first)[order], ordered) + number]
    has = count > 0
    above = marked_above(forests.parent, has)
    before = np.where(above >= 0, (first + count - 1)[above], -1)
    parent = number - 1
    parent[first[has]] = before[has]
    length = topology.path_sum(count)
    position = np.repeat((length - count - first)[order], ordered) + number + 1
    step = order[ordered > 0]
    last = np.where(has, first + count - 1, before)
    begin, confidence = first[step], confidence[row]
    sums = np.zeros(topology.n)
    if len(row):
        sums[step] = np.add.reduceat(confidence, begin)
    mean = np.where(length > 0, topology.path_sum(sums) / np.maximum(length, 1), np.nan)
    return TokenPaths(row, confidence, parent, position, step, begin, last, length, mean)


def step_entropy(forests: Forests) -> FloatArray:
    """Mean entropy of each step's tokens, NaN where none is recorded. `[N]`"""
    return step_mean(forests.token_column("entropy"), forests.token_node, forests.topology.n)


def formula(params: Mapping[str, Value]) -> str:
    """The equations with or without a baseline."""
    return "C(s) = G(s) - b" if params["baseline"] == "prompt" else "C(s) = G(s)"


@credit_method(
    title="DeepConf",
    judges_outcomes=False,
    family="confidence",
    over="trajectories",
    formula=formula,
    symbols={"C(s)": "credit", "G(s)": "lowest_window", "b": "baseline"},
    against={"baseline": "group"},
    citation=Citation(
        "Fu et al.",
        2025,
        "Deep Think with Confidence",
        "arXiv:2508.15260",
        "windows as in the released code",
        where="section 3.1, equations 4 and 6",
    ),
    needs={"token:confidence"},
    laws=Laws(averages=False, level={"baseline": "none"}),
    departures=(
        "The paper scores whole traces; a step gets the lowest window that ends inside it. The paper's window is 2048 "
        "tokens, where short traces have no window but their mean; the default here is 32. `windows=growing` and "
        "`baseline=prompt` are extensions. Confidence ignores the outcome: a step can be surely wrong."
    ),
)
def deepconf(
    forests: Forests,
    *,
    window: Annotated[int, Bounds(1, 100_000)] = DEFAULT_WINDOW,
    windows: Literal["full", "growing"] = "full",
    baseline: Literal["none", "prompt"] = "none",
) -> Credit:
    """Where did the model lose confidence in what it wrote, whatever the outcome?

    A window of the last tokens slides along each trajectory, across steps; its mean confidence tells how sure the
    model was there. A step is as good as the weakest window that ends inside it. A trace that looks confident on
    the whole can still have one weak spot. Confidence measures how flat the tail of the distribution is: look at
    the entropy beside it, and never compare different models.

    Args:
        window: tokens in a window (paper: 2048).
        windows: `full` windows only, so that the first tokens have none (as in the code), or `growing`: before that,
            the tokens there are (extension).
        baseline: `none`, or `prompt` to subtract the mean over the prompt's steps, so that 0 is usual (extension).

    Returns:
        tokens: mean confidence of the window that ends at the token, NaN where none does. A trajectory shorter than
        the window has one, all of it, at its last token if that is in its last step.
        nodes: `credit` and `lowest_window` in nats (NaN where no window ends in the step), `baseline`, `entropy`
        (mean of the step's tokens, where recorded), `value`, `n_leaves`. leaves: `least`, `tail` (the last window)
        and `mean` of each trajectory; where there is no full window, all three are the mean.
    """
    paths, topology = forests.shape(token_paths), forests.topology
    n = topology.n
    length = np.minimum(paths.position, window)
    mean = window_sum(paths.parent, paths.confidence, window) / length
    shown = (length == window) | (windows == "growing")
    shown[paths.last[paths.step[topology.is_leaf[paths.step]]]] = True
    full = np.where(shown, mean, np.nan)
    lowest = np.full(n, np.nan)
    if len(full):
        lowest[paths.step] = np.fmin.reduceat(full, paths.begin)
    centre, gap = np.zeros(n), full
    if baseline == "prompt":
        known = ~np.isnan(lowest)
        stats = group_stats(lowest[known], forests.forest_of[known], len(forests), ddof=0)
        centre = np.full(n, np.nan)
        centre[known] = stats.mean
        gap = full - np.repeat(centre[paths.step], np.diff(paths.begin, append=len(full)))
    signal = np.full(len(forests.token_node), np.nan)
    signal[paths.row] = gap
    recorded = back_up(forests, forests.reward)
    nodes = {
        "credit": lowest - centre,
        "lowest_window": lowest,
        "baseline": centre,
        "entropy": forests.shape(step_entropy),
        "value": recorded.mean,
        "n_leaves": recorded.count,
    }
    leaves = {"reward": forests.reward, **trajectories(forests, paths, lowest, mean=mean)}
    return Credit(forests, nodes, leaves, Ragged(forests.token_start, signal))


def trajectories(forests: Forests, paths: TokenPaths, lowest: FloatArray, *, mean: FloatArray) -> dict[str, FloatArray]:
    """The scores `least`, `tail` and `mean` of every trajectory, at its leaf. `[N]`

    Args:
        lowest: `[N]` lowest window of each step; mean: `[K]` mean of the window that ends at each token.
    """
    topology = forests.topology
    seen = topology.is_leaf & (paths.length > 0)
    whole = np.where(seen, paths.mean, np.nan)
    least = path_min(topology, lowest)
    tail = np.full(topology.n, np.nan)
    tail[seen] = mean[paths.last[seen]]
    return {"least": np.where(seen & ~np.isnan(least), least, whole), "tail": tail, "mean": whole}
