"""Components without looks: what happens anywhere on the page and Python should hear of. Knows no session state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NotRequired, TypedDict, TypeGuard

import streamlit as st

from app import resident
from treecore.views.sources import script

FOLDER = Path(__file__).parent
PRESSED, CHOSEN, FOUND = "pressed", "chosen", "found"
MAX_WHOLE = 2**53 - 1
"""The largest whole number that a script counts to."""
MAX_NAME, MAX_OF = 200, 200
"""Characters of the name of a kept file that are shown, and of the name by which a browser means a forest."""

_keys = st.components.v2.component("treecore.film_keys", js=script(FOLDER / "film_keys.js"))
_marks = st.components.v2.component("treecore.chart_marks", js=script(FOLDER / "chart_marks.js"))
_kept = st.components.v2.component("treecore.kept_files", js=script(FOLDER / "kept_files.js"))
_selection = resident.component("selection")


class SelectionData(TypedDict):
    """What the page learns of the selection."""

    id: str | None
    heard: int


class ChartMarksData(TypedDict):
    """What the marks of charts need."""

    charts: list[str]
    dark: bool
    waits_for: int


class ChosenEvent(TypedDict):
    """A choice as the browser sends it, with what is folded and looked for on the trees; `choice_in` checks it."""

    number: int
    id: str | None
    of: NotRequired[str]
    folds: NotRequired[str]
    find: NotRequired[str]


class KeptFilesData(TypedDict):
    """What the browser learns of files that it keeps.

    `key` and `name` are of what is open, "" where nothing was uploaded; `wanted` is the key that the address names and
    that is not open; `again` counts how often it was asked for; `forget` is a key to be forgotten.
    """

    key: str
    name: str
    wanted: str
    again: int
    forget: str


class FoundEvent(TypedDict):
    """What the browser keeps of a wanted key; `found_in` checks it."""

    number: int
    key: str
    name: str
    bytes: int


class FilmData(TypedDict):
    """What the keys of a film act on."""

    frame: int
    last: int
    heard: int


class PressedEvent(TypedDict):
    """A press as the browser sends it; `press_in` checks it."""

    number: int
    frame: NotRequired[int]


class Choice(NamedTuple):
    """A step that was chosen in the browser.

    Attributes:
        number: counts the choices of a page; echo it, so that the browser knows what has been heard.
        node_id: as text, unchecked; None when the selection was taken back.
        of: which forest `folds` are of, as `SceneReader` named it; no longer than `MAX_OF`.
        folds, find: what is folded on the trees and looked for, unchecked; None where nothing is told of it.
    """

    number: int
    node_id: str | None
    of: str | None
    folds: str | None
    find: str | None


class Press(NamedTuple):
    """What a key asked of the film.

    Attributes:
        number: counts the presses of a page; echo it, so that the browser knows what has been heard.
        frame: to show; None to start or stop playing.
    """

    number: int
    frame: int | None


class Found(NamedTuple):
    """A file that this browser keeps.

    Attributes:
        key: the beginning of its digest; name: as it was uploaded; size: in bytes.
    """

    key: str
    name: str
    size: int


def kept_files(data: KeptFilesData, *, key: str, on_found: Callable[[], None]) -> None:
    """Keep what is uploaded in the browser, and look there for what the address names.

    Args:
        on_found: called before the rerun; `found_in` reads what `session_state[key]` then holds.
    """
    _kept(key=key, data=data, height=1, on_found_change=on_found)


def found_in(held: Any) -> Found | None:
    """What a browser says that it keeps; None for anything that it should not send."""
    value = (held or {}).get(FOUND)
    if not isinstance(value, dict) or not is_whole(value.get("bytes")):
        return None
    key, name = value.get("key"), value.get("name")
    return Found(key, name[:MAX_NAME], value["bytes"]) if isinstance(key, str) and isinstance(name, str) else None


def selection(node_id: str | None, *, heard: int, key: str, on_choose: Callable[[], None]) -> None:
    """Carry the selection of a page: canvases show it, and what is chosen on one is an event here.

    Args:
        node_id: selected now, None for none.
        heard: number of the last choice that was heard, 0 before the first.
        on_choose: called before the rerun; `choice_in` reads what `session_state[key]` then holds.
    """
    data: SelectionData = {"id": node_id, "heard": heard}
    _selection(key=key, data=data, height=1, on_chosen_change=on_choose)


def choice_in(held: Any) -> Choice | None:
    """The choice that a component's state holds; None for anything a browser should not send."""
    value = (held or {}).get(CHOSEN)
    if not isinstance(value, dict) or not is_whole(value.get("number")):
        return None
    said = [value.get(name) for name in ("id", "of", "folds", "find")]
    if not all(one is None or isinstance(one, str) for one in said) or len(said[1] or "") > MAX_OF:
        return None
    return Choice(value["number"], *said)


def chart_marks(charts: list[str], *, dark: bool, waits_for: int, key: str, on_drawn: Callable[[], None]) -> None:
    """Mark the selected step in Plotly charts, choose the step of a point or sector that is clicked, and run what draws
    them again where the page shows another theme than they were drawn for.

    Args:
        charts: Streamlit keys of the charts; `customdata` or `id` of what they show is a node id.
        dark: the theme that they were drawn for.
        waits_for: nodes of the forest whose trees are to be drawn first; 0 where nothing waits.
        on_drawn: called before the rerun once these are drawn.
    """
    data: ChartMarksData = {"charts": charts, "dark": dark, "waits_for": waits_for}
    _marks(key=key, data=data, height=1, on_theme_change=lambda: None, on_drawn_change=on_drawn)


def film_keys(*, frame: int, last: int, heard: int, key: str, on_press: Callable[[], None]) -> None:
    """Arrows, Home, End and Space for a film, wherever on the page the focus is but in a text field or an open menu.

    Args:
        frame: shown now, from 0; last: the highest there is.
        heard: number of the last press that was heard, 0 before the first.
        on_press: called before the rerun; `press_in` reads what `session_state[key]` then holds.
    """
    data: FilmData = {"frame": frame, "last": last, "heard": heard}
    _keys(key=key, data=data, height=1, on_pressed_change=on_press)


def press_in(held: Any, last: int) -> Press | None:
    """The press that a component's state holds; None for anything a browser should not send."""
    value = (held or {}).get(PRESSED)
    if not isinstance(value, dict) or not is_whole(value.get("number")):
        return None
    frame = value.get("frame")
    if frame is None:
        return Press(value["number"], None)
    return Press(value["number"], frame) if is_whole(frame) and 0 <= frame <= last else None


def is_whole(value: Any) -> TypeGuard[int]:
    """Whether a browser can mean it as a whole number: larger ones than a script counts to cannot be sent back."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_WHOLE
