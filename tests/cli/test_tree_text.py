"""Text trees: guides, alignment, colours, and text that stays text."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forests import random_forest
from rich.cells import cell_len
from rich.console import Console

import treecore as tc
from treecore.bundled import samples
from treecore.cli.show import print_lines
from treecore.cli.text import clean
from treecore.cli.tree_text import DECIMALS, NUMBER_WIDTH, colour, forest_lines, guides
from treecore.core.forest import Forest
from treecore.core.numerals import counted, signed
from treecore.core.topology import Topology
from treecore.methods import compute
from treecore.methods.registry import Ends


def drawn(forest: Forest, width: int = 80, method: str = "") -> list[str]:
    credit = compute(forest, method) if method else None
    return [line.plain for line in forest_lines(forest, credit, width=width)]


def test_only_forks_indent() -> None:
    topology = Topology(np.array([-1, 0, 1, 1, 2, 2, 3, -1]))
    assert [(row, guide) for row, guide in guides(topology)] == [
        (0, ""),
        (1, ""),
        (2, "├─ "),
        (4, "│  ├─ "),
        (5, "│  └─ "),
        (3, "└─ "),
        (6, "   "),
        (7, ""),
    ]


def test_numbers_stand_in_columns() -> None:
    forest = Forest(
        parent=[-1, 0, 0], node_id=["r", "a", "b"], reward=[np.nan, 1, 0], text=["", "日本語" * 30, "x"], prompt="p"
    )
    lines = drawn(forest, 60, "sibling")
    assert [cell_len(line) for line in lines] == [60] * 4
    assert lines[0].split() == ["p", "value", "credit"]
    assert lines[1].endswith("     0.500         –")
    assert lines[2].endswith("     1.000    +0.500")
    assert lines[3].endswith("         0    −0.500")
    assert "…" in lines[2]


@pytest.mark.parametrize("width", [40, 120])
def test_every_line_fits_any_forest(rng: np.random.Generator, width: int) -> None:
    forest = random_forest(rng, 300, n_trees=3, reach=4)
    lines = drawn(forest, width, "grpo")
    assert len(lines) == 301
    assert {cell_len(line) for line in lines} == {width}
    assert all(line.isprintable() for line in lines)


def test_a_chain_of_5000_steps_is_drawn() -> None:
    assert len(drawn(Forest(parent=np.arange(5000) - 1))) == 5001


@pytest.mark.parametrize(
    ("signal", "text", "style"),
    [
        (np.nan, "–", "dim"),
        (0.0, "0", ""),
        (0.2, "+0.200", "dodger_blue1"),
        (-1.0, "−1.000", "bold dark_orange"),
    ],
)
def test_numbers_and_colours(signal: float, text: str, style: str) -> None:
    assert signed(signal, DECIMALS) == text
    assert colour(signal, Ends(-1.0, 1.0, True)) == style


def test_a_level_has_no_sign_and_no_orange() -> None:
    credit = tc.credit(tc.read(str(samples()["surprisal"].path))[0], "deepconf")
    ends, known = credit.ends, credit.credit[np.isfinite(credit.credit)]
    assert colour(float(known.min()), ends) == ""
    assert colour(float(known.max()), ends) == "bold dodger_blue1"
    assert not any("dark_orange" in colour(float(value), ends) for value in known)
    lines = [line.plain for line in forest_lines(credit.forests[0], credit, width=100)]
    assert lines[1].endswith("–")
    assert not any("+" in line[-NUMBER_WIDTH:] for line in lines)


def test_text_of_models_is_text(rng: np.random.Generator) -> None:
    evil = "[bold red]x[/] \x1b[31m\x07\u202e[/nonsense]"
    forest = Forest(parent=[-1, 0], text=["", evil], prompt=evil, node_id=["r", evil])
    out = io.StringIO()
    console = Console(file=out, width=120, force_terminal=True, color_system="truecolor")
    for line in forest_lines(forest, None, width=120):
        console.print(line)
    assert "[bold red]x[/] [31m [U+202E][/nonsense]" in "\n".join(drawn(forest, 120))
    assert "\x1b[31m" not in out.getvalue()
    assert "\x07" not in out.getvalue()


def test_clean_text() -> None:
    assert clean(" a\n\tb\x00c\u200b ") == "a b c"
    assert clean("x" * 50, 10) == "x" * 10
    assert (counted(1, "leaf", "leaves"), counted(2000, "leaf", "leaves"), counted(0, "step")) == (
        "1 leaf",
        "2,000 leaves",
        "0 steps",
    )


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False), ({}, False)],
)
def test_colour_is_for_terminals_that_want_it(minimal: Path, environment: dict[str, str], coloured: bool) -> None:
    import os

    command = [
        sys.executable,
        "-c",
        "from treecore.cli import main; main()",
        "show",
        str(minimal),
        "--method",
        "sibling",
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "TERM": "xterm-256color", **environment}
    )
    assert ("38;5;" in done.stdout) == coloured
    assert "+0.500" in done.stdout


CODE = "def f(x):\n    if x:\n\treturn 1\n\n    return 2"


def test_words_keep_their_lines_and_indents() -> None:
    forest = Forest(
        parent=[-1, 0, 1, 1],
        node_id=["r", "a", "b", "c"],
        reward=[np.nan, np.nan, 1, 0],
        prompt="p",
        text=["", f"<think>\n{CODE}\n</think>So 2.", "<answer>2</answer>", "<search>who\n  is</search>"],
    )
    lines = [line[:40].rstrip() for line in drawn(forest, 60)]
    assert lines == [
        "p",
        "○ r  tree 1, 2 leaves",
        "○ a  def f(x):",
        "│       if x:",
        "│       return 1",
        "│",
        "│       return 2",
        "│   So 2.",
        "├─ ● b  answer 2",
        "└─ ● c  call who",
        "         is",
    ]
    assert forest_styles(forest).get("So 2.", "") == ""
    assert "dim" in forest_styles(forest)["return 2"]


def forest_styles(forest: Forest) -> dict[str, str]:
    """Words -> how they look."""
    lines = forest_lines(forest, None, width=60)
    return {line.plain[span.start : span.end].strip(): str(span.style) for line in lines for span in line.spans}


def test_long_steps_are_folded_unless_all_is_asked_for() -> None:
    forest = Forest(parent=[-1, 0], text=["", "\n".join(map(str, range(100)))])
    assert len(drawn(forest)) == 3 + 6 + 1
    assert "93 more lines; --full shows them" in drawn(forest)[-1]
    assert len(list(forest_lines(forest, None, width=80, full=True))) == 102


def test_joined_emoji_are_cut_off_whole() -> None:
    forest = Forest(parent=[-1, 0], text=["", "👨‍👩‍👧" * 60])
    line = drawn(forest, 40)[2]
    assert cell_len(line) == 40
    assert line.rstrip("… –").endswith("👨‍👩‍👧")


def test_long_names_show_how_they_end() -> None:
    forest = Forest(parent=[-1, 0, 0], node_id=["r", "x" * 500 + "1", "x" * 500 + "2"])
    assert [line.split()[2][-1] for line in drawn(forest)[2:]] == ["1", "2"]


def test_a_thought_in_a_field_of_its_own_is_shown() -> None:
    forest = Forest(parent=[-1, 0], text=["", "5"], node_extra={1: {"reasoning_content": "2 + 3"}})
    assert [line.strip(" –│●○") for line in drawn(forest)[2:]] == ["1  2 + 3 · 5"]


@pytest.mark.parametrize("colours", [None, "truecolor"])
def test_blocks_of_lines_are_printed_as_lines(colours: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treecore.cli.show.BLOCK", 3)
    forest = random_forest(np.random.default_rng(3))
    credit = compute(forest, "tree_grpo")
    files = [io.StringIO(), io.StringIO()]
    blocks, single = (
        Console(file=file, width=80, force_terminal=colours is not None, color_system=colours, highlight=False)
        for file in files
    )
    print_lines(blocks, forest_lines(forest, credit, width=80))
    for line in forest_lines(forest, credit, width=80):
        single.print(line, no_wrap=True, crop=True)
    assert files[0].getvalue() == files[1].getvalue()
    assert files[0].getvalue().count("\n") > 4


@pytest.mark.parametrize(("method", "values"), [("sibling", ["0.500", "0.500"]), ("tree_grpo", ["1.000", "0"])])
def test_empty_roots_have_the_value_of_what_the_method_takes_them_for(method: str, values: list[str]) -> None:
    forest = Forest(parent=[-1, 0, -1, 2], text=["", "a", "", "b"], reward=[np.nan, 1, np.nan, 0])
    lines = drawn(forest, method=method)
    assert [line[: 80 - NUMBER_WIDTH].split()[-1] for line in lines if "tree " in line] == values
