"""A changed forest as the canvas draws it: all steps of before and after, with ghosts of what they were."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from treecore.analysis.granularity import granularity
from treecore.analysis.what_if import Shift, WhatIf, placed, shift, steps_in_both
from treecore.core.batch import Forests
from treecore.core.changes import Change, Flip
from treecore.core.outcomes import outcome_share
from treecore.core.topology import FloatArray
from treecore.methods.registry import Credit
from treecore.views.scene.part import numbers
from treecore.views.scene.types import SceneChange

COPY = "copy"
DONE = {"flip": "flipped", "reward": "set", "prune": "pruned", "copy": COPY}


def drawn_credit(found: WhatIf, after: Credit) -> Credit:
    """The credit of the changed forest in the rows of the drawn one; what was pruned has none."""

    def spread(columns: dict[str, FloatArray]) -> dict[str, FloatArray]:
        return {name: placed(values, found.after) for name, values in columns.items()}

    return replace(
        after,
        forests=Forests(found.drawn),
        nodes=spread(dict(after.nodes)),
        leaves=spread(dict(after.leaves)),
        tokens=None,
        rows_of=None,
        states=None,
    )


def change_of(found: WhatIf, before: Credit, after: Credit, changes: tuple[Change, ...]) -> SceneChange:
    """What the canvas shows of before.

    Args:
        before, after: credit of `found.recorded` and of `found.changed`.
        changes: that were made.
    """
    moved = shift(found, before, after)
    ghosts = (moved.moved & steps_in_both(found)) | (found.pruned & ~found.drawn.is_prompt)
    grain = granularity(after.forests)
    recorded = found.reward
    rewarded = np.where(np.isnan(recorded) | (recorded == found.drawn.reward), np.nan, recorded)
    return {
        "fill": numbers(np.where(ghosts, moved.was, np.nan)),
        "share": numbers(placed(outcome_share(found.recorded), found.before)),
        "reward": numbers(np.where(found.pruned, np.nan, rewarded)),
        "numbers": numbers(leaf_numbers(found, before)),
        "pruned": found.pruned.astype(np.int8),
        "governs": numbers(placed(grain.governs, found.after)),
        "step": numbers(placed(grain.step, found.after)),
        "badges": badges(found, moved, changes),
    }


def leaf_numbers(found: WhatIf, before: Credit) -> FloatArray:
    """What the column of numbers said of each leaf. `[N]`"""
    leaf = found.recorded.topology.is_leaf
    values = before.leaves.get("advantage", before.credit)
    return placed(np.where(leaf, values, np.nan), found.before)


def badges(found: WhatIf, moved: Shift, changes: tuple[Change, ...]) -> dict[str, str]:
    """What was done where, by row; a flip that was set back leaves nothing."""
    row_of = {str(name): row for row, name in enumerate(found.drawn.node_id)}
    said = {}
    for change in changes:
        row = row_of[change.node]
        same = np.array_equal(found.reward[row], found.drawn.reward[row], equal_nan=True)
        if change.verb != COPY and not (isinstance(change, Flip) and same):
            said[str(row)] = DONE[change.verb]
    first = (found.before < 0) & (found.drawn.parent < len(found.recorded))
    return said | {str(row): COPY for row in np.flatnonzero(first & ~found.pruned).tolist()}
