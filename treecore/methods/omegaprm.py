"""OmegaPRM: labels of process supervision, the search for the first error, and what the search would look at next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.topology import FloatArray
from treecore.methods.monte_carlo import TREE_BIAS, Source, needs, success_values
from treecore.methods.ops.groups import back_up, numbered_texts, right_leaves
from treecore.methods.ops.lineage import subtree_min
from treecore.methods.registry import Credit, credit_method
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds, Value


class Probe(NamedTuple):
    """One prefix whose Monte Carlo value was asked for."""

    n_steps: int
    value: float


class FirstError(NamedTuple):
    """`step`: number of the first wrong step, from 0, None when no prefix fails; `probes` in order."""

    step: int | None
    probes: tuple[Probe, ...]


def first_error(mc: Callable[[int], float], n_steps: int) -> FirstError:
    """OmegaPRM's binary search for the first step after which no continuation succeeds.

    Args:
        mc: Monte Carlo value of the prefix with that many steps, from 1 to `n_steps`.
    """
    low, high = 0, n_steps - 1
    probes = []
    while low <= high:
        middle = (low + high) // 2
        probes.append(Probe(middle + 1, mc(middle + 1)))
        if probes[-1].value == 0:
            high = middle - 1
        else:
            low = middle + 1
    return FirstError(low if low < n_steps else None, tuple(probes))


def rollout_priority(mc: FloatArray, *, words: FloatArray, alpha: float, beta: float, length: float) -> FloatArray:
    """OmegaPRM's `Q = alpha^(1 - MC) * beta^(words / length)`: almost solved, and failed briefly, comes first. `[N]`"""
    priority: FloatArray = alpha ** (1.0 - mc) * beta ** (words / length)
    return priority


def formula(params: Mapping[str, Value]) -> str:
    """The equations of one label."""
    label = "Q(s)" if params["label"] == "soft" else r"\mathbb{1}[Q(s) > 0]"
    return f"y(s) = {label}\n" + r"C(s) = 2 \cdot y(s) - 1"


@credit_method(
    title="OmegaPRM",
    family="search",
    over="states",
    formula=formula,
    symbols={"C(s)": "credit", "y(s)": "label", "Q(s)": "mc"},
    citation=Citation(
        "Luo et al.",
        2024,
        "OmegaPRM",
        "arXiv:2406.06592",
        "priority as in openr's re-implementation",
        where="equations 1 and 2, labels in section 3.4",
    ),
    needs=needs,
    departures=(
        "The label in 0..1 is stretched to -1..1, so that its middle is neutral. The search itself is not replayed: "
        "labels are read at every step that has a value, and the exploration bonus, which needs the search's visit "
        f"counts, is left out of the priority. {TREE_BIAS}"
    ),
)
def omegaprm(
    forests: Forests,
    *,
    values: Source = "tree",
    label: Literal["soft", "hard"] = "soft",
    alpha: Annotated[float, Bounds(0, 1)] = 0.5,
    beta: Annotated[float, Bounds(0, 1)] = 0.9,
    length: Annotated[float, Bounds(1, 1e6)] = 500.0,
) -> Credit:
    """From here, does any continuation still succeed, and where did the first error happen?

    A step's label is the share of continuations from it that succeed. The first step from which none does holds the
    first error: everything after it is lost. The search spends its next probe where the share is high and yet a
    short continuation failed.

    Args:
        values: where values of prefixes come from, `tree` (mean outcome of the recorded leaves beneath; biased where
            the sampler is a search) or `monte_carlo` (fresh continuations, column `mc_value`).
        label: `soft`, the share of successes; or `hard`, 1 if there is any.
        alpha: how fast the priority falls with the share of failures.
        beta: how fast the priority falls with the words of the failed continuation.
        length: words over which it falls by `beta`.

    Returns:
        nodes: `credit` (2 label - 1; NaN at the prompt and where no value is known), `label`, `mc`, `first_error` (1
        where the first error lies, else 0; never the prompt), `priority` (of the shortest failed continuation; NaN
        unless some succeed and some fail), `value`, `n_leaves`, `stderr` (soft labels). Outcomes must lie in 0..1: any
        above 0 is some success. A lone trajectory is labelled by its own outcome.
    """
    source = success_values(forests, values)
    mc, step = source.value, forests.parent >= 0
    lost = np.where(np.isnan(mc) | ~step, 0.0, mc == 0)
    above = forests.topology.path_sum(lost) - lost
    mark = np.where(np.isnan(mc), np.nan, mc if label == "soft" else mc > 0)
    words = forests.shape(path_words)
    failed = forests.scored & ~right_leaves(forests)
    shortest = subtree_min(forests.topology, np.where(failed, words, np.inf)) - words
    pooled = (mc > 0) & (mc < 1) & np.isfinite(shortest)
    priority = rollout_priority(
        np.where(pooled, mc, 1.0), words=np.where(pooled, shortest, 0.0), alpha=alpha, beta=beta, length=length
    )
    recorded = back_up(forests, forests.reward)
    nodes = {
        "credit": np.where(step, 2.0 * mark - 1.0, np.nan),
        "label": mark,
        "mc": mc,
        "first_error": np.where(np.isnan(mc), np.nan, (lost == 1) & (above == 0)),
        "priority": np.where(pooled, priority, np.nan),
        "value": recorded.mean,
        "n_leaves": recorded.count,
        "stderr": np.where(step & (label == "soft"), 2.0 * source.stderr, np.nan),
    }
    return Credit(forests, nodes, {"reward": forests.reward})


def path_words(forests: Forests) -> FloatArray:
    """Words that the model wrote from the root to each node, the node's included. `[N]`"""
    texts = numbered_texts(forests)
    own = np.array([len(text.split()) for text in texts.different], dtype=np.float64)[texts.number]
    return forests.topology.path_sum(own)
