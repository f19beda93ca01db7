"""A branch read token by token, as a component. Knows no session state; text is shown as text only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app.component import component
from app.stamp import stamp
from app.tokens.reading import Reading
from app.tokens.small_tree import SmallTree
from treecore.bidi import all_visible

FOLDER = Path(__file__).parent

_mount = component("tokens", FOLDER)


def branch_reader(
    reading: Reading,
    tree: SmallTree,
    *,
    at: int,
    strips: Sequence[str],
    heard: int,
    key: str,
    on_ask: Callable[[], None],
) -> None:
    """Draw a branch.

    Args:
        at: number of the token that is looked at.
        strips: which of `surprise`, `entropy`, `confidence` stand beneath the tokens.
        heard: number of the last question that was heard, 0 before the first.
        on_ask: called before the rerun; `app.browse.asked_in` reads what `session_state[key]` then holds.
    """
    data = {**all_visible(reading, but={"end", "id", "before", "after"}), "tree": tree, "strips": list(strips)}
    _mount(key=key, data={**data, "at": at, "heard": heard, "stamp": stamp(data)}, on_asked_change=on_ask)
