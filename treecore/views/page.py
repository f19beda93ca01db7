"""A page of its own that draws forests as the app does: one HTML file with everything in it, which asks for nothing.

Data stands in elements that no browser runs, and the policy of the page lets only its one script run and nothing be
loaded. The script puts every word in as text.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from typing import Any, TypedDict

import orjson

from treecore.analysis.frames import Frame
from treecore.analysis.stages import frames
from treecore.bundled import app_dir
from treecore.core.batch import Forests
from treecore.core.edit import changed_note
from treecore.core.forest import Forest
from treecore.core.step_text import plain
from treecore.errors import MethodError
from treecore.methods.registry import Credit, Ends, get_method
from treecore.views.inspector.cards import NAMES
from treecore.views.inspector.inspection import equation_rows, inspect, readable, without_method
from treecore.views.inspector.mathml import Mark
from treecore.views.labels import cut
from treecore.views.prompted import prompted
from treecore.views.scene import make_scene
from treecore.views.scene.film import lane_of, stage_of
from treecore.views.scene.part import encodable, safe
from treecore.views.sources import closed, colours, style

MAX_STEPS = 5_000
MAX_BYTES = 60_000_000
MAX_FILM = 60_000
"""Steps of a page, bytes of it, and steps times pictures of one film."""
TITLE = 90
LEFT_OUT = "films of large forests are left out"


class PageForest(TypedDict):
    """What the list of forests says of one."""

    title: str
    note: str


class PageIndex(TypedDict):
    """What a page says of itself."""

    title: str
    method: str
    names: dict[str, str]
    note: str
    forests: list[PageForest]


class PageShot(TypedDict):
    """One picture of the film; of its look only what differs from the whole picture."""

    stage: str
    sentence: str
    numbers: list[tuple[str, str]]
    name: str
    equation: Sequence[Mark]
    look: dict[str, Any]


class Page:
    """The content of a page.

    Attributes:
        forests: what is on it.
        credit: of these forests; None for words alone.
        title: of the page; ends: of the colour scale of all forests, the credit's own by default.
    """

    def __init__(
        self, forests: Forests, credit: Credit | None = None, *, title: str = "", ends: Ends | None = None
    ) -> None:
        """Check that a page can hold this.

        Raises:
            MethodError: too many steps.
        """
        forests, credit = prompted(forests, credit)
        steps = len(forests.parent)
        if steps > MAX_STEPS:
            todo = "choose one forest with --forest ID, or share the file itself"
            raise MethodError(f"a page holds at most {MAX_STEPS:,} steps, here are {steps:,}", todo=todo)
        self.forests, self.credit = forests, credit
        self.ends = ends or (None if credit is None else credit.ends)
        self.title = cut(plain(title or forests[0].prompt), TITLE) or "Reasoning trees"
        self.without_film = 0

    def chunks(self) -> list[bytes]:
        """The file.

        Raises:
            MethodError: it would be too large.
        """
        written, size = [opening()], 0
        for number in range(len(self.forests)):
            for name, content in self._parts(number):
                written.append(data_element(f"{name}-{number}", content))
                size += len(written[-1])
                if size > MAX_BYTES:
                    todo = "choose one forest with --forest ID"
                    raise MethodError(f"the page would be larger than {MAX_BYTES // 1_000_000} MB", todo=todo)
        return [*written, data_element("index", orjson.dumps(self._index())), closing()]

    def on_one(self) -> tuple[bytes, list[tuple[str, bytes]]]:
        """Index and parts of the first forest, without what is said of its steps."""
        parts = list(self._parts(0, steps=False))
        return orjson.dumps(self._index()), parts

    def _index(self) -> PageIndex:
        method = "" if self.credit is None or not self.credit.method else get_method(self.credit.method).title
        return {
            "title": safe(self.title),
            "method": f"Credit: {method}" if method else "",
            "names": NAMES,
            "note": safe("; ".join(filter(None, [changed_note(self.forests), LEFT_OUT if self.without_film else ""]))),
            "forests": [page_forest(forest, number) for number, forest in enumerate(self.forests)],
        }

    def _parts(self, number: int, *, steps: bool = True) -> Iterator[tuple[str, bytes]]:
        """Name and JSON of the parts of one forest: `forest`, `look`, `film`, `steps`."""
        forest = self.forests[number]
        credit = None if self.credit is None else self.credit.of(number)
        scene = make_scene(forest, credit, ends=self.ends)
        yield "forest", scene.forest.body
        yield "look", scene.look.body
        yield "film", orjson.dumps(self._film(forest, credit))
        if steps:
            yield "steps", orjson.dumps(inspections(forest, credit))

    def _film(self, forest: Forest, credit: Credit | None) -> list[PageShot]:
        """The pictures, empty without credit and for large forests."""
        if credit is None or self.ends is None:
            return []
        shots = frames(credit)
        if len(shots) * len(forest) > MAX_FILM:
            self.without_film += 1
            return []
        base = orjson.loads(make_scene(forest, credit, ends=self.ends).look.body)
        lane = lane_of(shots)
        found = []
        for frame in shots:
            look = orjson.loads(make_scene(forest, credit, ends=self.ends, stage=stage_of(frame, lane)).look.body)
            changed = {name: values for name, values in look.items() if values != base[name]}
            found.append(shot(frame, changed, self.ends))
        return found


def page_forest(forest: Forest, number: int) -> PageForest:
    """What the list of forests says of one."""
    said = cut(plain(forest.prompt), TITLE)
    name = forest.id or f"forest {number}"
    return {"title": safe(f"{cut(name, TITLE)}: {said}" if said else name), "note": safe(said)}


def inspections(forest: Forest, credit: Credit | None) -> dict[str, Any]:
    """Id -> everything that is said of that step."""
    own = credit or without_method(forest)
    return {encodable(str(name)): readable(inspect(own, row)) for row, name in enumerate(forest.node_id)}


def shot(frame: Frame, look: dict[str, Any], ends: Ends) -> PageShot:
    """One picture of the film, with what of its look differs from the whole picture."""
    example = frame.example
    return {
        "stage": safe(frame.part or frame.stage),
        "sentence": safe(frame.sentence),
        "numbers": [(safe(name), safe(value)) for name, value in frame.numbers.items()],
        "name": "" if example is None else safe(example.name),
        "equation": [] if example is None else equation_rows(example.line, ends),
        "look": look,
    }


def data_element(name: str, content: bytes) -> bytes:
    """JSON in an element that is not run: no `<` in it can end the element."""
    inside = content.replace(b"<", b"\\u003c").replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")
    return b'<script type="application/json" id="%s">%s</script>\n' % (name.encode(), inside)


@cache
def parts_script() -> str:
    """An object of what a board needs: canvas, panel, styles."""
    app = app_dir()
    sheets = {
        "canvas": style(app / "canvas" / "canvas.css"),
        "page": colours(":host") + style(app / "panel" / "panel.css") + style(app / "page" / "board.css"),
    }
    canvas, panel = closed(app / "canvas" / "js" / "main.js"), closed(app / "panel" / "panel.js")
    return f"{{canvas:{canvas},panel:{panel}.run,styles:{orjson.dumps(sheets).decode()}}}"


@cache
def page_script() -> str:
    """The one script of the page."""
    return f"{closed(app_dir() / 'page' / 'page.js')}.run({parts_script()});".replace("</", "<\\/")


@cache
def opening() -> bytes:
    """The page up to its data, its policy among it."""
    digest = base64.b64encode(hashlib.sha256(page_script().encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; base-uri 'none'; "
        "form-action 'none'"
    )
    sheet = colours(":root") + style(app_dir() / "page" / "page.css")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<title>Reasoning trees</title>\n'
        f"<style>{sheet}</style>\n</head>\n<body>\n"
    ).encode()


@cache
def closing() -> bytes:
    """The script and the end."""
    return f'<script type="module">{page_script()}</script>\n</body>\n</html>\n'.encode()
