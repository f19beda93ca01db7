"""`pairs`: what to prefer among siblings, for preference training."""

from __future__ import annotations

from itertools import combinations
from typing import Annotated, Any

import numpy as np

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.numerals import counted
from treecore.core.outcomes import means
from treecore.exports.registry import Exported, export_kind
from treecore.exports.tables import content
from treecore.exports.training import prompt_of
from treecore.methods import Credit
from treecore.registry.params import Bounds


@export_kind(name="pairs", title="sibling pairs to prefer", endings=(".jsonl", ".parquet"))
def pairs(forests: Forests, credit: Credit | None, ending: str, *, gap: Annotated[float, Bounds(0)] = 0.0) -> Exported:
    """A row for every two siblings whose words and values differ: the mean outcome of the trajectories through each.

    `prompt` is the prompt and the steps before the fork, `chosen` and `rejected` the siblings (columns of TRL's
    DPOTrainer). `n_chosen` and `n_rejected` are the scored trajectories that each value is a mean of: few say little.

    Args:
        gap: values must differ by more than this.
    """
    rows: list[dict[str, Any]] = []
    for number, forest in enumerate(forests):
        rows += [{"forest": forest.id or str(number), **row} for row in pairs_of(forest, gap)]
    alike = sum(row["chosen"] == row["rejected"] for row in rows)
    rows = [row for row in rows if row["chosen"] != row["rejected"]]
    notes = (f"{counted(alike, 'pair')} of equal words {'is' if alike == 1 else 'are'} left out",) if alike else ()
    schema = {
        "prompt": "text", "chosen": "text", "rejected": "text", "gap": "float", "value_chosen": "float",
        "value_rejected": "float", "n_chosen": "int", "n_rejected": "int", "forest": "text", "id_chosen": "text",
        "id_rejected": "text",
    }  # fmt: skip
    return Exported(content(rows, ending, schema), len(rows), "pairs", notes)


def pairs_of(forest: Forest, gap: float) -> list[dict[str, Any]]:
    """Pairs of one forest."""
    topology, (values, counts) = forest.topology, means(forest)
    above = np.where(np.isin(forest.parent, forest.prompts), -1, forest.parent)
    above[forest.prompts] = -2
    groups = [np.flatnonzero(above == row) for row in (-1, *np.flatnonzero(topology.is_fork).tolist())]
    rows: list[dict[str, Any]] = []
    for group in groups:
        known = [int(row) for row in group if counts[row] > 0]
        for one, other in combinations(known, 2):
            better, worse = (one, other) if values[one] >= values[other] else (other, one)
            if values[better] - values[worse] > gap:
                rows.append(pair(forest, better, worse, values, counts))
    return rows


def pair(forest: Forest, better: int, worse: int, values: Any, counts: Any) -> dict[str, Any]:
    """One row."""
    above = int(forest.parent[better])
    before = [] if above < 0 else forest.topology.path(above).tolist()
    return {
        "prompt": prompt_of(forest) + "".join(forest.text[row] + forest.observation[row] for row in before),
        "chosen": forest.text[better],
        "rejected": forest.text[worse],
        "gap": float(values[better] - values[worse]),
        "value_chosen": float(values[better]),
        "value_rejected": float(values[worse]),
        "n_chosen": int(counts[better]),
        "n_rejected": int(counts[worse]),
        "id_chosen": str(forest.node_id[better]),
        "id_rejected": str(forest.node_id[worse]),
    }
