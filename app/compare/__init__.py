"""Methods side by side: a table, and what stands beside it, as two components that share what is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app.compare.rows import Panel
from app.compare.words import Beside
from app.component import component
from app.stamp import stamp
from treecore.bidi import all_visible

FOLDER = Path(__file__).parent

_table = component("compare", FOLDER)
_list = component("compare_list", FOLDER, js="list.js", css=("compare.css",))


def table(panels: Sequence[Panel], said: dict[str, str], *, limit: float | None, key: str) -> None:
    """Draw one table, or two beside each other.

    Args:
        said: the chosen `node` and `method`.
        limit: `|credit|` at the ends of one colour scale for all methods; each has its own where it is None.
    """
    data = {"panels": [all_visible(one, but={"id"}) for one in panels], "limit": limit}
    _table(key=key, data={**data, "said": said, "stamp": stamp(data)})


def beside(
    words: Beside, said: dict[str, str], *, is_open: bool, heard: int, key: str, on_ask: Callable[[], None]
) -> None:
    """Draw where methods disagree, and hear what is chosen in the table.

    Args:
        is_open: draw it; otherwise it only listens.
        heard: number of the last question that was heard, 0 before the first.
        on_ask: called before the rerun; `app.browse.asked_in` reads what `session_state[key]` then holds.
    """
    data = {**all_visible(words), "open": is_open, "said": said, "heard": heard, "stamp": stamp(words)}
    _list(key=key, data=data, on_asked_change=on_ask)
