"""How many parameters functions take, and which are given by name; fields of records likewise."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
import sources
from sources import ROOT, Function, all_functions, functions, nodes, nodes_of

MAX_PARAMETERS = 7
SOURCES = [path for folder in ("treecore", "app") for path in sources.sources(folder)]
DOORS = {
    "load_policy": "every option of a server and of a loaded model, by name",
    "add": "a node's fields, by name (`ForestBuilder.add`)",
    "credit_method": "a declaration",
    "sampler": "a declaration",
    "rollout_format": "a declaration",
}
"""Public functions that may take more, all but the first by name."""
IN_ORDER = {
    ("a", "b"),
    ("before", "after"),
    ("found", "wanted"),
    ("done", "total"),
    ("start", "end"),
    ("row", "start"),
    ("rows", "length"),
    ("rows", "n_valid"),
    ("source", "target"),
    ("beside", "target"),
    ("key_states", "value_states"),
    ("query", "key"),
    ("key", "value"),
    ("ids", "position"),
    ("url", "model"),
    ("name", "why"),
    ("one", "many"),
    ("first", "second"),
    ("parent", "fork"),
    ("one", "other"),
    ("gold", "said"),
    ("answer", "gold"),
    ("gold_percent", "said_percent"),
    ("base", "exponent"),
    ("exponent", "modulus"),
    ("opens", "closes"),
    ("left", "right"),
    ("low", "high"),
    ("x", "y"),
    ("over", "under"),
    ("better", "worse"),
    ("old", "new"),
    ("whole", "before"),
    ("before", "repeated"),
    ("before", "wanted"),
    ("wanted", "after"),
    ("prompt", "response"),
    ("value", "limit"),
    ("gap", "divisor"),
    ("total", "count"),
    ("chosen", "rejected"),
    ("model", "expert"),
    ("path", "name"),
    ("found", "todo"),
}
"""Pairs whose order is that of a range, a quotient, a comparison, a shape, a move, a sentence, or of code elsewhere."""


def mistakable(function: Function) -> list[str]:
    """Neighbours of one type that are given by position."""
    pairs = zip(function.by_position, function.by_position[1:], strict=False)
    return [
        f"{function.place}: {one.arg}, {other.arg}"
        for one, other in pairs
        if one.annotation is not None
        and other.annotation is not None
        and ast.unparse(one.annotation) == ast.unparse(other.annotation) != "Any"
        and (one.arg, other.arg) not in IN_ORDER
    ]


def records() -> dict[str, list[tuple[str, str]]]:
    """Dataclasses and named tuples -> names and types of their fields in order; names that two classes have are out."""
    found: dict[str, list[tuple[str, str]]] = {}
    classes = [node for path in SOURCES for node in nodes(path) if isinstance(node, ast.ClassDef)]
    for node in classes:
        made = " ".join(map(ast.unparse, [*node.decorator_list, *node.bases]))
        if ("dataclass" in made or "NamedTuple" in made) and "kw_only" not in made:
            given = [one for one in node.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)]
            typed = [(ast.unparse(one.target), ast.unparse(one.annotation)) for one in given]
            found[node.name] = [(name, kind) for name, kind in typed if not kind.startswith("ClassVar")]
    twice = Counter(node.name for node in classes)
    return {name: fields for name, fields in found.items() if twice[name] == 1}


def says(value: ast.expr, field: str) -> bool:
    """Whether a value names its field, or is written out where it stands."""
    words = re.findall(r"[A-Za-z]\w*", ast.unparse(value))
    return isinstance(value, ast.Constant) or field in words or any(field in word.split("_") for word in words)


def unnamed(within: Sequence[ast.AST], made: dict[str, list[tuple[str, str]]]) -> list[str]:
    """Records whose neighbouring fields of one type are given in order by values that name neither."""
    found = []
    for node in within:
        if not isinstance(node, ast.Call) or any(isinstance(one, ast.Starred) for one in node.args):
            continue
        name = ast.unparse(node.func).split(".")[-1]
        given = list(zip(made.get(name, []), node.args, strict=False))
        for ((one, kind), value), ((other, same), after) in pairwise(given):
            alike = kind == same != "Any" and (one, other) not in IN_ORDER
            if alike and not says(value, one) and not says(after, other):
                found.append(f"{node.lineno} {name}: {one}, {other}")
    return found


def test_no_function_takes_more_than_seven_parameters() -> None:
    wrong = [
        one.place
        for one in all_functions("treecore", "app", "tests", "sample_trees")
        if len(one.by_position) + len(one.by_name) > MAX_PARAMETERS
        and not one.is_declared
        and not (one.node.name in DOORS and len(one.by_position) <= 1)
    ]
    assert wrong == []


def test_neighbours_of_one_type_are_given_by_name() -> None:
    wrong = [pair for one in all_functions("treecore", "app") if not one.is_declared for pair in mistakable(one)]
    assert wrong == []


def test_neighbours_of_one_type_in_records_are_given_by_name() -> None:
    made = records()
    wrong = [f"{path.relative_to(ROOT)}:{found}" for path in SOURCES for found in unnamed(nodes(path), made)]
    assert wrong == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("Pair(n, m)", ["1 Pair: floor, ceiling"]),
        ("Pair(float(floor), m)", []),
        ("Pair(ceiling=n, floor=m)", []),
        ("Pair(0, m)", []),
        ("Other(n, m)", []),
    ],
)
def test_values_that_can_be_mistaken_are_found(code: str, found: list[str]) -> None:
    fields = {"Pair": [("floor", "float"), ("ceiling", "float")]}
    assert unnamed(nodes_of(code), fields) == found


@pytest.mark.parametrize(
    ("code", "pairs"),
    [
        ("def f(temperature: float, seed: float): ...", 1),
        ("def f(a: int, *, b: int, c: int): ...", 0),
        ("class A:\n    def f(self, name: str, word: str, text: str): ...", 2),
        ("def f(start: int, end: int, other: str): ...", 0),
    ],
)
def test_pairs_that_can_be_mistaken_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, pairs: int
) -> None:
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    (tmp_path / "a.py").write_text(code)
    assert [len(mistakable(one)) for one in functions(tmp_path / "a.py")] == [pairs]
