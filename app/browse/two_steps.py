"""The cards of one prompt at two training steps. Knows no session state; text is text only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from app.component import component
from treecore.bidi import all_visible
from treecore.core.forest import Forest
from treecore.core.numerals import counted, whole
from treecore.core.outcomes import is_right
from treecore.library.overview import Row
from treecore.library.pair import answers
from treecore.views.labels import cut

FOLDER = Path(__file__).parent
ANSWER, FEW = 60, 5
"""Characters of an answer, and answers of a card."""

_mount = component("two_steps", FOLDER, css=("two_steps.css", "thumb.css"))


class Answer(TypedDict):
    """The last words of trajectories, of how many, and whether they are right."""

    text: str
    times: int
    right: bool


class Card(TypedDict):
    """One of the two; `here` for the one that is chosen in the list."""

    step: str
    right: str
    here: bool
    parents: list[int] | None
    values: list[float | None] | None
    answers: list[Answer]
    more: str


def two_steps(cards: Sequence[Card], *, key: str) -> None:
    """Draw them side by side."""
    _mount(key=key, data={"cards": all_visible(list(cards))})


def card(row: Row, forest: Forest, *, here: bool) -> Card:
    """What a card says of a forest of the library."""
    found = answers(forest)
    return {
        "step": f"step {row.columns['training_step']}",
        "right": f"{whole(int(is_right(forest).sum()))} of {whole(len(forest.leaves))} right",
        "here": here,
        "parents": row.columns["parents"],
        "values": row.columns["values"],
        "answers": [{"text": cut(text, ANSWER), "times": times, "right": good} for text, times, good in found[:FEW]],
        "more": f"and {counted(len(found) - FEW, 'more answer')}" if len(found) > FEW else "",
    }
