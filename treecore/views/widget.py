"""The trees in a notebook: the canvas and the inspector of the app as an anywidget."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from treecore.bundled import app_dir
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.given import first_forest
from treecore.errors import MethodError
from treecore.methods.registry import Credit
from treecore.views.frame import position_in
from treecore.views.inspector.inspection import inspect, readable, without_method
from treecore.views.page import Page, parts_script
from treecore.views.scene.part import encodable
from treecore.views.sources import closed

if TYPE_CHECKING:
    import anywidget

HEIGHT = 520


def show(
    forest: Forest | Iterable[Forest], credit: Credit | None = None, *, height: int = HEIGHT
) -> anywidget.AnyWidget:
    """The interactive trees, with an inspector and the film beside them; in Jupyter, VS Code, marimo and Colab.

    `selected` of the widget is the id of the selected step as text, None for none; set it, or `observe` it.

    Args:
        forest: what to draw; of several the first, with a warning.
        credit: computed on this forest, alone or in a batch; None shows words alone.
        height: of the trees, in pixels.

    Raises:
        MethodError: anywidget is not installed, or the forest has more steps than a page can hold.
        ForestError: the credit was computed on other forests, or no forest is given.
    """
    forest = first_forest(forest)
    own = None if credit is None else credit.of(position_in(credit, forest))
    shown = Forests(forest) if own is None else own.forests
    made: anywidget.AnyWidget = widget_class()(Page(shown, own, ends=None if credit is None else credit.ends), height)
    return made


@cache
def widget_class() -> Any:
    """The class of the widget, made once anywidget is wanted.

    Raises:
        MethodError: anywidget is not installed.
    """
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        todo = "pip install 'treecore[notebook]'"
        raise MethodError("notebooks draw with anywidget, which is not installed", todo=todo) from error

    class TreeWidget(anywidget.AnyWidget):
        """One forest on show."""

        _esm = script()
        index = traitlets.Unicode("null").tag(sync=True)
        forest = traitlets.Unicode("null").tag(sync=True)
        look = traitlets.Unicode("null").tag(sync=True)
        film = traitlets.Unicode("[]").tag(sync=True)
        inspection = traitlets.Unicode("null").tag(sync=True)
        height = traitlets.Int(HEIGHT).tag(sync=True)
        selected = traitlets.Unicode(None, allow_none=True).tag(sync=True)

        def __init__(self, page: Page, height: int) -> None:
            index, parts = page.on_one()
            super().__init__(index=index.decode(), height=height, **{name: part.decode() for name, part in parts})
            self._shown = page.forests[0]
            self._credit = page.credit or without_method(page.forests[0])

        @traitlets.observe("selected")
        def _tell(self, change: Any) -> None:
            rows = {encodable(str(name)): row for row, name in enumerate(self._shown.node_id)}
            row = rows.get(change["new"])
            self.inspection = "null" if row is None else orjson.dumps(readable(inspect(self._credit, row))).decode()

    return TreeWidget


@cache
def script() -> str:
    """The module that a notebook loads."""
    run = closed(app_dir() / "page" / "widget.js")
    render = "({model,el})=>widget.run({model,el,parts})"
    return f"const parts={parts_script()};\nconst widget={run};\nexport default{{render:{render}}};\n"
