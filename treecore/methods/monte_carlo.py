"""Value differences along a trajectory: VinePPO and SPO-chain, and the values at prefixes that they are made of.

The values come from fresh continuations (`mc_value`, written by `treecore annotate --kind monte_carlo`), or from the
recorded tree itself. The latter are means over the leaves that happened to be sampled: unbiased where every
continuation was drawn from the policy, biased where a search chose what to continue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.numerals import counted
from treecore.core.outcomes import gap
from treecore.core.topology import FloatArray
from treecore.errors import MethodError
from treecore.methods.laws import Laws, Scales, Vanishing
from treecore.methods.ops.groups import at_parent, back_up, leaf_standard_error
from treecore.methods.ops.lineage import marked_above
from treecore.methods.ops.paths import weighted_back_up
from treecore.methods.ops.tokens import model_tokens, step_mean
from treecore.methods.registry import Credit, Ragged, credit_method
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds, Value

Source = Literal["monte_carlo", "tree"]

BEFORE, AFTER = r"\hat V(s^{-})", r"\hat V(s)"
TREE_BIAS = (
    "With `values=tree` the value of a prefix is the mean over the recorded leaves beneath it, not over fresh "
    "continuations: biased where the sampler is a search, which chooses what to continue."
)


class PrefixValues(NamedTuple):
    """Expected outcome after each node, `[N]`, NaN where unknown, and its standard error, NaN where unknown."""

    value: FloatArray
    stderr: FloatArray


def needs(params: Mapping[str, Value]) -> set[str]:
    """What a method needs that takes its values from `values`: Monte Carlo values stand for themselves."""
    return {"mc_value"} if params["values"] == "monte_carlo" else {"reward"}


def prefix_values(forests: Forests, source: Source) -> PrefixValues:
    """Value after every step; after a scored leaf it is the outcome, whatever was sampled.

    A Monte Carlo value is unknown after a leaf that has neither an outcome nor continuations. Its standard error is
    that of a share of `mc_count` continuations (for graded outcomes in 0..1 an upper bound), unknown below two.
    """
    if source == "tree":
        recorded = back_up(forests, forests.reward)
        return PrefixValues(value=recorded.mean, stderr=leaf_standard_error(forests, forests.reward, backup=recorded))
    value = np.where(forests.scored, forests.reward, forests.column("mc_value"))
    count = np.where(forests.scored, np.nan, forests.column("mc_count"))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (count >= 2) & (value >= 0) & (value <= 1)
        error = np.sqrt(np.where(share, value * (1 - value) / (count - 1), np.nan))
    return PrefixValues(value, error)


def success_values(forests: Forests, source: Source) -> PrefixValues:
    """`prefix_values` for methods that read them as shares of successes.

    Raises:
        MethodError: some lie outside 0..1.
    """
    found = prefix_values(forests, source)
    read = forests.reward if source == "tree" else found.value
    outside = int(((read < 0) | (read > 1)).sum())
    if outside:
        raise MethodError(
            "outcomes are read as shares of success, from 0 to 1, and "
            f"{counted(outside, 'step has', 'steps have')} others",
            todo="rescale the rewards, or choose a method that takes any",
        )
    return found


def value_ahead(forests: Forests, value: FloatArray) -> FloatArray:
    """Where a node has no value, the next one on the way to each scored leaf, mean over these leaves. `[N]`"""
    known = ~np.isnan(value)
    if bool(known.all()):
        return value
    weight = forests.n_scored
    passed = (~known & (weight > 0)).astype(np.float64)
    own: FloatArray = np.where(known, weight * np.where(known, value, 0.0), 0.0)
    mean = weighted_back_up(forests.topology, own, edge=at_parent(forests, passed, prompt=0.0))
    np.divide(mean, weight, out=mean, where=weight > 0)
    return np.where(known, value, np.where(weight > 0, mean, np.nan))


@credit_method(
    laws=Laws(
        shift_free={"values": "tree"},
        scales=Scales(1, {"values": "tree"}),
        vanishing=(Vanishing("credit", "siblings", "leaves", {"values": "tree"}),),
    ),
    title="VinePPO",
    family="value",
    over="states",
    formula=f"C(s) = {AFTER} - {BEFORE}",
    symbols={"C(s)": "credit", AFTER: "after", BEFORE: "before"},
    citation=Citation(
        "Kazemnejad et al.", 2024, "VinePPO", "arXiv:2410.01679", "computed as in the released code", where="section 4"
    ),
    needs=needs,
    departures=(
        "A step shared by several trajectories gets the mean of what each of them would give it; without forks that "
        f"is the released code's number. {TREE_BIAS}"
    ),
)
def vineppo(forests: Forests, *, values: Source = "monte_carlo") -> Credit:
    """How much did this step change the chance of success, as fresh attempts from before and after it show?

    From the start and the end of a step the model is made to continue several times. The share of successes after
    the step minus the share before it is the step's credit; at the last step, the outcome itself stands in for the
    share after. Along a trajectory the credits add up to the outcome minus the value of the prompt.

    Args:
        values: where values of prefixes come from, `monte_carlo` (fresh continuations, column `mc_value`) or `tree`
            (mean outcome of the recorded leaves beneath; biased where the sampler is a search).

    Returns:
        nodes: `credit` (NaN at the prompt, and where no value is known ahead), `before` and `after`, `value` and
        `n_leaves` of the recorded leaves, `stderr` (of the value after the step; NaN after a last step). Where no
        value was sampled before a step, it is filled in backwards as in the released code, so the credit is 0. A
        single trajectory needs no partner.
    """
    source = prefix_values(forests, values)
    ahead = value_ahead(forests, source.value)
    before = at_parent(forests, source.value)
    before = np.where(np.isnan(before), ahead, before)
    inner = forests.parent >= 0
    recorded = back_up(forests, forests.reward)
    nodes = {
        "credit": np.where(inner, gap(ahead, before), np.nan),
        "before": np.where(inner, before, np.nan),
        "after": ahead,
        "value": recorded.mean,
        "n_leaves": recorded.count,
        "stderr": np.where(inner, source.stderr, np.nan),
    }
    return Credit(forests, nodes, {"reward": forests.reward})


@credit_method(
    title="SPO-chain",
    family="value",
    over="states",
    formula=f"A(s) = {AFTER} - {BEFORE}\n" + r"C(s) = \rho(s) \cdot A(s)",
    symbols={
        "C(s)": "credit",
        "A(s)": "segment_advantage",
        r"\rho(s)": "share",
        AFTER: "after",
        BEFORE: "before",
    },
    citation=Citation(
        "Guo et al.",
        2025,
        "Segment Policy Optimization",
        "arXiv:2505.23564",
        "computed as in the released code",
        where="section 4 and equation 2",
    ),
    needs=lambda params: needs(params) | {"token:logprob"},
    departures=(
        "Segments end where the forest has values, at ends of steps: a forest whose steps end at the method's "
        "cutpoints gives the released code's numbers. A step shared by several trajectories gets the mean of what "
        f"each of them would give it. {TREE_BIAS}"
    ),
)
def spo_chain(
    forests: Forests, *, values: Source = "monte_carlo", threshold: Annotated[float, Bounds(0, 1)] = 0.9
) -> Credit:
    """Did the chance of success change over this segment, and which of its words were real decisions?

    The value after a segment minus the value before it is put on the tokens where the model hesitated, those with a
    probability of at most the threshold. Tokens it was sure of get nothing: there was no decision to judge.

    Args:
        values: where values of prefixes come from, `monte_carlo` (fresh continuations, column `mc_value`) or `tree`
            (mean outcome of the recorded leaves beneath; biased where the sampler is a search).
        threshold: tokens sampled with a higher probability than this get no signal.

    Returns:
        tokens: the segment's advantage, 0 where the model was sure, NaN for observations and unknown probabilities.
        nodes: `credit`, the mean over the step's tokens (NaN at the prompt and without tokens); `segment_advantage`,
        `share` (of tokens that carry it), `before`, `after`, `value`, `n_leaves`, `stderr`. A step without a value
        belongs to the segment that ends at the next one; before the first known value nothing can be compared, so
        the advantage is 0.
    """
    source = prefix_values(forests, values)
    ahead = value_ahead(forests, source.value)
    above = marked_above(forests.parent, ~np.isnan(source.value))
    inner = forests.parent >= 0
    before = np.where(inner, np.where(above >= 0, source.value[np.maximum(above, 0)], ahead), np.nan)
    advantage = gap(ahead, before)
    start, node = forests.token_start, forests.token_node
    probability = np.exp(forests.token_column("logprob"))
    hesitant = np.where(model_tokens(forests) & ~np.isnan(probability), probability <= threshold, np.nan)
    signal = advantage[node] * hesitant
    share = step_mean(hesitant, node, len(inner))
    recorded = back_up(forests, forests.reward)
    nodes = {
        "credit": advantage * share,
        "segment_advantage": advantage,
        "share": share,
        "before": before,
        "after": ahead,
        "value": recorded.mean,
        "n_leaves": recorded.count,
        "stderr": np.where(inner, source.stderr, np.nan) * share,
    }
    return Credit(forests, nodes, {"reward": forests.reward}, Ragged(start, signal))
