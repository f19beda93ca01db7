"""Direction controls are shown and not obeyed, wherever words of others appear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from app import browse
from app.verbatim import mathematics, verbatim
from treecore.bidi import CONTROLS, visible
from treecore.cli.text import clean, written_lines
from treecore.cli.tree_text import forest_lines
from treecore.core.forest import Forest
from treecore.errors import FormatError
from treecore.exports import export
from treecore.methods import compute
from treecore.views import page
from treecore.views.figure import figure
from treecore.views.inspector.cards import as_data
from treecore.views.inspector.words import words_of
from treecore.views.plotly_text import plotly_text
from treecore.views.scene import make_scene

EVIL = "safe \u202ecod.exe\u202c \u2066x\u2069"
WANTED = "safe [U+202E]cod.exe[U+202C] [U+2066]x[U+2069]"
RIGHT_TO_LEFT = "\u200fשלום\u200e می\u200cخواهم"


def evil_forest() -> Forest:
    """A fork after the prompt, hostile words in all that is told."""
    return Forest(
        parent=[-1, 0, 0],
        node_id=["r", EVIL, "b"],
        text=["", EVIL, f"{EVIL} other"],
        observation=["", EVIL, ""],
        reward=[np.nan, 1.0, 0.0],
        prompt=EVIL,
        id=EVIL,
        reference=EVIL,
        task=EVIL,
        node_extra={1: {"rating": EVIL}},
    )


@pytest.mark.parametrize("code", CONTROLS)
def test_every_control_is_shown_by_its_number(code: int) -> None:
    assert visible(f"a{chr(code)}b") == f"a[U+{code:04X}]b"


def test_words_written_from_the_right_stay_as_they_are() -> None:
    assert visible(RIGHT_TO_LEFT) == RIGHT_TO_LEFT


def test_controls_are_visible_in_every_place() -> None:
    assert clean(EVIL) == WANTED
    assert written_lines(EVIL) == [WANTED]
    assert plotly_text(EVIL) == WANTED
    assert WANTED in verbatim(EVIL)
    assert WANTED in mathematics(EVIL)
    assert str(FormatError(EVIL, where="file")) == f"file: {WANTED}"


def test_the_canvas_shows_them_and_ids_stay_as_they_are() -> None:
    forest = Forest(
        parent=[-1, 0], node_id=["r", EVIL], text=["", EVIL], observation=["", EVIL], reward=[np.nan, 1.0], prompt=EVIL
    )
    scene = make_scene(forest, None)
    assert scene["label"][1] == scene["text"][1] == scene["observation"][1] == WANTED
    assert scene["id"][1] == EVIL
    words = orjson.loads(orjson.dumps({key: value for key, value in scene._read.items() if key != "id"})).values()
    assert not any("\u202e" in str(one) for one in words)


def test_the_panel_shows_them_and_ids_stay_as_they_are() -> None:
    words = as_data(words_of(compute(evil_forest(), "sibling").of(0), 1))
    assert (words["node"], words["id"], words["title"]) == (EVIL, WANTED, WANTED)
    assert [card["id"] for card in words["siblings"]] == [EVIL, "b"]
    assert "".join(piece["text"] for piece in words["siblings"][0]["label"]).startswith(WANTED)


@pytest.mark.parametrize("kind", ["svg", "html", "graphml"])
def test_files_to_look_at_obey_none(kind: str, tmp_path: Path) -> None:
    export(evil_forest(), kind, tmp_path / f"a.{kind}", credit="sibling")
    text = (tmp_path / f"a.{kind}").read_text(encoding="utf-8")
    assert "[U+202E]cod.exe" in text
    without_ids = text.replace(f'"{EVIL}"', "")
    assert not any(chr(code) in without_ids for code in CONTROLS)


def test_a_page_tells_of_a_step_whatever_its_id(tmp_path: Path) -> None:
    forest = evil_forest()
    told = page.inspections(forest, compute(forest, "sibling").of(0))
    assert list(told) == make_scene(forest, None)["id"]
    assert told[EVIL]["words"]["id"] == WANTED


def test_figures_and_cards_of_notebooks_obey_none() -> None:
    forest = evil_forest()
    drawn = figure(forest, compute(forest, "sibling")).to_plotly_json()
    shown = [drawn["layout"]["title"]["text"], *drawn["data"][1]["text"], *drawn["data"][1]["hovertext"]]
    assert WANTED in shown
    assert not any(chr(code) in one for code in CONTROLS for one in [*shown, forest._repr_html_()])


def test_the_terminal_and_the_library_obey_none(monkeypatch: pytest.MonkeyPatch) -> None:
    forest = evil_forest()
    lines = "\n".join(line.plain for line in forest_lines(forest, None, width=200))
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(browse, "_mount", lambda **more: sent.append(more["data"]))
    line: Any = {"row": EVIL, "prompt": [{"text": EVIL, "tone": "ink"}]}
    browse.browse({"lines": [line], "empty": EVIL}, {}, heard=0, key="a", on_ask=lambda: None)  # type: ignore[typeddict-item]
    assert (sent[0]["empty"], sent[0]["lines"][0]) == (
        WANTED,
        {"row": EVIL, "prompt": [{"text": WANTED, "tone": "ink"}]},
    )
    assert WANTED in lines
    assert not any(chr(code) in lines for code in CONTROLS)
