"""What the library keeps of each forest: one row of numbers and words, worked out for a whole batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from treecore.analysis.audit import audit_of, claimed
from treecore.analysis.frames import phrase
from treecore.analysis.lint import claim_differs
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.prefixes import merge_chains
from treecore.core.step_text import beside_text, split_step
from treecore.core.topology import BoolArray, FloatArray, IntArray
from treecore.errors import MethodError
from treecore.library.figures import credit_facts, outcomes
from treecore.methods import METHODS, compute

WORDS = 8_000
"""Characters of a forest that can be searched."""
DRAWN = 120
"""Steps of a forest up to which its shape is kept, for small pictures."""


class Fact(NamedTuple):
    """A column of the library: its name, its type in SQL, and what it means."""

    name: str
    type: str
    meaning: str


COLUMNS = (
    Fact("file", "VARCHAR", "file below the folder"),
    Fact("number", "INTEGER", "place of the forest in its file, from 0"),
    Fact("start", "BIGINT", "first byte of its line in the file; null where it has none of its own"),
    Fact("length", "BIGINT", "bytes of that line"),
    Fact(
        "pieces",
        "BIGINT[]",
        "of a large file of JSON lines of another tool: first line, first byte and bytes of stretches",
    ),
    Fact("mark", "VARCHAR", "what the forest made of these must have"),
    Fact("id", "VARCHAR", "id of the forest"),
    Fact("prompt", "VARCHAR", "the question"),
    Fact("reference", "VARCHAR", "the expected answer"),
    Fact("task", "VARCHAR", "environment or data set"),
    Fact("training_step", "BIGINT", "step of the trainer; null where it is not known"),
    Fact("place", "VARCHAR", "file and line it comes from, as the reader says"),
    Fact("trees", "INTEGER", "number of trees"),
    Fact("leaves", "INTEGER", "number of trajectories"),
    Fact("scored", "INTEGER", "trajectories with a reward"),
    Fact("pass_rate", "DOUBLE", "share of scored trajectories with the full reward"),
    Fact("mean_reward", "DOUBLE", "mean reward of scored trajectories"),
    Fact("outcome_entropy", "DOUBLE", "entropy of the rewards, in bits: 0 where all are equal"),
    Fact("distinct_answers", "INTEGER", "different last steps"),
    Fact("depth", "INTEGER", "steps of the longest trajectory"),
    Fact("steps", "INTEGER", "number of steps"),
    Fact("tokens", "BIGINT", "tokens that the model wrote; null where they are not counted"),
    Fact("credit_spread", "DOUBLE", "standard deviation of the first method's credit over steps"),
    Fact("sign_disagreement", "DOUBLE", "share of steps on whose sign the two methods disagree"),
    Fact("flags", "VARCHAR[]", "what is wrong with it: kinds of `treecore validate`"),
    Fact("claims", "INTEGER", "numbers of credit that the file claims"),
    Fact("claims_differ", "INTEGER", "of them, those that do not recompute; null where that cannot be checked"),
    Fact("words", "VARCHAR", "prompt and steps with what was answered to them, for searching"),
    Fact("parents", "INTEGER[]", "parent of each step, for small pictures; null for large forests"),
    Fact("values", "DOUBLE[]", "mean outcome under each step, beside `parents`"),
)
"""Every column, in order."""


def facts(forests: Sequence[Forest], methods: tuple[str, str]) -> list[dict[str, Any]]:
    """A row for each forest, without what only the file knows (`file`, `number`, `start`, `length`,
    `pieces`, `mark`).

    Separate answers count as the tree of their common beginnings. What a file claims is checked as it stands there.

    Args:
        forests: of one file, all of which are the batch of the methods.
        methods: the two whose credit is compared.
    """
    given, batch = Forests(forests), Forests([merge_chains(forest) for forest in forests])
    first, second = (signal(batch, method) for method in methods)
    n_claims, differ = claims(given)
    scored = np.where(batch.scored, batch.reward, 0.0)
    with np.errstate(invalid="ignore"):
        value = batch.topology.leaf_sum(scored) / batch.n_scored
    ends, spread = outcomes(batch), credit_facts(batch, first, second)
    rows = []
    for number, forest in enumerate(batch):
        own = slice(int(batch.offset[number]), int(batch.offset[number + 1]))
        in_file = slice(int(given.offset[number]), int(given.offset[number + 1]))
        rows.append(
            {
                **described(forest, batch.topology.depth[own], value[own]),
                **ends[number],
                **spread[number],
                "distinct_answers": distinct_answers(forest),
                "claims": int(n_claims[in_file].sum()),
                "claims_differ": None if differ is None else int(differ[in_file].sum()),
            }
        )
        if rows[-1]["claims_differ"]:
            rows[-1]["flags"].append("claimed-credit")
    return rows


def signal(batch: Forests, method: str) -> FloatArray:
    """Credit of each step; NaN everywhere where the method lacks something. `[N]`"""
    try:
        return compute(batch, method).credit
    except MethodError:
        return np.full(int(batch.offset[-1]), np.nan)


def claims(batch: Forests) -> tuple[FloatArray, BoolArray | None]:
    """How many numbers each step claims, and whether one of them does not recompute; None where none can be checked."""
    names = dict.fromkeys(name for forest in batch for name in forest.claimed)
    n_claims = np.zeros(int(batch.offset[-1]))
    differs: BoolArray | None = None
    for name in names:
        n_claims += ~np.isnan(claimed(batch, name))
        if (found := differing(batch, name)) is not None:
            differs = found if differs is None else differs | found
    return n_claims, differs


def differing(batch: Forests, name: str) -> BoolArray | None:
    """Steps whose claim does not recompute: by the method of that name, else by the way that gives most of them; None
    where it cannot be checked. `[N]`"""
    if name in METHODS:
        credit = signal(batch, name)
        return None if np.isnan(credit).all() else claim_differs(batch, name, credit)
    found = audit_of(batch, name, methods=False)
    if not found.explained:
        return None
    differs = np.zeros(len(batch.parent), dtype=bool)
    differs[found.rows] = True
    return differs


def described(forest: Forest, depth: IntArray, value: FloatArray) -> dict[str, Any]:
    """Names, words and shape.

    Args:
        depth, value: `[N]` of its nodes: how deep they lie, and the mean outcome under them.
    """
    step = forest.provenance.get("training_step")
    tokens = forest.n_model_tokens[~forest.is_prompt]
    steps = (
        " → ".join(filter(None, map(str.strip, step))) for step in zip(forest.text, forest.observation, strict=True)
    )
    texts = dict.fromkeys(filter(None, (*steps, *map(beside_text, forest.node_extra.values()))))
    small = len(forest) <= DRAWN
    return {
        "id": forest.id,
        "prompt": forest.prompt,
        "reference": forest.reference,
        "task": forest.task,
        "training_step": step if isinstance(step, int) else None,
        "place": str(forest.provenance.get("where") or ""),
        "trees": forest.n_trees,
        "leaves": int(forest.topology.is_leaf.sum()),
        "depth": int(depth.max()) + (0 if len(forest.prompts) else 1),
        "steps": int((~forest.is_prompt).sum()),
        "tokens": int(tokens.sum()) if len(tokens) and (tokens >= 0).all() else None,
        "words": "\n".join([forest.prompt, *texts])[:WORDS],
        "parents": forest.parent.tolist() if small else None,
        "values": [None if one != one else one for one in value.tolist()] if small else None,
    }


def distinct_answers(forest: Forest) -> int:
    """How many different last steps there are."""
    leaves = np.flatnonzero(forest.topology.is_leaf).tolist()
    extra = forest.node_extra
    alone = {forest.text[leaf] for leaf in leaves if not extra.get(leaf)}
    labels = {split_step(text).label for text in alone}
    return len(labels.union(phrase(forest, leaf) for leaf in leaves if extra.get(leaf)))
