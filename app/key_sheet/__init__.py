"""The first stops of the Tab key: the way past the header, and the sheet that `?` opens with the keys of the view."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from app.component import component
from app.view_keys import KeyGroup

FOLDER = Path(__file__).parent

_sheet = component("key_sheet", FOLDER)


class KeySheetData(TypedDict):
    """What the sheet lists: the title of the view, and for each group its title and pairs of keys and what they do."""

    title: str
    groups: list[tuple[str, list[tuple[str, str]]]]


def key_sheet(title: str, groups: Sequence[KeyGroup], *, key: str) -> None:
    """Draw the button of the sheet and, for who comes with Tab, the way past the header."""
    data: KeySheetData = {"title": title, "groups": [(group.title, list(group.keys)) for group in groups]}
    _sheet(key=key, data=data, width="content")
