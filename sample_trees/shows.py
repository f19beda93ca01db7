"""What makes a forest a good sample: one function a thing to see, which scores a forest and takes its numbers.

Each gives None for a forest that does not show its thing. Knows no file and no run.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

import treecore as tc
from treecore.analysis.frames import label
from treecore.analysis.granularity import fork_contrasts
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.outcomes import is_right
from treecore.core.step_text import plain, split_step

VALUE_METHOD = "tree_diff"
"""A method that keeps the trees apart, as they are drawn when a sample opens."""
WIDE_GAP = 0.99


@dataclass(frozen=True)
class Shown:
    """How well a forest shows something, and words for its text beside those of `common`."""

    score: float
    words: dict[str, str] = field(default_factory=dict)


class Fork(NamedTuple):
    """A fork: row, share of the trajectory it decides, and the gap between the mean outcomes of its branches."""

    row: int
    share: float
    gap: float


def counts(forest: Forest) -> tuple[int, int]:
    """Right trajectories and all of them."""
    return int(is_right(forest).sum()), len(forest.leaves)


def forks(forest: Forest) -> list[Fork]:
    """All forks, the widest gap first."""
    credit = tc.credit(Forests(forest), VALUE_METHOD)
    found = fork_contrasts(replace(credit, nodes={"credit": credit.nodes["value"]}))
    gaps = np.nan_to_num(found.contrast)
    order = np.argsort(-gaps, kind="stable")
    return [Fork(int(found.node[at]), float(found.governs[at]), float(gaps[at])) for at in order]


def only_fork(forest: Forest) -> Fork | None:
    """The fork that alone separates right from wrong; None where there is no such one."""
    found = forks(forest)
    second = found[1].gap if len(found) > 1 else 0.0
    return found[0] if found and found[0].gap >= WIDE_GAP and second <= 0.01 else None


def named(forest: Forest, row: int) -> str:
    """A step in quotes, or the prompt."""
    return "the prompt" if forest.is_prompt[row] else f"“{label(forest, row)}”"


def percent(share: float) -> str:
    """`all`, `the last 21 %`."""
    return "all" if share > 0.995 else f"the last {share:.0%}".replace("%", " %")


def common(forest: Forest) -> dict[str, str]:
    """Words for every text: `right`, `leaves`, and `fork` and `share` of the fork that matters most."""
    right, leaves = counts(forest)
    words = {"right": str(right), "leaves": str(leaves)}
    if found := forks(forest):
        words |= {"fork": named(forest, found[0].row), "share": percent(found[0].share)}
    return words


def early(forest: Forest) -> Shown | None:
    """A wide gap at the first step, none later; `wrong` are those that go on from the same prompt node."""
    fork = only_fork(forest)
    if fork is None or not forest.is_prompt[fork.row]:
        return None
    wrong = int((~is_right(forest)[forest.topology.leaves_under(fork.row)]).sum())
    return Shown(len(forest) / 100, {"wrong": "the wrong one" if wrong == 1 else f"the {wrong} wrong ones"})


def late(forest: Forest) -> Shown | None:
    """Two answers after the same steps, one right and one wrong, and no other gap; the more steps the better."""
    fork = only_fork(forest)
    if fork is None or fork.share > 0.45:
        return None
    answers = {split_step(forest.text[child]).answer for child in forest.topology.children(fork.row)}
    return Shown(float(forest.topology.depth[fork.row])) if len(answers) > 1 and "" not in answers else None


def all_right(forest: Forest) -> Shown | None:
    """Every trajectory right, by different ways."""
    right, leaves = counts(forest)
    return Shown(len({text for text in forest.text if text})) if right == leaves else None


def rare(forest: Forest) -> Shown | None:
    """One right trajectory among all."""
    right, leaves = counts(forest)
    return Shown(len(forest) / 100) if right == 1 and leaves >= 6 else None


def mixed(forest: Forest) -> Shown | None:
    """About half right, and forks that differ."""
    right, leaves = counts(forest)
    found = forks(forest)
    return Shown(-abs(right / leaves - 0.5)) if found and found[0].gap >= 0.5 else None


def same_start(forest: Forest) -> Shown | None:
    """Chains that begin with one and the same step, some right and some wrong."""
    groups: dict[str, list[int]] = defaultdict(list)
    for root in forest.topology.roots:
        groups[forest.text[root + 1]].append(int(root))
    right = is_right(forest)
    best: Shown | None = None
    for roots in groups.values():
        n_right = sum(bool(right[forest.topology.leaves_under(root)].any()) for root in roots)
        score = min(n_right, len(roots) - n_right) + len(roots) / 100
        if n_right and score >= 2 and (best is None or score > best.score):
            step = named(forest, roots[0] + 1)
            best = Shown(score, {"step": step, "same": str(len(roots)), "same_right": str(n_right)})
    return best


def balance(forest: Forest) -> float:
    """1 where half of the trajectories are right, 0 where all are alike."""
    right, leaves = counts(forest)
    return 2 * min(right, leaves - right) / leaves


def is_inside(forest: Forest, row: int) -> bool:
    """Whether a node that goes on ends inside a step: the environment has not answered there."""
    return forest.parent[row] >= 0 and not forest.topology.is_leaf[row] and not forest.observation[row]


def is_mid_phrase(forest: Forest, row: int) -> bool:
    """Whether a node ends inside a step and after a few words of it."""
    return is_inside(forest, row) and len(plain(forest.text[row]).split()) >= 3


def inside_a_step(forest: Forest) -> Shown | None:
    """The only fork that matters lies inside a step, after some of its words; the nearer to half right the better."""
    fork = only_fork(forest)
    if fork is None or not is_mid_phrase(forest, fork.row):
        return None
    branches = [Branch.of(forest, int(child)) for child in forest.topology.children(fork.row)]
    if len({branch.word for branch in branches}) < len(branches):
        return None
    best, worst = max(branches, key=lambda branch: branch.mean), min(branches, key=lambda branch: branch.mean)
    return Shown(balance(forest), {"best": str(best), "worst": str(worst)})


class Branch(NamedTuple):
    """A way on from a fork: its first word, its leaves and their mean outcome."""

    word: str
    n_leaves: int
    mean: float

    @classmethod
    def of(cls, forest: Forest, row: int) -> Branch:
        leaves = forest.topology.leaves_under(row)
        return cls(plain(forest.text[row]).partition(" ")[0], len(leaves), float(forest.reward[leaves].mean()))

    def __str__(self) -> str:
        return f"“{self.word}” ({self.mean * self.n_leaves:.0f} of {self.n_leaves} right)"


def segments(forest: Forest) -> Shown | None:
    """The fork that matters most is at the end of a segment inside a step; the nearer to half right the better."""
    found = forks(forest)
    if not found or found[0].gap < WIDE_GAP or not is_mid_phrase(forest, found[0].row):
        return None
    inner = [row for row in range(len(forest)) if forest.parent[row] >= 0 and not forest.topology.is_leaf[row]]
    inside = sum(is_inside(forest, row) for row in inner)
    return Shown(balance(forest), {"inner": str(len(inner)), "inside": str(inside)})


def after_tools(forest: Forest) -> Shown | None:
    """All forks after replies of the tool, one of them with a wide gap; many forks in few trees."""
    found = forks(forest)
    if not found or found[0].gap < WIDE_GAP or not all(forest.observation[fork.row] for fork in found):
        return None
    calls = sum(map(bool, forest.observation))
    reply = f"“{plain(forest.observation[found[0].row])}”"
    words = {"trees": str(forest.n_trees), "forks": str(len(found)), "calls": str(calls), "reply": reply}
    return Shown(len(found) - forest.n_trees + balance(forest), words)
