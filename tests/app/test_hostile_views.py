"""Words of a file and of a link that try to be more than text, in every view that is registered, in a real browser.

A library holds the file twice, at two training steps. From there it is opened, and each view is visited by links that
take the values of its fields in turn, with hostile words wherever any text will do.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson
import pytest
from browser import ROOT, Open, serve, settled
from hostile import ATTACKS, EVERY, HOST, Marks, hostile_forest, tagged_forest
from hostile_page import asked_elsewhere, shows_marks, wrong_on

import app.views  # noqa: F401  (registers them)
from app.defaults import SHARED
from app.library.folders import run_of
from app.view_fields import PARAMETER, Field
from app.view_registry import VIEWS, View, declared_fields
from treecore.core.changes import Copy, Flip, Prune, as_text
from treecore.methods import METHODS

pytestmark = pytest.mark.browser
ALL = [EVERY, *ATTACKS]
MAX_PLACES, SLOW_MS = 5, 90_000
"""Addresses of a view, and how long one may take while much else runs."""
METHOD = "tree_grpo"
OTHERS = ("sample", "method", "node", "run", "file", "from", "map", "prompt", "frame", "merge", "fold")
"""What an address holds beside the fields of views and the parameters of methods."""
MENUS, BODY = "[data-testid=stMain] [data-testid=stPopover] button:enabled:visible", "[data-testid=stPopoverBody]"
NAME = f"<img src={HOST}> [h0z]({HOST}) $h0z$"
"""Of a folder, and of a file in it that is none."""


def nodes_of(attack: str) -> list[str]:
    """Ids of two leaves of the hostile forest, the first right and the second wrong."""
    nodes = hostile_forest(attack)[0]["nodes"]
    by_reward = {one["reward"]: one["id"] for one in nodes if "reward" in one}
    return [by_reward[1.0], by_reward[0.0]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Attack -> folder of a run of two training steps."""
    made = {}
    for attack in ALL:
        made[attack] = tmp_path_factory.mktemp("runs") / NAME
        made[attack].mkdir()
        for step, forest in ((1, hostile_forest(attack)[0]), (2, tagged_forest(attack))):
            forest["provenance"]["training_step"] = step
            (made[attack] / f"{step}.forest.json").write_bytes(orjson.dumps(forest))
        (made[attack] / f"{NAME}.forest.json").write_text("{")
    return made


@pytest.fixture(scope="module")
def library(runs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose operator named all of these."""
    named = os.pathsep.join(map(str, runs.values()))
    cache = str(tmp_path_factory.mktemp("cache"))
    with serve(ROOT / "app" / "main.py", TREECORE_CACHE=cache, TREECORE_LIBRARIES=named) as address:
        yield address


def values(field: Field, words: Marks) -> list[str]:
    """What an address may hold for a field: nothing, the names that there are, hostile words where any text will do."""
    if isinstance(field.default, bool):
        return ["", str(int(not field.default))]
    if field.allowed is not None:
        return ["", *sorted(field.allowed())]
    return [""] if isinstance(field.default, int) else ["", words(field.name)]


def places(view: View, attack: str) -> list[dict[str, str]]:
    """The fields of a few addresses of a view, which between them take its values in turn."""
    dice, words = Random(f"{view.name} {attack}"), Marks(attack)
    known = {field.name: values(field, words) for field in (*SHARED, *view.fields)}
    right, wrong = nodes_of(attack)
    known["edit"] = ["", as_text([Flip(right), Prune(wrong)]), as_text([Copy(right)]), words("edit")]
    known["node"] = [right, wrong]
    mixed = {name: dice.sample(some, len(some)) for name, some in known.items()}
    count = min(MAX_PLACES, max(map(len, known.values())))
    return [{name: some[turn % len(some)] for name, some in mixed.items()} for turn in range(count)]


def hostile_link(attack: str) -> dict[str, str]:
    """An address whose every field is hostile."""
    names = {*OTHERS, "view", *(field.name for field in (*SHARED, *declared_fields().values()))}
    names |= {PARAMETER + param.name for method in METHODS.values() for param in method.params}
    words = Marks(attack)
    return {name: words(name) for name in sorted(names)}


class Visit:
    """A page that is looked at; `wrong` is what was found, with the place where it was."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address, self.wrong = page, address, list[str]()

    def go(self, where: str, **fields: str) -> None:
        """Open an address and look at it."""
        self.page.goto(f"{self.address}/?{urlencode(fields)}")
        self.page.locator(".st-key-header").wait_for()
        self.settle()
        self.look(f"{where} {fields}")

    def settle(self) -> None:
        """Wait until nothing is being drawn, read or indexed."""
        self.page.wait_for_function("() => !document.querySelector('.st-key-opening, .st-key-scanning')")
        settled(self.page)

    def look(self, where: str) -> None:
        """Note what is wrong now."""
        self.wrong += [f"{where}: {one}" for one in wrong_on(self.page)]

    def look_into_menus(self, where: str) -> None:
        """The same for everything that is folded, and every menu."""
        self.page.locator("[data-testid=stExpander] summary").evaluate_all("all => all.map((one) => one.click())")
        for number in range(self.page.locator(MENUS).count()):
            self.page.locator(MENUS).nth(number).click()
            self.page.locator(BODY).wait_for()
            settled(self.page)
            self.look(f"{where}, menu {number}")
            self.page.keyboard.press("Escape")
            self.page.locator(BODY).wait_for(state="hidden")


def opened(visit: Visit, run: Path) -> dict[str, str]:
    """Open both files of a run from the library; the fields of an address that opens them again."""
    folder = run_of(run).key
    visit.go("library", view="library", folder=folder)
    visit.page.locator(".st-key-open_both button").click()
    visit.page.wait_for_url("**from=library**")
    visit.settle()
    named = {name: found[0] for name, found in parse_qs(urlsplit(visit.page.url).query).items()}
    return {"file": named["file"], "from": named["from"], "method": METHOD, "folder": folder}


@pytest.fixture
def visit(open_page: Open, library: str) -> Iterator[Visit]:
    """A page on which nothing may be wrong."""
    found = Visit(open_page("about:blank"), library)
    found.page.set_default_timeout(SLOW_MS)
    asked = asked_elsewhere(found.page)
    yield found
    assert not found.wrong, "\n".join(found.wrong[:20])
    assert asked == []


@pytest.mark.parametrize("attack", ALL)
def test_words_of_a_file_and_of_a_link_are_only_words(visit: Visit, runs: dict[str, Path], attack: str) -> None:
    given = opened(visit, runs[attack])
    shown = set[str]()
    for view in VIEWS:
        visit.go(view, **given, view=view)
        shown |= {view} if shows_marks(visit.page) else set()
        visit.look_into_menus(view)
    visit.go("link", **hostile_link(attack))
    assert shown >= {"explore", "step_through", "granularity", "compare", "library"}


@pytest.mark.parametrize("attack", ALL)
def test_words_of_links_are_only_words(visit: Visit, attack: str) -> None:
    for view in VIEWS:
        visit.go("link", **{**hostile_link(attack), "view": view})
        visit.page.get_by_text("Not everything in this link is here").wait_for()


@pytest.mark.parametrize("attack", ALL)
def test_words_are_only_words_whatever_is_chosen(visit: Visit, runs: dict[str, Path], attack: str) -> None:
    given = opened(visit, runs[attack])
    for view in VIEWS.values():
        for fields in places(view, attack):
            visit.go(view.name, **{**fields, **given, "view": view.name})
            assert "is not open in this session" not in visit.page.locator("body").inner_text(), fields
