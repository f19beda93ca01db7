"""`training`: a row a trajectory, as trainers take them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from treecore.core.batch import Forests
from treecore.core.columns import Column
from treecore.core.edit import NOTE, changes_column, changes_of
from treecore.core.forest import Forest
from treecore.core.numerals import counted
from treecore.core.tool_calls import recorded_calls
from treecore.core.topology import FloatArray, IntArray
from treecore.exports.registry import Exported, export_kind
from treecore.exports.tables import content
from treecore.exports.trajectories import Signals, Trajectory, trajectories
from treecore.formats.training_columns import BESIDE, OF_STEP, OF_TOKEN, OF_TREE
from treecore.methods import Credit

NAMES: dict[str, dict[str, str]] = {
    "trl": {
        "ids": "completion_ids",
        "mask": "completion_mask",
        "logprobs": "old_per_token_logps",
        "text": "completion",
    },
    "verl": {"ids": "responses", "mask": "response_mask", "logprobs": "old_log_probs", "text": "response"},
}
"""What trainers call the columns: GRPOTrainer of TRL, DataProto of verl."""


@export_kind(
    name="training",
    title="rows to train on: tokens, mask, log probabilities, advantages",
    endings=(".parquet", ".jsonl"),
    needs_credit=True,
    in_parts=True,
)
def training(
    forests: Forests, credit: Credit | None, ending: str, *, shape: Literal["trl", "verl"] = "trl"
) -> Exported:
    """A row a trajectory. Where the method gives no signal the advantage is 0, which trains nothing; log probabilities
    of what the environment wrote are 0, as its mask is.

    `copies` says in how many rows the same token stands, since trajectories of a tree share their beginnings: divide by
    it to count each token once; `step_ids` and `tree` say which steps they share, so that `treecore audit` reads the
    rows as the trees that they were. Trajectories without recorded tokens have their steps and the signal of each.

    What else a forest knows of its steps stands beside them: `step.NAME` holds an annotation such as a Monte Carlo
    value, a label or a judge's score for each step, null where a step has none, `tree.NAME` that of an empty root,
    which is no step, and `token.entropy`, `token.confidence` and `token.part` a number for each token.

    Args:
        shape: whose names the columns have.
    """
    assert credit is not None
    names = NAMES[shape]
    schema = {
        "prompt": "text",
        "uid": "text",
        "leaf": "text",
        "tree": "text",
        names["text"]: "text",
        "reward": "float",
        names["ids"]: "list of int",
        names["mask"]: "list of int",
        names["logprobs"]: "list of float",
        "advantages": "list of float",
        "copies": "list of int",
        "steps": "list of text",
        "observations": "list of text",
        "step_ids": "list of text",
        "step_lengths": "list of int",
        "step_advantages": "list of float",
        **beside_schema(forests),
    } | changes_column(forests)
    made = Exported(unit="trajectories")
    made.chunks = content(rows_of(forests, credit, names, made), ending, schema)
    return made


def beside_schema(forests: Forests) -> dict[str, str]:
    """Columns of what only some forests have, and their types."""
    names = list(dict.fromkeys(name for forest in forests for name in forest.columns))
    rooted = [name for name in names if not np.isnan(forests.column(name)[forests.is_prompt]).all()]
    tables = [forest.tokens for forest in forests if forest.tokens is not None]
    there = [column for column in BESIDE if any(getattr(table, column.name) is not None for table in tables)]
    return {
        **dict.fromkeys((f"{OF_STEP}{name}" for name in names), "list of float"),
        **dict.fromkeys((f"{OF_TREE}{name}" for name in rooted), "float"),
        **{f"{OF_TOKEN}{column.name}": f"list of {column.kind}" for column in there},
    }


def rows_of(forests: Forests, credit: Credit, names: dict[str, str], made: Exported) -> Iterator[dict[str, Any]]:
    """A row for each trajectory; counted in `made`, and noted there at the end."""
    silent = unrecorded = calling = done = 0
    total = sum(len(forest.leaves) for forest in forests)
    for number, forest in enumerate(forests):
        signals = Signals(credit.of(number))
        group = forest.id or str(number)
        kept = made.keeps(forest)
        rows = forest.topology.leaf_count(kept).astype(np.int64)
        for trajectory in trajectories(forest):
            made.heard((done := done + 1) / total)
            if not kept[trajectory.leaf]:
                continue
            made.size += 1
            silent += bool(np.isnan(signals.of_steps(trajectory)).all())
            unrecorded += not len(trajectory.tokens)
            calling += any(recorded_calls(forest.node_extra.get(row, {})) for row in trajectory.steps.tolist())
            own = {"prompt": prompt_of(forest), "uid": group, NOTE: changes_of(forest)}
            yield {**own, **row_of(trajectory, signals, names, rows=rows)}
    if silent:
        made.notes += (f"{counted(silent, 'trajectory gets', 'trajectories get')} no signal from this method",)
    if calling:
        beside = counted(calling, "trajectory has", "trajectories have")
        made.notes += (f"{beside} tool calls beside the words, which texts here do not hold",)
    if unrecorded:
        without = counted(unrecorded, "trajectory has", "trajectories have")
        made.notes += (f"{without} no recorded tokens; use steps and step_advantages",)


def prompt_of(forest: Forest) -> str:
    """What the model read, where it is recorded, else what a person reads."""
    read = forest.extra.get("input")
    return read if isinstance(read, str) else forest.prompt


def row_of(trajectory: Trajectory, signals: Signals, names: dict[str, str], *, rows: IntArray) -> dict[str, Any]:
    """The columns of one trajectory.

    Args:
        rows: `[N]` how many trajectories through each step of the forest are written.
    """
    forest, tokens = trajectory.forest, trajectory.tokens
    reward = float(forest.reward[trajectory.leaf])
    row: dict[str, Any] = {
        "leaf": str(forest.node_id[trajectory.leaf]),
        "tree": str(forest.node_id[forest.topology.path(trajectory.leaf)[0]]),
        names["text"]: trajectory.text,
        "reward": None if math.isnan(reward) else reward,
        "steps": [forest.text[step] for step in trajectory.steps],
        "observations": [forest.observation[step] for step in trajectory.steps],
        "step_ids": [str(forest.node_id[step]) for step in trajectory.steps],
        "step_advantages": numbers(signals.of_steps(trajectory)),
    }
    root = int(forest.topology.path(trajectory.leaf)[0])
    for name, values in forest.columns.items():
        row[f"{OF_STEP}{name}"] = numbers(values[trajectory.steps])
        if forest.is_prompt[root] and not math.isnan(values[root]):
            row[f"{OF_TREE}{name}"] = float(values[root])
    table = forest.tokens
    if table is None or not len(tokens):
        return row
    shared = rows[trajectory.steps]
    row |= {
        "step_lengths": np.diff(table.start)[trajectory.steps].tolist(),
        names["mask"]: trajectory.is_model.astype(int).tolist(),
        "advantages": np.nan_to_num(signals.of_tokens(trajectory)).tolist(),
        "copies": np.repeat(shared, np.diff(table.start)[trajectory.steps]).astype(int).tolist(),
    }
    if table.id is not None:
        row[names["ids"]] = table.id[tokens].tolist()
    if table.logprob is not None:
        row[names["logprobs"]] = np.nan_to_num(table.logprob[tokens]).tolist()
    for column in BESIDE:
        if (values := getattr(table, column.name)) is not None:
            row[f"{OF_TOKEN}{column.name}"] = assigned(values[tokens], column)
    return row


def assigned(values: FloatArray | IntArray, column: Column) -> list[float | int | None]:
    """Values of a column, None where there is none."""
    return [None if null else one for one, null in zip(values.tolist(), column.is_null(values).tolist(), strict=True)]


def numbers(values: FloatArray) -> list[float | None]:
    """Numbers, None for NaN."""
    return [None if one != one else one for one in values.tolist()]
