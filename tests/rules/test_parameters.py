"""How many parameters functions take, and which are given by name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import sources
from sources import FUNCTIONS, Function, functions

MAX_PARAMETERS = 7
DOORS = {
    "load_policy": "every option of a server and of a loaded model, by name",
    "add": "a node's fields, by name (`ForestBuilder.add`)",
    "credit_method": "a declaration",
    "sampler": "a declaration",
    "rollout_format": "a declaration",
}
"""Public functions that may take more, all but the first by name."""
IN_ORDER = {
    ("a", "b"), ("before", "after"), ("found", "wanted"), ("done", "total"), ("start", "end"), ("row", "start"),
    ("rows", "length"), ("rows", "n_valid"), ("source", "target"), ("beside", "target"),
    ("key_states", "value_states"), ("query", "key"), ("key", "value"), ("ids", "position"), ("url", "model"),
    ("name", "why"),
    ("one", "many"), ("first", "second"), ("parent", "fork"), ("one", "other"), ("gold", "said"), ("answer", "gold"),
    ("gold_percent", "said_percent"), ("base", "exponent"), ("exponent", "modulus"), ("opens", "closes"),
    ("left", "right"), ("low", "high"), ("x", "y"), ("over", "under"), ("better", "worse"), ("old", "new"),
    ("whole", "before"), ("before", "repeated"), ("before", "wanted"), ("wanted", "after"), ("prompt", "response"),
    ("value", "limit"), ("n", "total"), ("gap", "divisor"), ("total", "count"), ("chosen", "rejected"),
    ("model", "expert"), ("path", "name"), ("found", "todo"),
}  # fmt: skip
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


def test_no_function_takes_more_than_seven_parameters() -> None:
    wrong = [
        one.place
        for one in FUNCTIONS
        if len(one.by_position) + len(one.by_name) > MAX_PARAMETERS
        and not one.is_declared
        and not (one.node.name in DOORS and len(one.by_position) <= 1)
    ]
    assert wrong == []


def test_neighbours_of_one_type_are_given_by_name() -> None:
    wrong = [pair for one in FUNCTIONS if not one.is_declared for pair in mistakable(one)]
    assert wrong == []


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
