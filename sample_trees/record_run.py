"""Make a small run folder to try the library with: `python sample_trees/record_run.py FOLDER`.

The bundled model answers the same prompts at falling temperatures, one file each. The temperatures stand in for
training steps: no model is trained, and every forest says so in its provenance.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import treecore as tc
from treecore.core.forest import Forest

TEMPERATURES = (2.4, 2.0, 1.7, 1.4, 1.2, 1.0, 0.8, 0.6)
EVERY, PROMPTS, SEED = 50, 24, 8
"""Training steps from one temperature to the next, prompts at each, and the seed of prompts and draws."""
NOTE = "temperature {} of the bundled model stands in for a training step"


def marked(forest: Forest, step: int, temperature: float) -> Forest:
    """The forest with its place in the made-up training."""
    provenance = {**forest.provenance, "training_step": step, "note": NOTE.format(temperature)}
    return replace(forest, provenance=provenance)


def main(folder: Path, *, prompts: int = PROMPTS) -> None:
    """Write the run; files that are there are written anew."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, temperature in enumerate(TEMPERATURES):
        step = (number + 1) * EVERY
        settings = {"m": 2, "n": 2, "l": 1}
        forests = tc.rollout(
            task="multihop",
            model="tiny",
            sampler="random_expansion",
            sampler_settings=settings,
            prompts=prompts,
            seed=SEED,
            temperature=temperature,
        )
        made = [marked(forest, step, temperature) for forest in forests]
        tc.write(made, folder / f"step_{step:03d}.forest.jsonl", overwrite=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
