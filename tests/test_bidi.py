"""Direction controls are shown and not obeyed, wherever words of others appear."""

from __future__ import annotations

import numpy as np
import orjson
import pytest

from app.figures.style import safe
from app.panel import shown
from app.verbatim import mathematics, verbatim
from treecore.bidi import CONTROLS, visible
from treecore.cli.text import clean, written_lines
from treecore.core.forest import Forest
from treecore.errors import FormatError
from treecore.views.scene import make_scene

EVIL = "safe \u202ecod.exe\u202c \u2066x\u2069"
WANTED = "safe [U+202E]cod.exe[U+202C] [U+2066]x[U+2069]"
RIGHT_TO_LEFT = "\u200fשלום\u200e می\u200cخواهم"


@pytest.mark.parametrize("code", CONTROLS)
def test_every_control_is_shown_by_its_number(code: int) -> None:
    assert visible(f"a{chr(code)}b") == f"a[U+{code:04X}]b"


def test_words_written_from_the_right_stay_as_they_are() -> None:
    assert visible(RIGHT_TO_LEFT) == RIGHT_TO_LEFT


def test_controls_are_visible_in_every_place() -> None:
    assert clean(EVIL) == WANTED
    assert written_lines(EVIL) == [WANTED]
    assert safe(EVIL) == WANTED
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
    words = {"node": EVIL, "title": EVIL, "siblings": ({"id": EVIL, "label": ({"text": EVIL},)},)}
    assert shown(words) == {
        "node": EVIL,
        "title": WANTED,
        "siblings": [{"id": EVIL, "label": [{"text": WANTED}]}],
    }
