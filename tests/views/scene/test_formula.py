"""The equation that stands on the picture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from treecore.analysis.stages import frames
from treecore.bundled import samples
from treecore.core.numerals import short
from treecore.formats import read
from treecore.methods import compute
from treecore.views.inspector.mathml import Mark
from treecore.views.scene.formula import formula_of


def terms(mark: Mark) -> Iterator[tuple[str, str]]:
    """Place and text of every number that is marked."""
    if isinstance(mark, str):
        return
    for child in mark[1:]:
        if not isinstance(child, dict):
            yield from terms(child)
        elif "data-term" in child:
            yield child["data-term"], "".join(texts(mark))


def texts(mark: Mark) -> Iterator[str]:
    if isinstance(mark, str):
        yield mark
    else:
        for child in mark[1:]:
            if not isinstance(child, dict):
                yield from texts(child)


@pytest.mark.parametrize("method", ["grpo", "tree_grpo", "sibling", "treerl"])
def test_every_number_that_comes_from_nodes_can_be_pointed_at(method: str) -> None:
    credit = compute(read(samples()["early_fork"].path), method).of(0)
    shots = [shot for shot in frames(credit) if shot.example is not None]
    assert shots
    for shot in shots:
        assert shot.example is not None
        found = formula_of(shot.example, credit.ends)
        places = {place for place, _ in terms(found["rows"][1])}
        assert places == {str(place) for place, rows in enumerate(found["nodes"]) if rows}
        assert places == {place for place, _ in terms(found["rows"][0])}


def test_siblings_are_bracketed_with_their_mean_and_values_travel() -> None:
    credit = compute(read(samples()["early_fork"].path), "sibling").of(0)
    value = credit.nodes["value"]
    brackets = [shot.bracket for shot in frames(credit) if shot.bracket is not None]
    assert brackets
    for one in brackets:
        assert one.text == f"mean {short(float(value[list(one.rows)].mean()))}"
        assert value[one.rows[0]] - credit.credit[one.rows[0]] == pytest.approx(value[list(one.rows)].mean())
    moves = [move for shot in frames(credit) for move in shot.moves]
    assert {move.child for move in moves} == {row for row in range(len(value)) if credit.forests[0].parent[row] >= 0}
