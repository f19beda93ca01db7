"""What goes between Python and the scripts has the same fields on both sides, and the scripts keep to them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from browser import ROOT

from app import drawer, key_sheet, signals
from app.browse import two_steps, words
from app.canvas import make_scene, payload
from app.compare import rows as compare_rows
from app.compare import words as compare_words
from app.grain import words as grain_words
from app.lessons import pages as lesson_pages
from app.lessons import reveal as lesson_reveal
from app.lessons import shape as lesson_shape
from app.table import words as table_words
from app.what_if import words as what_if_words
from treecore.core.forest import Forest
from treecore.views import page
from treecore.views.inspector import cards, inspection
from treecore.views.scene import types

DECLARED = (ROOT / "app" / "types.d.ts").read_text(encoding="utf-8")
TYPED: list[Any] = [
    types.SceneFormula,
    types.SceneBracket,
    types.SceneForest,
    types.SceneAxis,
    types.SceneFill,
    types.SceneTable,
    types.SceneStage,
    types.SceneChange,
    types.SceneSubtrees,
    types.SceneBins,
    types.SceneSums,
    types.SceneLook,
    types.SceneReader,
    types.SceneHead,
    signals.SelectionData,
    signals.ChosenEvent,
    signals.ChartMarksData,
    signals.FilmData,
    signals.PressedEvent,
    signals.KeptFilesData,
    signals.FoundEvent,
    key_sheet.KeySheetData,
    drawer.DrawerData,
    cards.PieceData,
    cards.StepPart,
    cards.Card,
    cards.Words,
    inspection.Inspection,
    page.PageForest,
    page.PageIndex,
    page.PageShot,
]


BROWSED = {"Piece": words.Piece, "Chip": words.Chip, "Bars": words.Bars, "Line": words.Line, "Page": words.Page}


@pytest.mark.parametrize("name", BROWSED)
def test_the_library_has_the_same_fields_on_both_sides(name: str) -> None:
    assert list(declared(f"Browse{name}")) == list(BROWSED[name].__annotations__)


@pytest.mark.parametrize("name", ["Answer", "Card"])
def test_cards_of_two_steps_have_the_same_fields_on_both_sides(name: str) -> None:
    assert list(declared(f"TwoSteps{name}")) == list(getattr(two_steps, name).__annotations__)


@pytest.mark.parametrize("name", ["Head", "Row", "Copied", "Page"])
def test_the_table_of_steps_has_the_same_fields_on_both_sides(name: str) -> None:
    assert list(declared(f"StepsTable{name}")) == list(getattr(table_words, name).__annotations__)


COMPARED = {
    "Head": compare_rows.Head,
    "Row": compare_rows.TableRow,
    "Panel": compare_rows.Panel,
    "Number": compare_words.Number,
    "Item": compare_words.Item,
    "Beside": compare_words.Beside,
}


GRAIN = {
    "Dot": grain_words.Dot,
    "Row": grain_words.DotRow,
    "Sampler": grain_words.Sampler,
    "Label": grain_words.Label,
    "Twig": grain_words.Twig,
}


@pytest.mark.parametrize("name", GRAIN)
def test_forks_have_the_same_fields_on_both_sides(name: str) -> None:
    assert list(declared(f"Grain{name}")) == list(GRAIN[name].__annotations__)


@pytest.mark.parametrize("name", COMPARED)
def test_a_comparison_has_the_same_fields_on_both_sides(name: str) -> None:
    assert list(declared(f"Compare{name}")) == list(COMPARED[name].__annotations__)


CHANGED = {
    "Change": what_if_words.ChangeLine,
    "Moved": what_if_words.MovedLine,
    "Why": what_if_words.WhyLine,
    "Board": what_if_words.Board,
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_changed_forest_has_the_same_fields_on_both_sides(name: str) -> None:
    assert list(declared(f"WhatIf{name}")) == list(CHANGED[name].__annotations__)


LESSONS = {
    "Words": lesson_shape.Words,
    "Step": lesson_shape.Step,
    "Tree": lesson_shape.Tree,
    "Choice": lesson_pages.Choice,
    "Scale": lesson_pages.Scale,
    "Line": lesson_reveal.Line,
    "Reveal": lesson_reveal.Reveal,
    "Try": lesson_pages.Try,
    "Next": lesson_pages.Next,
    "Unit": lesson_pages.UnitPage,
    "Dot": lesson_pages.Dot,
    "Card": lesson_pages.Card,
    "Chapter": lesson_pages.Chapter,
    "Course": lesson_pages.CoursePage,
}


@pytest.mark.parametrize("name", LESSONS)
def test_lessons_have_the_same_fields_on_both_sides(name: str) -> None:
    assert list(declared(f"Lesson{name}")) == list(LESSONS[name].__annotations__)


def declared(name: str) -> dict[str, str]:
    """Field -> type of an interface; `field?` where it may be left out."""
    body = re.search(rf"^interface {name} \{{\n(.*?)^\}}", DECLARED, re.M | re.S)
    assert body, f"app/types.d.ts has no {name}"
    return dict(re.findall(r"^  (\w+\??): (.*);$", body[1], re.M))


def test_the_scene_is_typed_to_the_last() -> None:
    ours = {name for name, held in vars(types).items() if isinstance(held, type) and held.__module__ == types.__name__}
    assert ours == {one.__name__ for one in TYPED if one.__module__ == types.__name__}


@pytest.mark.parametrize("typed", TYPED, ids=lambda typed: typed.__name__)
def test_both_sides_have_the_same_fields(typed: Any) -> None:
    fields = typed.__annotations__
    names = [f"{name}?" if "NotRequired" in str(fields[name]) else name for name in fields]
    assert list(declared(typed.__name__)) == names


def test_what_is_sent_has_the_fields_declared() -> None:
    scene = make_scene(Forest(np.array([-1, 0, 0]), reward=np.array([np.nan, 0.0, 1.0])), None)
    look = orjson.loads(scene.look.body)
    head = orjson.loads(payload(scene, key="a", held=set(), height=1).split(b"\n", 1)[0])
    sent = {
        "SceneForest": orjson.loads(scene.forest.body),
        "SceneLook": look,
        "SceneAxis": look["axis"],
        "SceneFill": look["fill"],
        "SceneTable": look["table"],
        "SceneStage": look["stage"],
        "SceneHead": head,
    }
    for name, values in sent.items():
        assert set(values) == set(declared(name)), name


def find_tsc() -> str | None:
    """`TREECORE_TSC`, else the one that `npm install` puts into `app/node_modules`, else the one in PATH."""
    own = ROOT / "app" / "node_modules" / ".bin" / "tsc"
    return os.environ.get("TREECORE_TSC") or (str(own) if own.exists() else shutil.which("tsc"))


def check(project: Path) -> subprocess.CompletedProcess[str]:
    tsc = find_tsc()
    if tsc is None:
        pytest.skip("tsc is not installed; run `npm install` in app/ or name it in TREECORE_TSC")
    return subprocess.run([tsc, "-p", str(project)], capture_output=True, text=True, check=False)


def test_the_scripts_keep_to_the_types() -> None:
    found = check(ROOT / "app")
    assert (found.returncode, found.stdout) == (0, "")


def test_a_field_that_is_not_there_is_found(tmp_path: Path) -> None:
    (tmp_path / "wrong.js").write_text("/** @param {SceneHead} head */\nexport const a = (head) => head.forrest;\n")
    config = {"extends": str(ROOT / "app" / "tsconfig.json"), "include": ["*.js", str(ROOT / "app" / "types.d.ts")]}
    (tmp_path / "tsconfig.json").write_bytes(orjson.dumps(config))
    found = check(tmp_path)
    assert found.returncode != 0
    assert "'forrest'" in found.stdout
