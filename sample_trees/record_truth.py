"""Measure how often the bundled model ends right from every step of a sample: `python sample_trees/record_truth.py`.

`treecore annotate sample_trees/NAME.forest.json --kind monte_carlo --set k=512 --seed 0 -o OUT` gives the same numbers;
here only the counts are kept, in `truth/NAME.json`, with the digest of the forest that they belong to. Lessons ask for
bets on them. `few` is the same with as many continuations as VinePPO takes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

import treecore as tc
from treecore.annotate import Annotation, annotate
from treecore.core.forest import Forest
from treecore.lessons.unit import units

HERE = Path(__file__).parent
SEED, MANY, FEW = 0, 512, 9
COMMAND = "python sample_trees/record_truth.py"


def measured(forest: Forest, k: int) -> dict[str, list[int]]:
    """Node id -> continuations that ended right, and how many there were; finished trajectories have none."""
    done = next(annotate([forest], Annotation("monte_carlo", {"k": k}, seed=SEED)))
    value, count = done.columns["mc_value"], done.columns["mc_count"]
    return {
        str(done.node_id[row]): [round(float(value[row] * count[row])), int(count[row])]
        for row in np.flatnonzero(~np.isnan(value)).tolist()
    }


def lines(counts: dict[str, list[int]]) -> str:
    """A step a line."""
    return ",\n".join(f"  {json.dumps(node)}: {pair}" for node, pair in counts.items())


def main(names: list[str]) -> None:
    """Write the truth of samples; by default of all that the lessons bet on."""
    for name in names:
        forest = tc.read(HERE / f"{name}.forest.json")[0]
        head = f'"sample": "{name}",\n"digest": "{forest.digest}",\n"seed": {SEED},\n"command": "{COMMAND} {name}"'
        many, few = (lines(measured(forest, k)) for k in (MANY, FEW))
        (HERE / "truth" / f"{name}.json").write_text(f'{{{head},\n"many": {{\n{many}\n}},\n"few": {{\n{few}\n}}}}\n')


if __name__ == "__main__":
    main(sys.argv[1:] or sorted({unit.sample for unit in units().values()}))
