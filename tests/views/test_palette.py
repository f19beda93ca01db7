"""One number has one colour: on the curve of Python, on Plotly's scale between its stops, and in the canvas."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.canvas import component_script
from treecore.views.palette import DARK, LIGHT, PALETTE_FILE, Palette, mix, rgb
from treecore.views.sources import colours

ROOT = Path(__file__).parents[2]
HEX = re.compile(r"""(?<![&\w])#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3,4})(?![\w-])""")
WRITTEN_OUT = {ROOT / "app" / ".streamlit" / "config.toml", ROOT / "app" / "icon.svg"}
"""Files that cannot refer to others: their colours stand there too, and are compared."""

THEMES = {"light": LIGHT, "dark": DARK}
VALUES = (-3.0, -1.0, -0.4, -0.05, -0.001, 0.0, 0.0007, 0.03, 0.2, 0.5, 0.99, 1.0, 2.0)


def far(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def on_scale(palette: Palette, value: float) -> tuple[int, int, int]:
    """What Plotly makes of a value on [-1, 1]: straight between two stops."""
    at = (max(-1.0, min(1.0, value)) + 1) / 2
    stops = palette.diverging()
    (low, first), (high, second) = next(pair for pair in itertools.pairwise(stops) if pair[0][0] <= at <= pair[1][0])
    return rgb(mix(first, second, (at - low) / (high - low)))


@pytest.mark.parametrize("theme", list(THEMES))
def test_the_scale_of_charts_follows_the_curve(theme: str) -> None:
    palette = THEMES[theme]
    stops = palette.diverging()
    assert [at for at, _ in stops] == sorted(at for at, _ in stops)
    assert (stops[0], stops[len(stops) // 2], stops[-1]) == (
        (0.0, palette.negative),
        (0.5, palette.zero),
        (1.0, palette.positive),
    )
    assert all(far(on_scale(palette, value), rgb(palette.credit(value, 1.0))) <= 3 for value in VALUES)


@pytest.mark.browser
@pytest.mark.parametrize("theme", list(THEMES))
def test_the_canvas_has_the_colours_of_the_charts(browser: Any, theme: str) -> None:
    page = browser.new_page()
    script = component_script().replace("export default function", "function").replace("export function", "function")
    drawn = page.evaluate(
        f"([theme, values]) => {{ {script}; return values.map((value) => diverging(themeOf(theme), value, 1)); }}",
        [theme, VALUES],
    )
    page.close()
    for value, colour in zip(VALUES, drawn, strict=True):
        assert far(tuple(round(part) for part in colour), rgb(THEMES[theme].credit(value, 1.0))) <= 1, value
        assert far(tuple(round(part) for part in colour), on_scale(THEMES[theme], value)) <= 4, value


def test_every_colour_is_one_of_the_palette() -> None:
    kinds = ("*.py", "*.js", "*.css", "*.toml", "*.svg", "*.html")
    files = [path for folder in ("app", "treecore") for kind in kinds for path in (ROOT / folder).rglob(kind)]
    assert len(files) > 200
    found = {path: set(HEX.findall(path.read_text(encoding="utf-8"))) for path in files}
    read = json.loads(PALETTE_FILE.read_text())
    known = {*read["light"].values(), *read["dark"].values()}
    assert {path for path, colours in found.items() if colours} == WRITTEN_OUT
    assert [found[path] - known for path in WRITTEN_OUT] == [set(), set()]


def test_the_theme_of_the_page_is_that_of_the_pictures() -> None:
    theme = tomllib.loads((ROOT / "app" / ".streamlit" / "config.toml").read_text())["theme"]
    names = {
        "primaryColor": "accent",
        "backgroundColor": "background",
        "secondaryBackgroundColor": "panel",
        "textColor": "ink",
        "borderColor": "hairline",
    }
    for name, palette in THEMES.items():
        assert theme[name] == {field: getattr(palette, colour) for field, colour in names.items()}


def test_style_sheets_use_colours_that_there_are() -> None:
    known = set(re.findall(r"(--tc-[a-z-]+):", colours(".stApp"))) | {"--tc-mono"}
    assert f"--tc-on-fill: light-dark({LIGHT.on_fill}, {DARK.on_fill});" in colours(".stApp")
    for path in (ROOT / "app").rglob("*.css"):
        assert set(re.findall(r"var\((--tc-[a-z-]+)", path.read_text())) <= known, path
