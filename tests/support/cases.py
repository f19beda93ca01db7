"""Files of other tools in `tests/formats/readers/data`, and what must come out of them.

A folder there is one case: files as a tool wrote them (or made by hand, which its README says), and perhaps an
`expected.json`. Its fields are those that `checks_of` knows; lists of numbers are compared sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
import pytest

from treecore.core.forest import Forest
from treecore.core.tool_calls import tool_calls
from treecore.formats import FORMATS

DATA = Path(__file__).parents[1] / "formats" / "readers" / "data"
NOT_READ = ("expected.json", "README.md")
"""Files of a case that no reader sees."""


class Case(NamedTuple):
    """What is read at once, and what must come out."""

    id: str
    files: dict[str, bytes]
    expected: dict[str, Any]


def folders() -> list[Path]:
    """All cases, by name."""
    return sorted(path for path in DATA.iterdir() if path.is_dir())


def files_of(folder: Path) -> list[Path]:
    """The files of a case that readers see."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in NOT_READ)


def examples() -> dict[str, bytes]:
    """Name of a format -> the example on its decorator."""
    return {entry.name: entry.example.encode() for entry in FORMATS.values() if entry.example}


def cases() -> Iterator[Case]:
    """Every folder with an `expected.json`; one for each of its files where each holds the same."""
    for path in sorted(DATA.glob("*/expected.json")):
        expected = orjson.loads(path.read_bytes())
        files = {name: (path.parent / name).read_bytes() for name in expected["files"]}
        if "each file alone" in expected["read"]:
            for name, content in files.items():
                yield Case(f"{path.parent.name}/{name}", {name: content}, expected)
        else:
            yield Case(path.parent.name, files, expected)


def leaf_values(forests: Sequence[Forest], values: Callable[[Forest], Any]) -> list[float]:
    """The numbers of all leaves that have one, sorted."""
    found = [np.asarray(values(forest), dtype=float)[forest.topology.is_leaf] for forest in forests]
    return sorted(float(value) for value in np.concatenate(found) if value == value)


def column(forest: Forest, name: str) -> Any:
    """A column of a reward function or score; NaN where the forest has none."""
    found = forest.columns.get(f"reward.{name}", forest.columns.get(name))
    return np.full(len(forest), np.nan) if found is None else found


def claim(forest: Forest) -> Any:
    """The advantage that the file claims; NaN where it claims none."""
    found = forest.claimed.get("advantage")
    return np.full(len(forest), np.nan) if found is None else found


def n_calls(forests: Sequence[Forest]) -> int:
    """Number of tool calls of all steps."""
    return sum(
        len(tool_calls(text, forest.node_extra.get(row, {})))
        for forest in forests
        for row, text in enumerate(forest.text)
    )


def n_leaves(forests: Sequence[Forest]) -> int:
    return sum(int(forest.topology.is_leaf.sum()) for forest in forests)


def close(numbers: Sequence[float]) -> Any:
    """The same numbers, sorted, to as many digits as they are written with."""
    digits = max((len(repr(float(number)).partition(".")[2]) for number in numbers), default=2)
    return pytest.approx(sorted(numbers), abs=0.6 * 10.0 ** -max(digits, 2))


def check(forests: Sequence[Forest], expected: dict[str, Any]) -> None:
    """Compare everything that a case says.

    Raises:
        AssertionError: what was read is not what is expected; names the field.
    """
    for name, found, wanted in checks_of(forests, expected):
        assert found == wanted, name


def checks_of(forests: Sequence[Forest], expected: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Name, what was found, what is expected."""
    leaves = expected.get("leaves", expected.get("leaves_with_branches", expected["trajectories"]))
    rewards = leaf_values(forests, lambda forest: forest.reward)
    yield "prompts", len(forests), expected["prompts"]
    yield "leaves", n_leaves(forests), leaves
    yield "rewards", rewards, close(expected["rewards"])
    if "unscored" in expected:
        yield "unscored", n_leaves(forests) - len(rewards), expected["unscored"]
    if (nodes := expected.get("sampled", expected.get("nodes"))) is not None:
        yield "nodes", sum(len(forest) for forest in forests), nodes
    for name, wanted in {**expected.get("reward_columns", {}), **expected.get("scores", {})}.items():
        found = leaf_values(forests, lambda forest, name=name: column(forest, name))  # type: ignore[misc]
        yield f"column {name}", found, close(wanted["scored"] if isinstance(wanted, dict) else wanted)
        if isinstance(wanted, dict):
            yield f"column {name}, missing", n_leaves(forests) - len(found), wanted["missing"]
    if "advantages" in expected:
        yield "advantages", leaf_values(forests, claim), close(expected["advantages"])
    if "tool_calls" in expected:
        yield "tool calls", n_calls(forests), expected["tool_calls"]
    if "answers" in expected:
        texts = {text for forest in forests for text in np.array(forest.text, object)[forest.topology.is_leaf]}
        yield "answers", sorted(texts & set(expected["answers"])), sorted(expected["answers"])
