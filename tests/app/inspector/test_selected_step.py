"""What is said of the selected step: with a method its numbers, without one its words and what is recorded."""

from __future__ import annotations

import numpy as np
import pytest

import treecore as tc
from app.inspector import selected_step
from treecore.core.forest import Forest
from treecore.views.inspector.cards import Words
from treecore.views.inspector.inspection import Inspection


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Inspection]:
    """What is drawn instead of a panel."""
    found: list[Inspection] = []
    monkeypatch.setattr(selected_step.wording, "show", found.append)
    monkeypatch.setattr(selected_step, "step_panel", lambda one, *, key: found.append(one))
    return found


def forest() -> Forest:
    return Forest(
        parent=[-1, 0, 0], text=["", "left", "right"], reward=[np.nan, 1, 0], sampler={"bias": "it kept the best"}
    )


def test_without_a_method_words_and_what_was_recorded_are_shown(shown: list[Inspection]) -> None:
    selected_step.words(forest(), 1)
    (found,) = shown
    assert found.words.title == "left"
    assert found.trust == ("Values here are biased: it kept the best",)
    assert (found.credit, found.equations) == ("", ())


def test_beside_a_table_the_arithmetic_stands_alone(shown: list[Inspection]) -> None:
    credit = tc.credit([forest()], "grpo").of(0)
    selected_step.arithmetic(credit, 1, key="number")
    (found,) = shown
    assert found.words == Words(str(credit.forests[0].node_id[1]))
    assert found.equations
    assert (found.credit, found.trust, found.hint, found.source) == ("", (), "", "")
