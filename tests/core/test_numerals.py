"""Numbers look alike wherever they stand: in Python, and in the scripts of the canvas."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from scripts import needs_node, value_in

from app.canvas import component_script
from treecore.core.numerals import counted, in_words, of_hundred, percent, plain, short, signed, whole

ROOT = Path(__file__).parents[2]
WRITTEN = {
    0.0: "0",
    1e-12: "0",
    -1e-17: "0",
    0.5: "+0.50",
    -0.125: "−0.13",
    0.625: "+0.63",
    1.0: "+1.00",
    0.004: "+0.004",
    -0.0045: "−0.004",
    0.0002: "+2e-4",
    -3.5e-7: "−3e-7",
    9999.5: "+9999.50",
    12500.0: "+1.3e4",
    -99999.0: "−1.0e5",
    float("nan"): "–",
}


SHARES = {
    0: "0 %",
    1e-9: "less than 1 %",
    0.004: "less than 1 %",
    0.005: "1 %",
    0.125: "13 %",
    0.75: "75 %",
    0.994: "99 %",
    0.995: "more than 99 %",
    1 - 1e-9: "more than 99 %",
    1: "100 %",
}


def test_shares_of_some_are_neither_none_nor_all() -> None:
    assert [percent(share).replace("\N{NO-BREAK SPACE}", " ") for share in SHARES] == list(SHARES.values())
    assert [f"{of_hundred(share)} %" for share in SHARES] == list(SHARES.values())
    assert of_hundred(0.002, few="fewer") == "fewer than 1"


@needs_node
def test_scripts_write_the_same_shares() -> None:
    said = value_in(ROOT / "app" / "browse" / "dom.js", f"{list(SHARES)}.map(percent)")
    assert said == [text.replace("less than", "<").replace("more than", ">") for text in SHARES.values()]


@pytest.mark.parametrize(("value", "text"), list(WRITTEN.items()))
def test_signed_numbers(value: float, text: str) -> None:
    assert signed(value) == text
    assert plain(value) == text.removeprefix("+")


def test_other_forms() -> None:
    assert [short(value) for value in (0.0, -1.0, 2 / 3, -0.25, 0.123456789, 1e6, float("nan"))] == [
        "0",
        "−1",
        "2/3",
        "−1/4",
        "0.12",
        "1.0e6",
        "–",
    ]
    assert signed(-0.5, 4) == "−0.5000"
    assert (whole(3742), counted(1868, "leaf", "leaves"), counted(1, "leaf", "leaves"), counted(0, "step")) == (
        "3,742",
        "1,868 leaves",
        "1 leaf",
        "0 steps",
    )
    assert (in_words(2, "chain"), in_words(1, "branch", "branches"), in_words(1300, "step")) == (
        "two chains",
        "one branch",
        "1,300 steps",
    )


@pytest.mark.browser
def test_the_canvas_writes_numbers_the_same_way(browser: Any) -> None:
    page = browser.new_page()
    script = component_script().replace("export default function", "function").replace("export function", "function")
    values = [None if value != value else value for value in WRITTEN]
    for decimals in (2, 4):
        found = page.evaluate(
            f"([values, n]) => {{ {script}; return values.map((value) => formatNumber(value, n, {{ sign: true }})); }}",
            [values, decimals],
        )
        assert found == [signed(value, decimals) for value in WRITTEN]
    counts = page.evaluate(f"(values) => {{ {script}; return values.map(whole); }}", [0, 999, 3742, 1234567])
    page.close()
    assert counts == [whole(value) for value in (0, 999, 3742, 1234567)]


def test_numbers_that_people_read_are_written_in_one_place() -> None:
    """No format of its own for a float or a count in the app, the film and the picture."""
    folders = (ROOT / "app", ROOT / "treecore" / "analysis")
    files = [path for folder in folders for path in folder.rglob("*.py")]
    files += [ROOT / "treecore" / "views" / "figure.py", ROOT / "treecore" / "cli" / "tree_text.py"]
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FormattedValue)
        and node.format_spec is not None
        and re.fullmatch(r"'?[+,]*(\.[1-9][0-9]*[fge]|,)'?", ast.unparse(node.format_spec).removeprefix("f").strip("'"))
    ]
    assert wrong == []
