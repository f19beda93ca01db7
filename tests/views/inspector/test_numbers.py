"""Numbers of the file beside those that are computed."""

from __future__ import annotations

import numpy as np
import pytest

from treecore.core.foreign import shortest
from treecore.core.forest import Forest
from treecore.methods import compute
from treecore.methods.explain import Line
from treecore.methods.registry import Ends
from treecore.views.inspector.numbers import claim, equation

NAN = float("nan")


def claimed(**claims: list[float]) -> Forest:
    named = {name: np.array(values) for name, values in claims.items()}
    return Forest([-1, 0, 0], text=["", "a", "b"], reward=[NAN, 1.0, 0.0], claimed=named)


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"grpo": [NAN, 0.7, NAN]}, "the file claims x: differs"),
        ({"rloo": [NAN, 1.0, -1.0]}, "the file claims x: agrees"),
        ({"advantage": [NAN, 1.0, -1.0]}, "the file’s advantage is x: the same"),
        ({"advantage": [NAN, 0.7, NAN]}, "the file’s advantage is x: this method gives another number"),
        ({"advantage": [NAN, 0.7, NAN], "rloo": [NAN, 1.0, NAN]}, "the file claims x: agrees"),
    ],
)
def test_a_claim_stands_beside_what_is_computed(claims: dict[str, list[float]], said: str) -> None:
    found = claim(compute(claimed(**claims), "grpo" if "grpo" in claims else "rloo"), 1)
    assert found is not None
    assert found.in_words("x") == said


def test_what_is_not_claimed_is_not_said() -> None:
    assert claim(compute(claimed(advantage=[NAN, NAN, 1.0]), "rloo"), 1) is None
    assert claim(compute(claimed(gae=[NAN, 1.0, 1.0]), "rloo"), 1) is None


def test_single_precision_is_written_as_it_was() -> None:
    assert [shortest(value) for value in (float(np.float32(-0.2)), -0.2, 1.0, 0.1 + 0.2, 123456789.0)] == [
        "-0.2",
        "-0.2",
        "1",
        "0.3",
        "123456789",
    ]


@pytest.mark.parametrize(("column", "sign"), [("credit", "+"), ("intra", "+"), ("value", ""), ("search", "")])
def test_values_and_bounds_are_written_without_a_sign(column: str, sign: str) -> None:
    line = Line("x", column, "x = a", "x = 1", 0, 1.0, "")
    assert equation(line, Ends(-1.0, 1.0, True)).result == rf"\mathbf{{{sign}1}}"
