"""The steps as a table that sorts, as a component. Knows no session state; text is shown as text only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.component import component
from app.table.words import Copied, Page
from treecore.bidi import all_visible

FOLDER = Path(__file__).parent

_mount = component("steps_table", FOLDER, js="table.js", css=("table.css",))


def steps_table(
    page: Page, *, node: str, copied: Copied | None, heard: int, key: str, on_ask: Callable[[], None]
) -> None:
    """Draw a page of the table.

    Args:
        node: id of the selected step, "" for none.
        copied: text for the clipboard, where the question that was heard last asked for it.
        heard: number of the last question that was heard, 0 before the first.
        on_ask: called before the rerun; `app.browse.asked_in` reads what `session_state[key]` then holds.
    """
    data = {**all_visible(page, but={"id", "find"}), "node": node, "copied": copied, "heard": heard}
    _mount(key=key, data=data, on_asked_change=on_ask)
