"""Components that are drawn at every click: their scripts and styles come once, with the page.

Streamlit sends script and style of a component again whenever it is drawn with other data. What is drawn here sends a
few words that call a script which is there already.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import streamlit as st

from treecore.views.sources import closed, script, style

APP = Path(__file__).parent.parent
CALLER = script(APP / "resident" / "caller.js").replace("export ", "")


class Resident(NamedTuple):
    """A component's script, and its style sheet where it has one."""

    script: Path
    style: Path | None = None


RESIDENTS = {
    "step_panel": Resident(APP / "panel" / "panel.js", APP / "panel" / "panel.css"),
    "selection": Resident(APP / "signals" / "selection.js"),
}


def component(name: str) -> Callable[..., Any]:
    """A component of `RESIDENTS`, called as one of Streamlit's; `residents` draws it."""
    call = f"{CALLER}\nexport default(call)=>called({name!r},call);"
    return st.components.v2.component(f"treecore.{name}", js=call)


def residents_script() -> str:
    """The module that makes all of them run."""
    sheets = {name: style(one.style) if one.style else "" for name, one in RESIDENTS.items()}
    made = ",".join(
        f"{name}:{{run:{closed(one.script)}.run,style:{orjson.dumps(sheets[name]).decode()}}}"
        for name, one in RESIDENTS.items()
    )
    return f"{script(APP / 'resident' / 'resident.js')}\nexport default()=>reside(()=>({{{made}}}));"


_residents = st.components.v2.component("treecore.residents", js=residents_script())


def residents(*, key: str) -> None:
    """Send what all of them need; once a whole page, before the first of them."""
    _residents(key=key, data=None, height=1)
