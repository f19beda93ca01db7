"""SRL: steps judged by how closely they repeat an expert's steps, as strings. Knows nothing about outcomes.

String similarity is not correctness: a wrong step can look like the expert's, a right one can be worded differently.
Texts repeat among siblings and prompts: what has to be worked out of a text is worked out once for a batch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np

from treecore.core.batch import Forests
from treecore.core.topology import FloatArray, IntArray
from treecore.methods.laws import Laws
from treecore.methods.ops.alignment import Alignment, Experts, by_position, monotone
from treecore.methods.ops.groups import back_up, numbered_texts, right_leaves, sibling_stats
from treecore.methods.registry import Credit, credit_method
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds, Value

Align = Literal["prefix", "position", "monotone"]
ExpertSource = Literal["self", "reference"]
EPSILON = 1e-6
NUMBERED = re.compile(r"^\s*\d+[.)]\s+", re.M)
MONOLOGUE = re.compile(r"<think>.*?(?:</think>|\Z)", re.S)


def action_of(text: str) -> str:
    """What a step does, its inner monologue left out."""
    return " ".join(MONOLOGUE.sub(" ", text).split())


def expert_steps(trace: str) -> list[str]:
    """A written trace as steps: its numbered items where there are any, else its lines."""
    first = NUMBERED.search(trace)
    pieces = NUMBERED.split(trace[first.start() :]) if first else trace.splitlines()
    return [step for piece in pieces if (step := action_of(piece))]


def best_right_leaf(forests: Forests) -> IntArray:
    """Row of the best right leaf of each forest, the first sampled of equals, -1 where there is none. `[F]`"""
    rows = np.flatnonzero(right_leaves(forests))
    for key in (-forests.reward, forests.born):
        group = forests.forest_of[rows]
        least = np.full(len(forests), np.inf)
        np.minimum.at(least, group, key[rows])
        rows = rows[key[rows] == least[group]]
    best = np.full(len(forests), -1)
    best[forests.forest_of[rows[::-1]]] = rows[::-1]
    return best


def rows_to(forests: Forests, leaf: IntArray) -> IntArray:
    """Rows of the steps from the root to the leaf of each forest that has one (not -1), in row order."""
    topology = forests.topology
    place = np.where(leaf >= 0, topology.position[leaf], -1)[forests.forest_of]
    above = (topology.position <= place) & (place < topology.position + topology.size)
    return np.flatnonzero(above & (forests.parent >= 0))


def experts_of(forests: Forests, source: ExpertSource, actions: Sequence[str], spoken: IntArray) -> Experts:
    """Steps of the expert of each forest, none where it has none; node `i` did `actions[spoken[i]]`.

    The expert is the reference, or the steps to the best right leaf.
    """
    if source == "reference":
        traces = {text: expert_steps(text) for text in {forest.reference for forest in forests}}
        steps = [step for forest in forests for step in traces[forest.reference]]
        count = np.array([len(traces[forest.reference]) for forest in forests])
    else:
        rows = rows_to(forests, best_right_leaf(forests))
        steps = [actions[number] for number in spoken[rows].tolist()]
        count = np.bincount(forests.forest_of[rows], minlength=len(forests))
    number = {step: place for place, step in enumerate(dict.fromkeys(steps))}
    step = np.array([number[step] for step in steps], dtype=np.int64)
    return Experts(list(number), step, np.concatenate([[0], np.cumsum(count)]))


def align(forests: Forests, source: ExpertSource, how: Align, *, autojunk: bool) -> Alignment:
    """Compare every step of a batch with its forest's expert."""
    texts = numbered_texts(forests)
    actions = [action_of(text) for text in texts.different]
    experts = experts_of(forests, source, actions, texts.number)
    if how == "monotone":
        return monotone(forests, actions, texts.number, experts, autojunk=autojunk)
    return by_position(forests, actions, texts.number, experts, on_prefix=how == "prefix", autojunk=autojunk)


def among_siblings(forests: Forests, similarity: FloatArray, least_spread: float) -> dict[str, FloatArray]:
    """GRPO's advantage of each step among the steps taken from the same prefix, NaN in groups that are dropped."""
    stats = sibling_stats(forests, similarity, ddof=1)
    kept = stats.std >= least_spread
    advantage = np.full(len(similarity), np.nan)
    np.divide(similarity - stats.mean, stats.std + EPSILON, out=advantage, where=kept)
    return {"advantage": advantage, "group_mean": stats.mean, "group_std": stats.std}


def needs(params: Mapping[str, Value]) -> set[str]:
    """A right leaf to learn from, or a reference."""
    return {"reward"} if params["expert"] == "self" else {"reference"}


def formula(params: Mapping[str, Value]) -> str:
    """The equations of one signal."""
    last = r"\frac{r(s) - \mu}{\sigma + 10^{-6}}" if params["signal"] == "advantage" else "r(s)"
    return r"r(s) = \frac{2 \cdot M(s)}{T(s)}" + f"\nC(s) = {last}"


@credit_method(
    laws=Laws(averages=False, textual=True),
    title="SRL",
    judges_outcomes=False,
    family="expert",
    over="states",
    formula=formula,
    symbols={
        "C(s)": "credit",
        "r(s)": "similarity",
        "M(s)": "matched",
        "T(s)": "total",
        r"\mu": "group_mean",
        r"\sigma": "group_std",
    },
    citation=Citation(
        "Deng et al.",
        2025,
        "Supervised Reinforcement Learning",
        "arXiv:2510.25992",
        "from notes on the paper; no code was found",
        where="groups that are dropped in section 4.2",
    ),
    needs=needs,
    departures=(
        "The paper samples every step after the expert's own prefix; `align_by=prefix` keeps to steps where the "
        "recorded tree does. `position` and `monotone` compare free-running steps (extension). The authors' setting of "
        "difflib's autojunk and their smallest spread of a group are not published; ours are off and 0.01. A "
        "self-expert is the tree's own best right leaf, not an expert."
    ),
)
def srl(
    forests: Forests,
    *,
    expert: ExpertSource = "self",
    align_by: Align = "position",
    signal: Literal["similarity", "advantage"] = "similarity",
    autojunk: bool = False,
    least_spread: Annotated[float, Bounds(0, 1)] = 0.01,
) -> Credit:
    """How closely does this step repeat what an expert did at this point?

    A step's action, without its inner monologue, is compared with the expert's as strings: twice the characters that
    both have in order, over the characters of both. The outcome plays no part, and likeness is not correctness: a
    wrong step that looks like the expert's scores high, a right one in other words scores low.

    Args:
        expert: whose steps to compare with, `self` (the tree's own best right leaf) or `reference` (the forest's
            reference, read as a trace: numbered steps, else lines).
        align_by: `position`, step k against the expert's step k; `prefix`, the same but only where all steps before
            repeat the expert's; `monotone`, the best alignment in order, which compares every step with every step
            of the expert (`position` and `monotone` are extensions).
        signal: `similarity`, or `advantage`, similarity normalised among the steps taken from the same prefix.
        autojunk: Python's default, which ignores frequent characters of expert steps of 200 characters or more.
        least_spread: groups whose sample standard deviation is below this are dropped (`signal=advantage`).

    Returns:
        nodes: `credit` and `similarity` (-1 for a step without an action; NaN at the prompt, past the expert's end, off
        the expert's prefix, and in forests without an expert; 0 where the alignment leaves a step alone), `matched`
        and `total` characters, `expert_step` (from 1), `advantage` (NaN in dropped groups and without a sibling),
        `group_mean`, `group_std`, `value`, `n_leaves`.
    """
    found = align(forests, expert, align_by, autojunk=autojunk)
    columns = found.columns(len(forests.parent))
    columns |= among_siblings(forests, columns["similarity"], least_spread)
    recorded = back_up(forests, forests.reward)
    nodes = {"credit": columns[signal], **columns, "value": recorded.mean, "n_leaves": recorded.count}
    return Credit(forests, nodes, {"reward": forests.reward})
