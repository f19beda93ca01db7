"""`pairs`: what to prefer among siblings, for preference training."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Annotated, Any

import numpy as np

from treecore.core.batch import Forests
from treecore.core.edit import NOTE, changes_column, changes_of
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
    schema = {
        "prompt": "text", "chosen": "text", "rejected": "text", "gap": "float", "value_chosen": "float",
        "value_rejected": "float", "n_chosen": "int", "n_rejected": "int", "forest": "text", "id_chosen": "text",
        "id_rejected": "text",
    } | changes_column(forests)  # fmt: skip
    made = Exported(unit="pairs")
    made.chunks = content(rows_of(forests, gap, made), ending, schema)
    return made


def rows_of(forests: Forests, gap: float, made: Exported) -> Iterator[dict[str, Any]]:
    """A row for each pair of different words; counted in `made`, and noted there at the end."""
    groups = [siblings(forest) for forest in forests]
    total = sum(len(group) * (len(group) - 1) // 2 for of_forest in groups for group in of_forest)
    done = alike = 0
    for number, forest in enumerate(forests):
        values, counts = means(forest)
        for group in groups[number]:
            before = text_before(forest, group)
            for one, other in combinations(group, 2):
                made.heard((done := done + 1) / total)
                better, worse = (one, other) if values[one] >= values[other] else (other, one)
                if not values[better] - values[worse] > gap:
                    continue
                if forest.text[better] == forest.text[worse]:
                    alike += 1
                    continue
                made.size += 1
                row = pair(forest, better, worse, values, counts)
                yield {"prompt": before, "forest": forest.id or str(number), **row, NOTE: changes_of(forest)}
    if alike:
        made.notes += (f"{counted(alike, 'pair')} of equal words {'is' if alike == 1 else 'are'} left out",)


def siblings(forest: Forest) -> list[list[int]]:
    """Steps after the same step, those with an outcome beneath them; the first steps of all trees are siblings."""
    topology, counts, is_prompt = forest.topology, means(forest).n, forest.is_prompt
    first = np.flatnonzero(~is_prompt & ((forest.parent < 0) | is_prompt[forest.parent]))
    forks = np.flatnonzero(topology.is_fork & ~is_prompt).tolist()
    return [np.sort(group[counts[group] > 0]).tolist() for group in (first, *map(topology.children, forks))]


def text_before(forest: Forest, group: list[int]) -> str:
    """The prompt and the steps before a fork, for steps of which it has at least two; "" for fewer."""
    if len(group) < 2:
        return ""
    above = int(forest.parent[group[0]])
    before = [] if above < 0 else forest.topology.path(above).tolist()
    return prompt_of(forest) + "".join(forest.text[row] + forest.observation[row] for row in before)


def pair(forest: Forest, better: int, worse: int, values: Any, counts: Any) -> dict[str, Any]:
    """One row, without what comes before."""
    return {
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
