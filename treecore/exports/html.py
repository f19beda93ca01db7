"""`html`: one page that shows the trees as the app does, to send or to keep beside a paper."""

from __future__ import annotations

from treecore.core.batch import Forests
from treecore.exports.registry import Exported, export_kind
from treecore.methods import Credit


@export_kind(name="html", title="page of its own", endings=(".html",))
def html(forests: Forests, credit: Credit | None, ending: str, *, title: str = "") -> Exported:
    """One self-contained page: the trees, what is said of each step, and with a method its numbers and film.

    It works from a file without a network and cannot load anything.

    Args:
        title: of the page; the first prompt by default.
    """
    from treecore.views.page import LEFT_OUT, Page

    page = Page(forests, credit, title=title)
    chunks = page.chunks()
    return Exported(chunks, len(forests.parent), "steps", (LEFT_OUT,) if page.without_film else ())
