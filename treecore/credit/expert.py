"""SRL: steps judged by how closely they repeat an expert's steps, as strings. Knows nothing about outcomes.

String similarity is not correctness: a wrong step can look like the expert's, a right one can be worded differently.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Annotated, Literal, NamedTuple

import numpy as np

from treecore.credit.registry import Citation, Credit, credit_method
from treecore.credit.values import back_up, group_stats
from treecore.forest import Forest
from treecore.forests import Forests
from treecore.outcomes import is_right
from treecore.params import Bounds, Value
from treecore.topology import FloatArray

Align = Literal["prefix", "position", "monotone"]
INVALID = -1.0
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


class Match(NamedTuple):
    """`matched` characters in order, `total` characters of both strings, and blocks `(in model, in expert, length)`."""

    matched: int
    total: int
    blocks: tuple[tuple[int, int, int], ...]

    @property
    def ratio(self) -> float:
        """`2 M / T`, or -1 where there is nothing to compare."""
        return 2.0 * self.matched / self.total if self.total else INVALID


def compare(model: str, expert: str, *, autojunk: bool = False) -> Match:
    """Characters that two steps share in order, as Python's difflib finds them (not symmetric in its arguments).

    Args:
        autojunk: Python's default, which ignores every frequent character once `expert` has 200 characters: one
            changed character among 400 can then halve the ratio.
    """
    blocks = SequenceMatcher(None, model, expert, autojunk=autojunk).get_matching_blocks()
    found = tuple((block.a, block.b, block.size) for block in blocks if block.size)
    return Match(sum(size for _, _, size in found), len(model) + len(expert), found)


NO_MATCH = Match(0, 0, ())


class Expert(NamedTuple):
    """Actions of the expert, and the row of the leaf that a self-expert ends with, else -1."""

    steps: list[str]
    leaf: int


def expert_of(forest: Forest, source: Literal["self", "reference"]) -> Expert:
    """The expert trace: the reference, or the steps to the best right leaf (the first sampled of equals).

    Without one, `steps` is empty.
    """
    if source == "reference":
        return Expert(expert_steps(forest.reference), -1)
    right = np.flatnonzero(is_right(forest))
    if not len(right):
        return Expert([], -1)
    best = int(right[np.lexsort((right, forest.born[right], -forest.reward[right]))[0]])
    return Expert([action_of(forest.text[row]) for row in forest.topology.path(best)[1:]], best)


class Scorer:
    """Compares actions with the steps of one expert, each pair once."""

    def __init__(self, steps: Sequence[str], *, autojunk: bool) -> None:
        self.steps = steps
        self.autojunk = autojunk
        self._known: dict[tuple[str, int], Match] = {}

    def match(self, action: str, number: int) -> Match:
        """`action` against expert step `number`, from 0; an empty action matches nothing and is invalid."""
        key = (action, number)
        if key not in self._known:
            self._known[key] = compare(action, self.steps[number], autojunk=self.autojunk) if action else NO_MATCH
        return self._known[key]


class Alignment:
    """What each step was compared with: named `[N]` columns `similarity`, `matched`, `total`, `expert_step`.

    NaN where a step was compared with nothing.
    """

    def __init__(self, n: int) -> None:
        self.columns = {name: np.full(n, np.nan) for name in ("similarity", "matched", "total", "expert_step")}

    def put(self, row: int, number: int, match: Match) -> None:
        """Step `row` belongs to expert step `number`, from 0."""
        values = (match.ratio, match.matched, match.total, number + 1)
        for name, value in zip(self.columns, values, strict=True):
            self.columns[name][row] = value


def by_position(forest: Forest, actions: Sequence[str], scorer: Scorer, *, on_prefix: bool) -> Alignment:
    """Step k against the expert's step k; with `on_prefix`, only after a prefix that repeats the expert's actions."""
    depth, parent = forest.topology.depth, forest.parent
    found, follows = Alignment(len(parent)), parent < 0
    for row in np.flatnonzero((parent >= 0) & (depth <= len(scorer.steps))).tolist():
        number, behind = int(depth[row]) - 1, follows[parent[row]]
        follows[row] = behind and actions[row] == scorer.steps[number]
        if behind or not on_prefix:
            found.put(row, number, scorer.match(actions[row], number))
    return found


def monotone(forest: Forest, actions: Sequence[str], scorer: Scorer) -> Alignment:
    """Each prefix aligned with the expert's steps in order, so that the sum of similarities is largest.

    Steps and expert steps may stay alone. A step's partner is the one that it has in the best alignment of the prefix
    that ends with it, the earliest of equals; where that leaves it alone it matches nothing, so it scores 0.
    """
    parent, m = forest.parent, len(scorer.steps)
    found, best = Alignment(len(parent)), np.zeros((len(parent), m + 1))
    for row in np.flatnonzero(parent >= 0).tolist():
        before = best[parent[row]]
        matches = [scorer.match(actions[row], number) for number in range(m)]
        together = before[:-1] + [max(match.ratio, 0.0) for match in matches]
        best[row] = np.maximum.accumulate(np.maximum(before, np.concatenate([[0.0], together])))
        chosen = int(np.argmax(together)) if m else 0
        if m and (together[chosen] > before[-1] or not actions[row]):
            found.put(row, chosen, matches[chosen])
        elif m:
            found.columns["similarity"][row] = 0.0
    return found


def align(forest: Forest, how: Align, scorer: Scorer) -> Alignment:
    """Compare every step of one forest with its expert."""
    actions = [action_of(text) for text in forest.text]
    if how == "monotone":
        return monotone(forest, actions, scorer)
    return by_position(forest, actions, scorer, on_prefix=how == "prefix")


def among_siblings(forests: Forests, similarity: FloatArray, least_spread: float) -> dict[str, FloatArray]:
    """GRPO's advantage of each step among the steps taken from the same prefix, NaN in groups that are dropped."""
    columns = {name: np.full(len(similarity), np.nan) for name in ("advantage", "group_mean", "group_std")}
    rows = np.flatnonzero((forests.parent >= 0) & ~np.isnan(similarity))
    stats = group_stats(similarity[rows], forests.parent[rows], len(similarity), ddof=1)
    kept = (stats.count > 1) & (stats.std >= least_spread)
    advantage = np.full(len(rows), np.nan)
    advantage[kept] = (similarity[rows] - stats.mean)[kept] / (stats.std[kept] + EPSILON)
    for name, values in zip(columns, (advantage, stats.mean, stats.std), strict=True):
        columns[name][rows] = values
    return columns


def needs(params: Mapping[str, Value]) -> set[str]:
    """A right leaf to learn from, or a reference."""
    return {"reward"} if params["expert"] == "self" else {"reference"}


def formula(params: Mapping[str, Value]) -> str:
    """The equations of one signal."""
    last = r"\frac{r(s) - \mu}{\sigma + 10^{-6}}" if params["signal"] == "advantage" else "r(s)"
    return r"r(s) = \frac{2 \cdot M(s)}{T(s)}" + f"\nC(s) = {last}"


@credit_method(
    title="SRL",
    family="expert",
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
    ),
    needs=needs,
    departures=(
        "The paper samples every step after the expert's own prefix; `align=prefix` keeps to steps where the recorded "
        "tree does. `position` and `monotone` compare free-running steps (extension). The authors' setting of "
        "difflib's autojunk and their smallest spread of a group are not published; ours are off and 0.01. A "
        "self-expert is the tree's own best right leaf, not an expert."
    ),
)
def srl(
    forests: Forests,
    *,
    expert: Literal["self", "reference"] = "self",
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
        nodes: `credit` and `similarity` (-1 for a step without an action; NaN at roots, past the expert's end, off
        the expert's prefix, and in forests without an expert; 0 where the alignment leaves a step alone), `matched`
        and `total` characters, `expert_step` (from 1), `advantage` (NaN in dropped groups and without a sibling),
        `group_mean`, `group_std`, `value`, `n_leaves`.
    """
    parts: list[Mapping[str, FloatArray]] = []
    for forest in forests:
        scorer = Scorer(expert_of(forest, expert).steps, autojunk=autojunk)
        parts.append(align(forest, align_by, scorer).columns)
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    columns |= among_siblings(forests, columns["similarity"], least_spread)
    recorded = back_up(forests, forests.reward)
    nodes = {"credit": columns[signal], **columns, "value": recorded.mean, "n_leaves": recorded.count}
    return Credit(forests, nodes, {"reward": forests.reward})
