"""Figures for papers: text stays text, is escaped once and is within the drawing; colours are those of the palette."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hostile import ATTACKS, hostile_file

import treecore as tc
from treecore.bundled import samples
from treecore.core.changes import SetReward
from treecore.core.forest import Forest
from treecore.core.numerals import plain, signed
from treecore.errors import MethodError
from treecore.exports import export
from treecore.exports.figures import pixels
from treecore.views.figure import figure
from treecore.views.palette import DARK, LIGHT
from treecore.views.svg import pen

SVG = "{http://www.w3.org/2000/svg}"


def drawn(path: Path) -> Any:
    """The root of an SVG file, checked for what no figure may hold."""
    root = ElementTree.parse(path).getroot()
    names = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert names <= {"svg", "title", "text", "path", "circle", "rect", "defs", "linearGradient", "stop"}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on") or "href" in name]
    return root


def words(root: Any) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("name", list(samples()))
def test_every_sample_has_a_figure_with_all_in_it(name: str, tmp_path: Path) -> None:
    forests = tc.read(str(samples()[name].path))
    export(forests[:1], "svg", tmp_path / "a.svg", credit="tree_grpo")
    root = drawn(tmp_path / "a.svg")
    width, height = map(float, root.get("viewBox").split()[2:])
    assert root.get("width") == "170mm"
    for element in root.iter(f"{SVG}text"):
        x, size = float(element.get("x")), float(element.get("font-size"))
        long = pen.width_of(element.text, size)
        start = {"start": x, "middle": x - long / 2, "end": x - long}[element.get("text-anchor")]
        assert start >= -1
        assert start + long <= width + 1
        assert 0 < float(element.get("y")) < height
    marks = len(list(root.iter(f"{SVG}circle"))) + len(list(root.iter(f"{SVG}rect")))
    assert marks >= len(forests[0])


def test_first_steps_without_a_prompt_above_them_are_said(tmp_path: Path) -> None:
    forest = Forest(parent=[-1, -1, 0], text=["one way", "another", "on"], reward=[np.nan, 0.0, 1.0], prompt="q")
    export([forest], "svg", tmp_path / "a.svg", credit="tree_grpo")
    root = drawn(tmp_path / "a.svg")
    assert {"one way", "another", "on"} <= set(words(root))
    assert len(list(root.iter(f"{SVG}path"))) >= 3


@pytest.mark.parametrize(("theme", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_colours_are_those_of_the_palette(theme: str, palette: Any, tmp_path: Path) -> None:
    forest = Forest(parent=[-1, 0, 0], text=["", "a", "b"], reward=[np.nan, 1.0, 0.0], prompt="q")
    credit = tc.credit(forest, "grpo")
    export(forest, "svg", tmp_path / "a.svg", credit=credit, theme=theme, width=85)
    root = drawn(tmp_path / "a.svg")
    assert root.get("width") == "85mm"
    fills = {element.get("fill") for element in root.iter() if element.get("fill")}
    assert {palette.credit(float(value), credit.scale) for value in credit.credit[1:]} <= fills
    ground = [element.get("fill") for element in root.iter(f"{SVG}rect") if element.get("width") == "100%"]
    assert ground == ([palette.background] if theme == "dark" else [])
    assert signed(float(credit.leaves["advantage"][1])) in words(root)


def test_a_level_is_drawn_from_its_lowest_to_its_highest_value_without_signs(tmp_path: Path) -> None:
    forest = tc.read(str(samples()["surprisal"].path))[0]
    credit = tc.credit(forest, "deepconf")
    known = credit.credit[np.isfinite(credit.credit)]
    export(forest, "svg", tmp_path / "a.svg", credit=credit)
    root = drawn(tmp_path / "a.svg")
    fills = {element.get("fill") for element in root.iter()}
    assert {LIGHT.on_scale(float(value), credit.ends) for value in known} <= fills
    stops = [element.get("stop-color") for element in root.iter(f"{SVG}stop")]
    assert stops == [LIGHT.low, LIGHT.high]
    assert {plain(float(known.min())), plain(float(known.max()))} <= set(words(root))
    assert not any(text.startswith("+") for text in words(root))


def test_without_a_method_nothing_is_coloured(tmp_path: Path) -> None:
    forest = Forest(parent=[-1, 0, 0], text=["", "a", "b"], reward=[np.nan, 1.0, np.nan], prompt="q")
    export(forest, "svg", tmp_path / "a.svg")
    root = drawn(tmp_path / "a.svg")
    assert not list(root.iter(f"{SVG}stop"))
    assert "credit" not in words(root)
    assert "–" in words(root)


@pytest.mark.parametrize("attack", list(ATTACKS))
def test_hostile_words_are_text(attack: str, tmp_path: Path) -> None:
    (tmp_path / "hostile.json").write_bytes(hostile_file(attack))
    export(tc.read(str(tmp_path / "hostile.json")), "svg", tmp_path / "a.svg", credit="grpo")
    assert words(drawn(tmp_path / "a.svg"))


def test_text_is_escaped_once(tmp_path: Path) -> None:
    forest = Forest(parent=[-1, 0], text=["", "a & b <i>"], reward=[np.nan, 1.0], prompt="1 < 2 &amp; \x00")
    export(forest, "svg", tmp_path / "a.svg")
    assert words(drawn(tmp_path / "a.svg"))[0].startswith("1 < 2 &amp;")
    assert "a & b <i>" in words(drawn(tmp_path / "a.svg"))


def test_what_a_figure_cannot_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forest = Forest(parent=[-1, 0, 0], text=["", "a", "b"], reward=[np.nan, 1.0, 0.0], prompt="q")
    with pytest.raises(MethodError, match="a figure shows one forest, here are 2; choose one with --forest ID"):
        export([forest, forest], "svg", tmp_path / "a.svg")
    monkeypatch.setattr("treecore.views.svg.trees.MAX_TRAJECTORIES", 1)
    with pytest.raises(MethodError, match="a figure holds at most 1 trajectories, here are 2"):
        export(forest, "svg", tmp_path / "a.svg")


@pytest.mark.browser
def test_a_picture_has_the_size_asked_for(browser: Any, tmp_path: Path) -> None:
    forest = Forest(parent=[-1, 0, 0], text=["", "a", "b"], reward=[np.nan, 1.0, 0.0], prompt="q")
    export(forest, "png", tmp_path / "a.png", credit="grpo", width=100, scale=2)
    content = (tmp_path / "a.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(content[16:20], "big") == 2 * round(100 * 96 / 25.4)


def test_without_a_browser_a_picture_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forest = Forest(parent=[-1, 0], text=["", "a"], reward=[np.nan, 1.0], prompt="q")
    monkeypatch.delenv("TREECORE_BROWSER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MethodError, match="drawn by Chromium or Chrome, and none is in PATH; install one"):
        export(forest, "png", tmp_path / "a.png")
    monkeypatch.setenv("TREECORE_BROWSER", str(tmp_path / "none"))
    with pytest.raises(MethodError, match="the browser did not draw"):
        export(forest, "png", tmp_path / "a.png")


def test_a_picture_too_large_for_a_browser_is_refused() -> None:
    drawn = '<svg width="1000mm" height="1000mm"></svg>'
    with pytest.raises(MethodError, match="pixels, and at most 100,000,000 are drawn; give a smaller width or scale"):
        pixels(drawn, width=1000, scale=8)


def test_ends_without_an_outcome_are_diamonds_in_every_figure(tmp_path: Path) -> None:
    forest = tc.read(str(samples()["by_hand"].path))[0]
    leaf = str(forest.node_id[forest.leaves[0]])
    changed = tc.edit(forest, [SetReward(leaf, None)])
    export([changed], "svg", tmp_path / "a.svg", credit="grpo")
    assert {"right", "wrong", "no outcome"} <= set(words(drawn(tmp_path / "a.svg")))
    export([forest], "svg", tmp_path / "b.svg", credit="grpo")
    assert "no outcome" not in words(drawn(tmp_path / "b.svg"))
    shapes = figure(changed).data[-1].marker.symbol
    assert [shape.startswith("diamond") for shape in shapes].count(True) == 1
