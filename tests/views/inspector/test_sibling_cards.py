"""Cards of siblings: parts told apart, equal words told apart by branch, the selected one in sight."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import ROOT, serve, wait_for_canvas

from treecore.core.forest import Forest
from treecore.formats import write
from treecore.methods import compute
from treecore.views.inspector.cards import Card
from treecore.views.inspector.words import words_of

pytestmark = pytest.mark.usefixtures("no_charts")

NAN = float("nan")
TAGGED = "<think>three fours</think>\n<answer>12</answer>"


def cards(texts: list[str], row: int = 0, **columns: Any) -> tuple[Card, ...]:
    """Cards of a fork at the prompt with these steps."""
    n = len(texts)
    forest = Forest([-1, *[0] * n], text=["", *texts], reward=[NAN, *np.arange(n) % 2.0], **columns)
    return words_of(compute(forest, "sibling").of(0), row).siblings


def spoken(card: Card) -> list[tuple[str, str]]:
    """Kind and words of each part of a card."""
    return [
        (kind, "".join(piece.text for piece in card.label if piece.part == number))
        for number, kind in enumerate(card.kinds)
    ]


def test_thought_answer_and_observation_are_parts() -> None:
    tagged, plain = cards([TAGGED, "I say 12"], observation=["", "", "right"])
    assert spoken(tagged) == [("thought", "three fours"), ("answer", "12")]
    assert spoken(plain) == [("text", "I say 12"), ("answered", "right")]


def test_equal_words_of_parts_of_different_kinds_differ() -> None:
    answer, thought = cards(["<answer>12</answer>", "<think>12</think>"])
    assert [piece.differs for card in (answer, thought) for piece in card.label] == [True, True]


def test_equal_siblings_say_which_branch_they_are_and_which_they_repeat() -> None:
    assert [card.place for card in cards(["so 7", "so 8", "so 7", "so 7"])] == [
        "branch 1 of 4",
        "branch 2 of 4",
        "branch 3 of 4, same words as branch 1",
        "branch 4 of 4, same words as branch 1",
    ]
    assert [card.place for card in cards(["so 7", "so 8"])] == ["", ""]
    assert [card.place for card in cards(["7", "7"], observation=["", "a", "b"])] == ["", ""]


def test_of_many_siblings_the_shown_ones_are_numbered() -> None:
    shown = cards([f"try {k}" for k in range(200)], row=200)
    assert (shown[0].place, shown[-1].place) == ("branch 161 of 200", "branch 200 of 200")
    assert shown[-1].chosen


def test_the_first_of_equal_siblings_is_marked_where_another_differs() -> None:
    first, same, other = cards(["so 7", "so 7", "so 8"])
    assert [[piece.text for piece in card.label if piece.differs] for card in (first, same, other)] == [
        ["7"],
        ["7"],
        ["8"],
    ]


@pytest.fixture(scope="module")
def address(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path: Path = tmp_path_factory.mktemp("wide") / "wide.forest.json"
    texts = [TAGGED.replace("12", str(k)) for k in range(200)]
    write([Forest([-1, *[0] * 200], text=["", *texts], reward=[NAN, *np.arange(200) % 2.0], prompt="3*4")], path)
    with serve(ROOT / "app" / "main.py", TREECORE_FILE=str(path)) as address:
        yield address


@pytest.mark.browser
@pytest.mark.parametrize("node", ["1", "100", "200"])
def test_the_card_of_the_selected_step_is_in_sight(open_page: Any, address: str, node: str) -> None:
    page = open_page(f"{address}/?node={node}")
    wait_for_canvas(page)
    card = page.locator(f".st-key-side .card[data-id='{node}']")
    card.wait_for()
    assert card.get_attribute("aria-current") == "true"
    inner, outer = card.bounding_box(), page.locator(".st-key-side .cards").bounding_box()
    assert outer["y"] - 1 < inner["y"]
    assert inner["y"] + inner["height"] < outer["y"] + outer["height"] + 1
    assert card.locator(".tag").all_inner_texts() == ["thought", "answer"]
