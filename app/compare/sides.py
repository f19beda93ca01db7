"""Two tables side by side: two methods on one tree, two forests, two trajectories. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from app.compare.rows import Panel, panel
from treecore.analysis.compare import Comparison
from treecore.analysis.disagreements import Entry
from treecore.analysis.frames import label
from treecore.core.forest import Forest
from treecore.core.numerals import short, whole
from treecore.core.step_text import beside_text

MAX_LEAVES = 200
"""Trajectories that are offered."""


def two_methods(found: Comparison, listed: Sequence[Entry], *, left: int, right: int, centre: int) -> list[Panel]:
    """One tree twice, each with one method; rows that go together are the same step."""
    both = [
        panel(only_column(found, place), listed, title=found.columns[place].known.title, centre=centre)
        for place in (left, right)
    ]
    return linked(both, [list(range(len(one["rows"]))) for one in both])


def only_column(found: Comparison, place: int) -> Comparison:
    """A comparison of one method with itself."""
    part = slice(place, place + 1)
    return replace(
        found,
        columns=found.columns[part],
        values=found.values[:, part],
        signs=found.signs[:, part],
        best=found.best[:, part],
        worst=found.worst[:, part],
        agreement=found.agreement[part, part],
    )


def two_forests(
    found: Comparison, listed: Sequence[Entry], *, other: Comparison, titles: tuple[str, str], centre: int
) -> list[Panel]:
    """Two forests; rows that go together were reached by the same words."""
    both = [panel(found, listed, title=titles[0], centre=centre), panel(other, title=titles[1])]
    paths = [
        [path_of(one.forest, row["id"]) for row in part["rows"]] for one, part in zip((found, other), both, strict=True)
    ]
    places = [{path: at for at, path in reversed(list(enumerate(some))) if path} for some in paths]
    return linked(
        both, [[places[1].get(path, -1) for path in paths[0]], [places[0].get(path, -1) for path in paths[1]]]
    )


def path_of(forest: Forest, node_id: str) -> tuple[str, ...]:
    """The words and calls by which a step was reached, empty for the head of a tree."""
    if not node_id:
        return ()
    path = forest.topology.path(forest.row(node_id))
    return tuple(
        forest.text[row] + beside_text(forest.node_extra.get(row, {}))
        for row in path.tolist()
        if not forest.is_prompt[row]
    )


def two_trajectories(found: Comparison, *, left: int, right: int) -> list[Panel]:
    """Two trajectories from the step at which they part; rows that go together are as far from there.

    Args:
        left, right: rows of their leaves.
    """
    forest = found.forest
    paths = [steps_to(forest, leaf) for leaf in (left, right)]
    shared = sum(one == other for one, other in zip(*paths, strict=False))
    place = {row: at for at, row in enumerate(found.rows.tolist())}
    both = [
        panel(found, title=trajectory(forest, leaf), only=[place[row] for row in path[shared:]])
        for leaf, path in zip((left, right), paths, strict=True)
    ]
    length = [len(one["rows"]) for one in both]
    return linked(
        both,
        [
            [at if at < length[1] else -1 for at in range(length[0])],
            [at if at < length[0] else -1 for at in range(length[1])],
        ],
    )


def shared_words(forest: Forest, *, left: int, right: int) -> str:
    """What two trajectories have in common, in one line."""
    paths = [steps_to(forest, leaf) for leaf in (left, right)]
    shared = [one for one, other in zip(*paths, strict=False) if one == other]
    if not shared:
        return "They part at the first step."
    return f"They share {whole(len(shared))} step{'s' if len(shared) > 1 else ''}, up to “{label(forest, shared[-1])}”."


def steps_to(forest: Forest, leaf: int) -> list[int]:
    """Rows of the steps from the prompt to a leaf."""
    path = forest.topology.path(leaf)
    return [int(row) for row in path[~forest.is_prompt[path]]]


def trajectory(forest: Forest, leaf: int) -> str:
    """How a trajectory is called: its tree, its end, its outcome."""
    reward = float(forest.reward[leaf])
    outcome = "no outcome" if np.isnan(reward) else f"outcome {short(reward)}"
    number = int(np.flatnonzero(forest.leaves == leaf)[0]) + 1
    return f"{whole(number)} · tree {int(forest.tree[leaf]) + 1} · {label(forest, leaf)} · {outcome}"


def telling_pair(forest: Forest) -> tuple[int, int]:
    """Neighbouring trajectories with different outcomes: of those that share a step, the ones that differ longest."""
    leaves = forest.leaves[:MAX_LEAVES].tolist()
    best, most = (leaves[0], leaves[min(1, len(leaves) - 1)]), (False, 0)
    for pair in pairwise(leaves):
        rewards = forest.reward[list(pair)]
        left, right = (steps_to(forest, leaf) for leaf in pair)
        shared = sum(one == other for one, other in zip(left, right, strict=False))
        found = (shared > 0, min(len(left), len(right)) - shared)
        if np.isfinite(rewards).all() and rewards[0] != rewards[1] and found > most:
            best, most = pair, found
    return best


def linked(both: list[Panel], links: list[list[int]]) -> list[Panel]:
    """Two tables that know which rows of theirs go together."""
    left, right = both
    left["links"], right["links"] = links
    return [left, right]
