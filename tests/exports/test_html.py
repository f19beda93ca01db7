"""The page of its own, opened from a file as a reader would: it draws, tells, plays, and neither runs nor loads others'
words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import seen_by_axe
from hostile import ATTACKS, HOST, hostile_file, hostile_forest

import treecore as tc
from treecore.analysis.stages import frames
from treecore.bidi import visible
from treecore.bundled import samples
from treecore.core.forest import Forest
from treecore.errors import MethodError
from treecore.exports import export
from treecore.views import page as page_module

HELD = (
    "document.querySelector('main').shadowRoot.querySelector('.tree').shadowRoot.querySelector('.tc-canvas').treecore"
)


def opened(open_page: Callable[..., Any], path: Path, **options: Any) -> tuple[Any, list[str]]:
    """The page, drawn, and the addresses it asks for from now on."""
    page = open_page("about:blank", **options)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_function(f"() => {HELD}?.ready")
    return page, asked


def click(page: Any, node_id: str) -> None:
    """Click where a node is drawn."""
    at = page.evaluate(f"(id) => {HELD}.position(id)", node_id)
    page.mouse.click(at["x"], at["y"])


def element_of(text: str, name: str) -> Any:
    """What stands in an element of data."""
    found = re.search(f'<script type="application/json" id="{name}">(.*?)</script>', text, re.S)
    assert found
    return json.loads(found[1])


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_click_tells_the_step_and_nothing_is_asked_for(
    open_page: Callable[..., Any], tmp_path: Path, dark: bool
) -> None:
    forests = tc.read(str(samples()["early_fork"].path))
    export(forests, "html", tmp_path / "page.html", credit="tree_grpo")
    page, asked = opened(open_page, tmp_path / "page.html", dark=dark)
    assert page.evaluate(f"{HELD}.theme") == ("dark" if dark else "light")
    chosen = str(forests[0].node_id[forests[0].leaves[0]])
    click(page, chosen)
    panel = page.locator(".panel")
    assert panel.get_attribute("data-node") == chosen
    assert panel.locator(".eyebrow").text_content().endswith(f" · id {chosen}")
    assert page.evaluate(f"{HELD}.selected") == chosen
    number = page.locator(".credit b").inner_text()
    assert float(number.replace("\N{MINUS SIGN}", "-")) == pytest.approx(
        float(tc.credit(forests, "tree_grpo").credit[forests[0].leaves[0]]), abs=0.005
    )
    assert page.locator(".equation math mfrac").count() > 0
    page.get_by_role("button", name="Switch between").click()
    page.wait_for_function(f"(theme) => {HELD}.theme === theme", arg="light" if dark else "dark")
    assert asked == [(tmp_path / "page.html").as_uri()]


def test_all_forests_of_a_page_have_one_scale(tmp_path: Path) -> None:
    forests = [tc.read(str(samples()[name].path))[0] for name in ("surprisal", "tool_entropy")]
    credit = tc.credit(forests, "deepconf")
    assert credit.of(0).ends != credit.of(1).ends
    export(forests, "html", tmp_path / "page.html", credit=credit)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    fills = [element_of(text, f"look-{number}")["fill"] for number in range(len(forests))]
    assert {(fill["low"], fill["high"]) for fill in fills} == {credit.ends[:2]}


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_words_of_a_page_can_be_read_and_controls_have_names(
    open_page: Callable[..., Any], tmp_path: Path, dark: bool
) -> None:
    forests = tc.read(str(samples()["early_fork"].path))
    export(forests, "html", tmp_path / "page.html", credit="tree_grpo")
    page, _ = opened(open_page, tmp_path / "page.html", dark=dark)
    assert seen_by_axe(page) == []
    click(page, str(forests[0].node_id[forests[0].leaves[0]]))
    page.locator(".panel").wait_for()
    assert seen_by_axe(page) == []


@pytest.mark.browser
def test_the_film_and_the_keys(open_page: Callable[..., Any], tmp_path: Path) -> None:
    export(tc.read(str(samples()["late_fork"].path)), "html", tmp_path / "page.html", credit="sibling")
    page, _ = opened(open_page, tmp_path / "page.html")
    page.locator(".slider").focus()
    page.keyboard.press("Home")
    assert page.locator(".story b").inner_text() == "Prompt"
    page.wait_for_function(f"() => {HELD}.ready && {HELD}.scene.stage.visible")
    page.keyboard.press("ArrowRight")
    assert page.locator(".count").inner_text().startswith("2 of ")
    page.keyboard.press("End")
    while not page.locator(".story math").count() and not page.locator(".count").inner_text().startswith("1 of "):
        page.keyboard.press("ArrowLeft")
    assert page.locator(".story math").count() > 0
    page.locator(".tc-canvas").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".panel").is_visible()


@pytest.mark.browser
def test_one_of_several_forests_is_chosen(open_page: Callable[..., Any], tmp_path: Path) -> None:
    forests = [
        Forest(parent=[-1, 0, 0], text=["", "a", "b"], reward=[np.nan, 1.0, 0.0], prompt=prompt, id=prompt)
        for prompt in ("one", "two")
    ]
    export(forests, "html", tmp_path / "page.html", credit="grpo")
    page, _ = opened(open_page, tmp_path / "page.html")
    first = page.evaluate(f"{HELD}.scene.forest")
    page.locator(".chooser select").select_option("two: two")
    page.wait_for_function(f"(first) => {HELD}.ready && {HELD}.scene.forest !== first", arg=first)


@pytest.mark.browser
@pytest.mark.parametrize("attack", ["script", "html image", "svg", "style", "template"])
def test_hostile_words_are_text(open_page: Callable[..., Any], tmp_path: Path, attack: str) -> None:
    (tmp_path / "hostile.json").write_bytes(hostile_file(attack))
    forests = tc.read(str(tmp_path / "hostile.json"))
    export(forests, "html", tmp_path / "page.html", credit="grpo")
    page, asked = opened(open_page, tmp_path / "page.html")
    row = int(forests[0].leaves[0])
    click(page, str(forests[0].node_id[row]))
    page.locator(".panel").wait_for()
    assert forests[0].text[row].split("<")[0].strip() in page.locator(".panel").inner_text()
    made = """() => { const all = (root) => [...root.querySelectorAll('*')].flatMap(
        (one) => [one, ...(one.shadowRoot ? all(one.shadowRoot) : [])]);
        return all(document).filter((one) => one.matches('img, a, image, iframe, link, object')
            || [...one.attributes].some((held) => held.name.startsWith('on'))).length; }"""
    assert page.evaluate(made) == 0
    assert asked == [(tmp_path / "page.html").as_uri()]


@pytest.mark.parametrize("attack", list(ATTACKS))
def test_words_stay_in_their_elements(tmp_path: Path, attack: str) -> None:
    (tmp_path / "hostile.json").write_bytes(hostile_file(attack))
    forests = tc.read(str(tmp_path / "hostile.json"))
    export(forests, "html", tmp_path / "page.html", credit="grpo")
    text = (tmp_path / "page.html").read_text()
    parts = ("forest-0", "look-0", "steps-0", "film-0", "index")
    assert [name for name in parts if element_of(text, name) is None] == []
    made = element_of(text, "forest-0")
    assert (made["text"][1] or made["label"][1]) == visible(hostile_forest(attack)[0]["nodes"][1]["text"])
    without = re.sub(r'<script type="application/json".*?</script>', "", text, flags=re.S)
    assert HOST not in without
    assert without.count("<script") == without.count("</script") == 1
    assert not {"\u2028", "\u2029"} & set(text)


def test_lone_surrogates_are_written(tmp_path: Path) -> None:
    forest = Forest(parent=[-1, 0], text=["", "a\ud800b"], reward=[np.nan, 1.0], prompt="q\udfff")
    export(forest, "html", tmp_path / "page.html", credit="grpo")
    made = element_of((tmp_path / "page.html").read_text(), "forest-0")
    assert (made["text"][1], made["label"][1]) == (None, "a?b")


def test_a_page_without_a_method_has_words_alone(tmp_path: Path) -> None:
    forest = Forest(parent=[-1, 0], text=["", "a"], reward=[np.nan, 1.0], prompt="q")
    export(forest, "html", tmp_path / "page.html", title="Mine")
    text = (tmp_path / "page.html").read_text()
    assert element_of(text, "index")["title"] == "Mine"
    assert (element_of(text, "film-0"), element_of(text, "steps-0")["1"]["equations"]) == ([], [])


def test_the_story_has_the_equation_of_every_frame_that_works_one(tmp_path: Path) -> None:
    forests = tc.read(str(samples()["early_fork"].path))
    credit = tc.credit(forests, "tree_grpo")
    export(forests, "html", tmp_path / "page.html", credit=credit)
    film = element_of((tmp_path / "page.html").read_text(encoding="utf-8"), "film-0")
    worked = [shot.example is not None for shot in frames(credit.of(0))]
    assert [bool(shot["equation"]) for shot in film] == worked
    assert any(worked)


def test_what_a_page_cannot_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forest = Forest(parent=[-1, 0, 0], text=["", "a", "b"], reward=[np.nan, 1.0, 0.0], prompt="q")
    monkeypatch.setattr(page_module, "MAX_FILM", 1)
    assert export(forest, "html", tmp_path / "a.html", credit="grpo").notes == ("films of large forests are left out",)
    monkeypatch.setattr(page_module, "MAX_STEPS", 2)
    with pytest.raises(MethodError, match="a page holds at most 2 steps, here are 3; choose one forest"):
        export(forest, "html", tmp_path / "b.html")
    monkeypatch.setattr(page_module, "MAX_STEPS", 5)
    monkeypatch.setattr(page_module, "MAX_BYTES", 1000)
    with pytest.raises(MethodError, match="the page would be larger"):
        export(forest, "html", tmp_path / "b.html")
    assert not (tmp_path / "b.html").exists()
