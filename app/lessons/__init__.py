"""The course as one component: the path of all units, and a unit from its bet to its check. Knows no session state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app.component import component
from app.stamp import stamp
from treecore.bidi import all_visible

FOLDER = Path(__file__).parent
UNSEEN = {"name"}
"""Fields that are no text for people."""

_lessons = component("lessons", FOLDER, js="js/lessons.js", css=("lessons.css", "course.css"))


def lessons(page: Mapping[str, Any], *, heard: int, key: str, on_ask: Callable[[], None]) -> None:
    """Draw the course or a unit.

    Args:
        page: from `app.lessons.pages`.
        heard: number of the last question that was heard, 0 before the first.
        on_ask: called before the rerun; `app.browse.asked_in` reads what `session_state[key]` then holds.
    """
    data = all_visible(dict(page), but=UNSEEN)
    _lessons(key=key, data={"page": data, "stamp": stamp(data), "heard": heard}, on_asked_change=on_ask)
