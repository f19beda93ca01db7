"""`stepwise`: a label for every step, for training a process reward model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from treecore.core.batch import Forests
from treecore.core.edit import NOTE, changes_column, changes_of
from treecore.core.numerals import counted
from treecore.core.outcomes import is_right, means, top_reward
from treecore.errors import MethodError
from treecore.exports.chat import calls_beside
from treecore.exports.registry import Exported, export_kind
from treecore.exports.tables import content
from treecore.exports.training import prompt_of
from treecore.exports.trajectories import Signals, trajectories
from treecore.methods import Credit


@export_kind(name="stepwise", title="labelled steps", endings=(".jsonl", ".parquet"), in_parts=True)
def stepwise(
    forests: Forests,
    credit: Credit | None,
    ending: str,
    *,
    labels: Literal["sign", "reachable", "half"] = "reachable",
) -> Exported:
    """A row a scored trajectory: `prompt`, `completions` (its steps) and `labels`, true for a good step (the columns of
    TRL's stepwise supervision). Trajectories with tool calls that a file keeps beside the words are left out and
    counted.

    Args:
        labels: `sign`: false where the method's signal is negative; `reachable`: true where any trajectory through the
            step earns the full reward (the hard estimate of Math-Shepherd, arXiv:2312.08935, equation 3);
            `half`: true where the mean outcome is above half of the full reward.
    """
    if labels == "sign" and credit is None:
        raise MethodError("labels by sign need credit", todo="name a method with --method, or set labels=reachable")
    schema = {
        "prompt": "text",
        "completions": "list of text",
        "labels": "list of bool",
        "forest": "text",
        "leaf": "text",
    } | changes_column(forests)
    made = Exported(unit="trajectories")
    made.chunks = content(rows_of(forests, credit, labels, made), ending, schema)
    return made


def rows_of(forests: Forests, credit: Credit | None, labels: str, made: Exported) -> Iterator[dict[str, Any]]:
    """A row for each scored trajectory; counted in `made`, and noted there at the end."""
    unsigned = done = calling = 0
    reached = False
    total = sum(len(forest.leaves) for forest in forests)
    for number, forest in enumerate(forests):
        signals = Signals(credit.of(number)) if credit is not None else None
        reachable = forest.topology.leaf_count(is_right(forest)) > 0
        half = means(forest).value > top_reward(forest) / 2
        kept = made.keeps(forest) & ~np.isnan(forest.reward)
        for trajectory in trajectories(forest):
            made.heard((done := done + 1) / total)
            if not kept[trajectory.leaf]:
                continue
            steps = trajectory.steps
            if any(calls_beside(forest, row) for row in steps.tolist()):
                calling += 1
                continue
            if labels == "sign" and signals is not None:
                signal = signals.of_steps(trajectory)
                unsigned += int((np.isnan(signal) | (signal == 0)).sum())
                said = ~(signal < 0)
            else:
                said = reachable[steps] if labels == "reachable" else half[steps]
            reached |= bool(said.any())
            made.size += 1
            yield {
                "prompt": prompt_of(forest),
                "completions": [forest.text[row] for row in steps],
                "labels": said.tolist(),
                "forest": forest.id or str(number),
                "leaf": str(forest.node_id[trajectory.leaf]),
                NOTE: changes_of(forest),
            }
    if made.size and not reached:
        why = "; none is part of a trajectory that earns the full reward" if labels == "reachable" else ""
        made.notes += (f"all steps are labelled false{why}",)
    if calling:
        left = counted(calling, "trajectory", "trajectories") + " with tool calls beside the words"
        made.notes += (f"{left} {'is' if calling == 1 else 'are'} left out, as a labelled step is a text",)
    if unsigned:
        without = counted(unsigned, "step has", "steps have")
        made.notes += (f"{without} no signal or 0, and {'is' if unsigned == 1 else 'are'} labelled true",)
