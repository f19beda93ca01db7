"""Words of a file or a link that try to be more than text, in every view of the real app in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from browser import Open, settled, wait_for_canvas
from hostile import ATTACKS, hostile_file, tagged_file
from hostile_page import asked_elsewhere, wrong_on

from treecore.formats.native_fields import VERSION

pytestmark = pytest.mark.browser
PARTS = 9
FIELDS = ("sample", "view", "method", "node", "run", "forest", "colour", "axis", "frame", "set.epsilon", "fold")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All attacks as files, plain and inside tags."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    for number, attack in enumerate(ATTACKS):
        (folder / f"{number}.forest.json").write_bytes(hostile_file(attack))
        (folder / f"tagged {number}.forest.json").write_bytes(tagged_file(attack))
    return folder


def upload(page: Any, path: Path) -> None:
    """Open a file through the menu."""
    page.locator(".st-key-controls").get_by_role("button").first.click()
    page.locator("input[type=file]").first.set_input_files(path)
    page.get_by_text("1 prompt, 5 trajectories", exact=False).first.wait_for()
    settled(page)


def select_a_fork(page: Any) -> None:
    page.get_by_role("button", name="Show the fork that matters most").click()
    page.locator(".st-key-side .panel .card").first.wait_for()
    settled(page)


@pytest.mark.parametrize("kind", ["", "tagged "], ids=["plain", "tagged"])
@pytest.mark.parametrize("part", range(PARTS))
def test_words_of_a_file_are_only_words(open_page: Open, address: str, folder: Path, part: int, kind: str) -> None:
    page = open_page("about:blank")
    asked = asked_elsewhere(page)
    for number, attack in list(enumerate(ATTACKS))[part::PARTS]:
        page.goto(f"{address}/?sample=by_hand&method=tree_grpo")
        wait_for_canvas(page)
        upload(page, folder / f"{kind}{number}.forest.json")
        assert wrong_on(page) == [], f"{attack}: menu"
        page.keyboard.press("Escape")
        select_a_fork(page)
        assert wrong_on(page) == [], f"{attack}: explore"
        page.locator(".st-key-header").get_by_text("Step through").click()
        page.locator(".st-key-stages").wait_for()
        stages = page.locator(".st-key-stages button")
        for stage in (1, stages.count() // 2, stages.count() - 1):
            stages.nth(stage).click()
            settled(page)
            assert wrong_on(page) == [], f"{attack}: film, stage {stage}"
        assert asked == [], attack


@pytest.mark.parametrize("attack", list(ATTACKS))
def test_words_of_a_link_are_only_words(open_page: Open, address: str, attack: str) -> None:
    page = open_page("about:blank")
    asked = asked_elsewhere(page)
    words = quote(ATTACKS[attack].replace("MARK", "h0z"), safe="")
    page.goto(f"{address}/?{'&'.join(f'{name}={words}' for name in FIELDS)}")
    page.get_by_text("Not everything in this link is here").wait_for()
    wait_for_canvas(page)
    assert wrong_on(page) == [], attack
    assert asked == []


def test_direction_controls_are_visible_and_long_lists_fade_out(open_page: Open, address: str, tmp_path: Path) -> None:
    words = [f"try {number} \u202ecod.exe\u202c this" for number in range(8)]
    nodes: list[dict[str, Any]] = [{"id": "r", "parent": None}]
    nodes += [{"id": one, "parent": "r", "text": one, "reward": float("3" in one)} for one in words]
    path = tmp_path / "turned.forest.json"
    path.write_bytes(orjson.dumps({"format": VERSION, "prompt": "turn", "nodes": nodes}))
    page = open_page(f"{address}/?sample=by_hand&method=tree_grpo")
    wait_for_canvas(page)
    page.locator(".st-key-controls").get_by_role("button").first.click()
    page.locator("input[type=file]").first.set_input_files(path)
    page.get_by_text("8 trajectories", exact=False).first.wait_for()
    settled(page)
    page.keyboard.press("Escape")
    select_a_fork(page)
    cards = page.locator(".st-key-side .panel .cards")
    assert "[U+202E]cod.exe[U+202C]" in cards.inner_text()
    assert "\u202e" not in page.locator(".st-key-side .panel").inner_text()
    page.locator(".cards[data-more]").wait_for()
    cards.locator(".card").last.focus()
    page.locator(".cards[data-before]:not([data-more])").wait_for()
