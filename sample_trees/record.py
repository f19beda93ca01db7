"""Record the sample forests from the bundled model: `python sample_trees/record.py`. Same seeds, same files.

Each sample shows one thing. A few hundred prompts are sampled, and for each thing the forest that shows it best
is kept; nothing in a forest is edited. The index says what to look for, with counts taken from the forest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import treecore as tc
from treecore.analysis.granularity import fork_contrasts
from treecore.analysis.stages import label
from treecore.forest import Forest
from treecore.forests import Forests
from treecore.outcomes import is_right
from treecore.steptext import split_step

HERE = Path(__file__).parent
SEED = 7
VALUE_METHOD = "sibling"


class Wanted(NamedTuple):
    """One sample to find.

    Attributes:
        name, title: for links and people.
        run: arguments of `treecore.rollout`.
        score: how well a forest shows the thing; None when it does not.
        look_for: text with `{right}`, `{leaves}`, `{fork}`, `{share}` filled in from the forest found.
    """

    name: str
    title: str
    run: dict[str, Any]
    score: Callable[[Forest], float | None]
    look_for: str


def counts(forest: Forest) -> tuple[int, int]:
    """Right trajectories and all of them."""
    return int(is_right(forest).sum()), len(forest.leaves)


class BestFork(NamedTuple):
    """The fork with the widest gap between its branches: row, share it decides, gap, and the second widest gap."""

    row: int
    share: float
    gap: float
    second: float


def best_fork(forest: Forest) -> BestFork | None:
    """The fork that matters most by the mean outcome of its branches."""
    batch = Forests(forest)
    found = fork_contrasts(batch, tc.credit(batch, VALUE_METHOD).nodes["value"])
    gaps = np.nan_to_num(found.contrast)
    if not len(gaps):
        return None
    order = np.argsort(-gaps, kind="stable")
    second = float(gaps[order[1]]) if len(gaps) > 1 else 0.0
    return BestFork(int(found.node[order[0]]), float(found.governs[order[0]]), float(gaps[order[0]]), second)


def early(forest: Forest) -> float | None:
    """A wide gap at the first step, none later."""
    fork = best_fork(forest)
    if fork is None or fork.share < 0.99 or fork.gap < 0.99 or fork.second > 0.01:
        return None
    return len(forest) / 100


def late(forest: Forest) -> float | None:
    """Two answers after the same three steps or more, one right and one wrong, and no other gap."""
    fork = best_fork(forest)
    if fork is None or fork.share > 0.45 or fork.gap < 0.99 or fork.second > 0.01:
        return None
    children = forest.topology.children(fork.row)
    answers = {split_step(forest.text[child]).answer for child in children}
    return float(forest.topology.depth[fork.row]) if len(answers) > 1 and "" not in answers else None


def all_right(forest: Forest) -> float | None:
    """Every trajectory right, by different ways."""
    right, leaves = counts(forest)
    distinct = len({text for text in forest.text if text})
    return distinct if right == leaves else None


def rare(forest: Forest) -> float | None:
    """One right trajectory among all."""
    right, leaves = counts(forest)
    return len(forest) / 100 if right == 1 and leaves >= 6 else None


def mixed(forest: Forest) -> float | None:
    """About half right, and forks that differ."""
    right, leaves = counts(forest)
    fork = best_fork(forest)
    return None if fork is None or fork.gap < 0.5 else -abs(right / leaves - 0.5)


SMALL = {"sampler": "random_expansion", "m": 2, "n": 2, "l": 1, "model": "tiny", "seed": SEED}
WANTED = (
    Wanted("early_fork", "Early fork: strategy", {**SMALL, "task": "multihop", "prompts": 500}, early,
           "{right} of {leaves} trajectories are right. What separates them is the first step: the fork at {fork} decides "
           "{share} of the trajectory. Colour by granularity and see where the signal sits."),
    Wanted("late_fork", "Late fork: detail", {**SMALL, "task": "multihop", "prompts": 500}, late,
           "{right} of {leaves} trajectories are right. One fork, {fork}, separates right from wrong, and it decides only "
           "{share} of the trajectory: right and wrong share everything before it."),
    Wanted("all_right", "All right: no signal", {**SMALL, "task": "multihop", "prompts": 500}, all_right,
           "All {leaves} trajectories are right, so there is nothing to compare: every method that compares gives zero "
           "to every step. The model learns nothing from this prompt."),
    Wanted("rare_success", "Rare success", {**SMALL, "task": "multihop", "prompts": 500}, rare,
           "One of {leaves} trajectories is right. Follow it back: wherever a step also led to failures, its credit is "
           "smaller than that of the steps after it."),
    Wanted("countdown", "Countdown", {**SMALL, "task": "countdown", "prompts": 200}, mixed,
           "Arithmetic, one operation a line; {right} of {leaves} trajectories reach the target. The fork that matters "
           "most is {fork}, and it decides {share} of the trajectory."),
    Wanted("large", "A larger forest", {**SMALL, "task": "multihop", "m": 4, "n": 4, "l": 2, "prompts": 24}, mixed,
           "Four trees, {leaves} trajectories, {right} right. With more leaves beneath, the credit of early steps has a "
           "smaller standard error: compare the inspector at an early and at a late step."),
)  # fmt: skip
# ruff: noqa: E501


def described(wanted: Wanted, forest: Forest) -> str:
    """`look_for` with the forest's own numbers."""
    right, leaves = counts(forest)
    fork = best_fork(forest)
    place, share = "the prompt", ""
    if fork is not None:
        place = "the prompt" if forest.parent[fork.row] < 0 else f"“{label(forest, fork.row)}”"
        share = "all" if fork.share > 0.995 else f"the last {fork.share:.0%}".replace("%", " %")
    return wanted.look_for.format(right=right, leaves=leaves, fork=place, share=share)


def pick(wanted: Wanted, forests: Iterable[Forest]) -> Forest:
    """The forest that shows the thing best; ties go to the first."""
    scored = [(score, forest) for forest in forests if (score := wanted.score(forest)) is not None]
    if not scored:
        raise SystemExit(f"no forest shows {wanted.name}: sample more prompts")
    return max(scored, key=lambda pair: pair[0])[1]


def main() -> None:
    """Write all recorded samples and the index."""
    index = json.loads((HERE / "index.json").read_text())
    by_hand = next(entry for entry in index["samples"] if entry["name"] == "by_hand")
    runs: dict[str, list[Forest]] = {}
    entries = []
    for wanted in WANTED:
        key = json.dumps(wanted.run, sort_keys=True)
        runs[key] = runs.get(key) or tc.rollout(**wanted.run)
        forest = pick(wanted, runs[key])
        file = f"{wanted.name}.forest.json"
        tc.write([forest], HERE / file)
        entries.append(
            {"name": wanted.name, "title": wanted.title, "file": file, "look_for": described(wanted, forest)}
        )
    entries.insert(1, by_hand)
    (HERE / "index.json").write_text(json.dumps({"samples": entries}, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
