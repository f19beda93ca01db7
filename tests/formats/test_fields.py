"""Fields of the wrong type name themselves, their place and what was expected."""

from __future__ import annotations

from typing import Any

import pytest

from treecore.errors import FormatError
from treecore.formats.fields import list_in, number_in, object_in, training_step_in


@pytest.mark.parametrize(
    ("read", "value", "wanted"),
    [
        (number_in, "one", "a number"),
        (number_in, "1_0", "a number"),
        (number_in, [1], "a number"),
        (list_in, {}, "a list"),
        (object_in, [], "an object"),
    ],
)
def test_a_wrong_type(read: Any, value: Any, wanted: str) -> None:
    with pytest.raises(FormatError) as caught:
        read({"a": value}, "a", where="run.jsonl, line 3")
    assert str(caught.value).startswith('run.jsonl, line 3: "a" is ')
    assert f"not {wanted}" in str(caught.value)


def test_null_is_absent() -> None:
    for fields in ({}, {"a": None}):
        assert number_in(fields, "a", where="") is None
        assert list_in(fields, "a", where="") == []
        assert object_in(fields, "a", where="") == {}
        assert training_step_in(fields, "a") == -1
    assert number_in({"a": float("nan")}, "a", where="") is None


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("-0.5", -0.5), ("1e-3", 0.001), ("nan", None)])
def test_numbers_that_are_written_as_text(text: str, number: float | None) -> None:
    assert number_in({"a": text}, "a", where="") == number


@pytest.mark.parametrize(("value", "step"), [(7, 7), ("7", 7), (7.0, 7), (True, -1), ("x", -1), (-1, -1), (0.5, -1)])
def test_training_steps(value: Any, step: int) -> None:
    assert training_step_in({"step": value}, "gen_step", "step") == step
