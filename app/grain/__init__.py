"""Forks against the share that they decide, the grain of samplers, and the label route, as two components."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app.component import component
from app.grain.words import Picture, Routes
from app.stamp import stamp
from treecore.bidi import all_visible

FOLDER = Path(__file__).parent

_picture = component("grain", FOLDER)
_routes = component("grain_routes", FOLDER, js="routes.js", css=("grain.css",))


def picture(drawn: Picture, said: Mapping[str, Any], *, key: str) -> None:
    """Draw forks, samplers and the label route; `said` is the chosen fork, the brushed shares and the spacing."""
    data = all_visible(drawn, but={"id"})
    _picture(key=key, data={**data, "said": dict(said), "stamp": stamp(data)})


def routes(drawn: Routes, said: Mapping[str, Any], *, heard: int, key: str, on_ask: Callable[[], None]) -> None:
    """Draw what both routes cost, and hear what is chosen in the picture.

    Args:
        heard: number of the last question that was heard, 0 before the first.
        on_ask: called before the rerun; `app.browse.asked_in` reads what `session_state[key]` then holds.
    """
    _routes(key=key, data={**drawn, "said": dict(said), "heard": heard}, on_asked_change=on_ask)
