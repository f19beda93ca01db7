"""Both sides of every worked equation of the panel and the film are the same number."""

from __future__ import annotations

from itertools import product

import pytest
from worked import right_side

from treecore.analysis.stages import frames
from treecore.bundled import samples
from treecore.errors import MethodError
from treecore.formats import read
from treecore.methods import METHODS, compute
from treecore.methods.explain import Line, explain
from treecore.methods.registry import Credit

SETTINGS = [
    (name, dict(zip([param.name for param in chosen], values, strict=True)))
    for name, method in METHODS.items()
    for chosen in [[param for param in method.params if param.choices]]
    for values in product(*(param.choices for param in chosen))
]
SAMPLES = ("by_hand", "early_fork", "monte_carlo")


@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_what_is_shown_on_the_right_is_what_is_shown_on_the_left(name: str, settings: dict[str, str]) -> None:
    worked = 0
    for sample in SAMPLES:
        try:
            credit = compute(read(samples()[sample].path), name, **settings).of(0)
        except MethodError:
            continue
        for line in lines_of(credit):
            right = right_side(line.numbers)
            if right is not None and line.result == line.result:
                worked += 1
                assert line.result == pytest.approx(right, rel=0.03, abs=0.006), line
    if not worked:
        pytest.skip("not on these samples")


def lines_of(credit: Credit) -> list[Line]:
    """Every equation of the film, and of the panel at every step."""
    shown = [shot.example.line for shot in frames(credit) if shot.example is not None]
    steps = range(0, len(credit.forests[0]), 3)
    return [*shown, *(line for row in steps for line in explain(credit, row).lines)]
