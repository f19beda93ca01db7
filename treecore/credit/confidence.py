"""DeepConf: how sure the model was of its own tokens, over sliding windows of a trajectory.

A token's confidence is minus the mean log probability of the 20 likeliest tokens. It measures how flat the tail of
the distribution is, not how likely the best token was: a tie between two tokens above a tiny tail counts as very
confident. Values of different models, vocabularies or temperatures cannot be compared. Votes: `credit.voting`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

import numpy as np

from treecore.credit.lineage import marked_above, path_min, window_sum
from treecore.credit.registry import Citation, Credit, Ragged, credit_method
from treecore.credit.token_columns import model_tokens, step_mean, token_column, token_node, token_start
from treecore.credit.values import back_up, group_stats
from treecore.forests import Forests
from treecore.params import Bounds, Value
from treecore.topology import BoolArray, FloatArray, IntArray

DEFAULT_WINDOW = 32


class TokenPaths(NamedTuple):
    """The chosen tokens of a batch as one forest of their own.

    `row [K]` in the batch's token table; `node [K]`; `parent [K]`, the chosen token before, -1 for the first of a
    trajectory; `position [K]`, their number from the root, from 1; `last [N]`, the last chosen token on each node's
    path, -1 where there is none.
    """

    row: IntArray
    node: IntArray
    parent: IntArray
    position: IntArray
    last: IntArray


def token_paths(forests: Forests, chosen: BoolArray) -> TokenPaths:
    """Link every chosen token `[T]` to the one before it on its path."""
    start = token_start(forests)
    row = np.flatnonzero(chosen)
    node = token_node(start)[row]
    n = len(start) - 1
    count = np.bincount(node, minlength=n)
    end = np.cumsum(count)
    has = count > 0
    above = marked_above(forests.parent, has)
    holder = np.where(has, np.arange(n), above)
    last = np.where(holder >= 0, end[np.maximum(holder, 0)] - 1, -1)
    place = np.arange(len(row)) - (end - count)[node]
    before = np.where(above >= 0, end[np.maximum(above, 0)] - 1, -1)
    parent = np.where(place > 0, np.arange(len(row)) - 1, before[node])
    behind = forests.topology.path_sum(count.astype(np.float64)).astype(np.int64) - count
    position = behind[node] + place + 1
    return TokenPaths(row, node, parent, position, last)


def formula(params: Mapping[str, Value]) -> str:
    """The equations with or without a baseline."""
    return "C(s) = G(s) - b" if params["baseline"] == "prompt" else "C(s) = G(s)"


@credit_method(
    title="DeepConf",
    family="confidence",
    formula=formula,
    symbols={"C(s)": "credit", "G(s)": "lowest_window", "b": "baseline"},
    citation=Citation(
        "Fu et al.", 2025, "Deep Think with Confidence", "arXiv:2508.15260", "windows as in the released code"
    ),
    needs={"token:confidence"},
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
        the window has one, all of it, at its last token.
        nodes: `credit` and `lowest_window` in nats (NaN where no window ends in the step), `baseline`, `entropy`
        (mean of the step's tokens, where recorded), `value`, `n_leaves`. leaves: `least`, `tail` (the last window)
        and `mean` of each trajectory; where there is no full window, all three are the mean.
    """
    confidence = token_column(forests, "confidence")
    paths = token_paths(forests, model_tokens(forests) & np.isfinite(confidence))
    n = len(forests.parent)
    length = np.minimum(paths.position, window)
    mean = window_sum(paths.parent, confidence[paths.row], window) / length
    ends = np.zeros(len(mean), dtype=bool)
    own = np.bincount(paths.node, minlength=n) > 0
    ends[paths.last[forests.topology.is_leaf & own]] = True
    shown = ends | (length == window) | (windows == "growing")
    full = np.where(shown, mean, np.nan)
    lowest = np.full(n, np.nan)
    if len(full):
        lowest[own] = np.fmin.reduceat(full, np.flatnonzero(np.diff(paths.node, prepend=-1)))
    centre = np.zeros(n)
    if baseline == "prompt":
        known = ~np.isnan(lowest)
        stats = group_stats(lowest[known], forests.forest_of[known], len(forests), ddof=0)
        centre = np.full(n, np.nan)
        centre[known] = stats.mean
    start = token_start(forests)
    signal = np.full(len(confidence), np.nan)
    signal[paths.row] = full - centre[paths.node]
    recorded = back_up(forests, forests.reward)
    nodes = {
        "credit": lowest - centre,
        "lowest_window": lowest,
        "baseline": centre,
        "entropy": step_mean(token_column(forests, "entropy"), token_node(start), n),
        "value": recorded.mean,
        "n_leaves": recorded.count,
    }
    return Credit(forests, nodes, trajectories(forests, paths, confidence, lowest, mean), Ragged(start, signal))


def trajectories(
    forests: Forests, paths: TokenPaths, confidence: FloatArray, lowest: FloatArray, mean: FloatArray
) -> dict[str, FloatArray]:
    """The scores `least`, `tail` and `mean` of every trajectory, at its leaf. `[N]`

    Args:
        lowest: `[N]` lowest window of each step; mean: `[K]` mean of the window that ends at each chosen token.
    """
    n = len(forests.parent)
    topology = forests.topology
    sums: FloatArray = np.bincount(paths.node, weights=confidence[paths.row], minlength=n).astype(np.float64)
    total = topology.path_sum(sums)
    count = topology.path_sum(np.bincount(paths.node, minlength=n).astype(np.float64))
    seen = topology.is_leaf & (count > 0)
    whole = np.where(seen, total / np.maximum(count, 1), np.nan)
    least = path_min(forests.parent, lowest)
    tail = mean[np.maximum(paths.last, 0)] if len(mean) else whole
    return {
        "reward": forests.reward,
        "least": np.where(seen, np.where(np.isnan(least), whole, least), np.nan),
        "tail": np.where(seen, tail, np.nan),
        "mean": whole,
    }
