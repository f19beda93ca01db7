"""A credit as the JSON document that scripts read, forest by forest. Prints nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from treecore.core.forest import Forest
from treecore.core.topology import FloatArray
from treecore.errors import MethodError
from treecore.methods import Credit
from treecore.methods.registry import Rows

MAX_LISTED_TOKENS = 10_000_000


def credit_json(credit: Credit, *, tokens: bool) -> dict[str, Any]:
    """The whole document.

    Args:
        tokens: print a signal per token also where all tokens of a step share it.
    """
    return {
        "method": credit.method,
        "params": dict(credit.params),
        "forests": [forest_json(credit.of(number), number, tokens) for number in range(len(credit.forests))],
    }


def forest_name(forest: Forest, number: int) -> str:
    """The forest's id, or its number in the batch where it has none."""
    return forest.id or str(number)


def forest_json(credit: Credit, number: int, tokens: bool) -> dict[str, Any]:
    """One forest of the batch; `credit` is its part."""
    forest = credit.forests[0]
    names = [str(name) for name in forest.node_id]
    document: dict[str, Any] = {
        "id": forest_name(forest, number),
        "leaves": rows_of(credit.leaves, forest.leaves.tolist(), names),
        "nodes": rows_of(credit.nodes, range(len(forest)), names),
    }
    if credit.tokens is not None or tokens:
        document["tokens"] = token_signals(credit, forest, names)
        document["tokens_of"] = "trajectories" if credit.tokens_are_trajectories else "steps"
    if credit.rows is not None:
        document["rows"] = trajectory_rows(credit.rows, names)
    return document


def rows_of(
    columns: Mapping[str, FloatArray], rows: Sequence[int], names: Sequence[str]
) -> dict[str, dict[str, int | float]]:
    """Columns turned to one object a row; empty without columns."""
    if not columns:
        return {}
    values = [whole(column) if is_count(name) else column.tolist() for name, column in columns.items()]
    return {names[row]: {name: value[row] for name, value in zip(columns, values, strict=True)} for row in rows}


def is_count(name: str) -> bool:
    """Whether a column counts something."""
    return name.startswith("n_") or name.endswith("_size")


def whole(column: FloatArray) -> list[int | float]:
    """Counts as integers, NaN as it is."""
    return [int(value) if value == value and value.is_integer() else value for value in column.tolist()]


def trajectory_rows(rows: Rows, names: Sequence[str]) -> dict[str, dict[str, dict[str, float]]]:
    """Leaf -> step -> columns, for methods that judge one step differently in different trajectories."""
    document: dict[str, dict[str, dict[str, float]]] = {}
    values = [column.tolist() for column in rows.columns.values()]
    for place, (leaf, node) in enumerate(zip(rows.leaf.tolist(), rows.node.tolist(), strict=True)):
        cells = {name: column[place] for name, column in zip(rows.columns, values, strict=True)}
        document.setdefault(names[leaf], {})[names[node]] = cells
    return document


def token_signals(credit: Credit, forest: Forest, names: Sequence[str]) -> dict[str, list[float]]:
    """Signal of each of the model's tokens, by node; nodes without tokens, or without a count of them, are absent."""
    if credit.tokens is not None:
        start, value = credit.tokens.start.tolist(), credit.tokens.value.tolist()
        return {
            names[row]: value[start[row] : start[row + 1]] for row in range(len(forest)) if start[row] < start[row + 1]
        }
    counts, signal = forest.n_model_tokens.tolist(), credit.credit.tolist()
    if (total := sum(count for count in counts if count > 0)) > MAX_LISTED_TOKENS:
        raise MethodError(
            f"{total:,} tokens are too many to list one by one (at most {MAX_LISTED_TOKENS:,})",
            todo="leave out --tokens, or correct n_model_tokens",
        )
    return {names[row]: [signal[row]] * count for row, count in enumerate(counts) if count > 0}
