"""`svg` and `png`: a figure of one forest, for papers and slides."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Annotated, Literal

from treecore.core.batch import Forests
from treecore.core.numerals import whole
from treecore.errors import MethodError
from treecore.exports.registry import Exported, export_kind
from treecore.methods import Credit
from treecore.registry.params import Bounds
from treecore.views.palette import DARK, LIGHT

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
TIMEOUT_S = 60
PIXELS_A_MM = 96 / 25.4
MAX_PIXELS = 100_000_000
"""Of a picture, which a browser holds whole, several times."""
HEIGHT = re.compile(r'height="([\d.]+)mm"')

_one_at_a_time = threading.Lock()
"""A browser takes hundreds of megabytes."""

Theme = Literal["light", "dark"]
Width = Annotated[float, Bounds(60, 1000)]


@export_kind(name="svg", title="figure of one forest", endings=(".svg",))
def svg(
    forests: Forests, credit: Credit | None, ending: str, *, width: Width = 170.0, theme: Theme = "light"
) -> Exported:
    """The trees of one forest, drawn for print: text stays text, colours are those of the app.

    Args:
        width: of the figure in millimetres; 170 is the text of a page of A4.
        theme: light on nothing, or dark on a dark ground.
    """
    return Exported([figure(forests, credit, width, theme).encode()], len(forests.parent), "steps")


@export_kind(name="png", title="picture of one forest", endings=(".png",))
def png(
    forests: Forests,
    credit: Credit | None,
    ending: str,
    *,
    width: Width = 170.0,
    theme: Theme = "light",
    scale: Annotated[float, Bounds(0.5, 8)] = 3.0,
) -> Exported:
    """The same as pixels, by a Chromium or Chrome of this machine (in PATH, or named in TREECORE_BROWSER).

    Args:
        width: of the figure in millimetres.
        theme: light or dark.
        scale: pixels a CSS pixel; 3 is about 290 dots an inch.
    """
    drawn = figure(forests, credit, width, theme)
    return Exported([pixels(drawn, width=width, scale=scale)], len(forests.parent), "steps")


def figure(forests: Forests, credit: Credit | None, width: float, theme: str) -> str:
    """The drawing.

    Raises:
        MethodError: several forests, or one that is too large.
    """
    from treecore.views.prompted import prompted
    from treecore.views.svg import drawing

    if len(forests) != 1:
        raise MethodError(f"a figure shows one forest, here are {len(forests)}", todo="choose one with --forest ID")
    forests, own = prompted(forests, None if credit is None else credit.of(0))
    return drawing(forests[0], own, LIGHT if theme == "light" else DARK, width_mm=width, filled=theme == "dark")


def pixels(drawn: str, *, width: float, scale: float) -> bytes:
    """An SVG as PNG.

    Raises:
        MethodError: there is no browser here, it does not draw, or the picture would be too large.
    """
    found = HEIGHT.search(drawn)
    height = float(found[1]) if found else width
    asked = round(width * PIXELS_A_MM * scale) * round(height * PIXELS_A_MM * scale)
    if asked > MAX_PIXELS:
        todo = "give a smaller width or scale, or export svg"
        raise MethodError(f"a picture of {whole(asked)} pixels, and at most {whole(MAX_PIXELS)} are drawn", todo=todo)
    named = os.environ.get("TREECORE_BROWSER")
    browser = named or next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        todo = "install one, name it in TREECORE_BROWSER, or export svg, which needs none"
        raise MethodError("a PNG is drawn by Chromium or Chrome, and none is in PATH", todo=todo)
    size = f"--window-size={round(width * PIXELS_A_MM)},{round(height * PIXELS_A_MM)}"
    with tempfile.TemporaryDirectory() as folder:
        page, picture = Path(folder, "figure.html"), Path(folder, "figure.png")
        page.write_text(
            f"<!DOCTYPE html><meta charset=utf-8><style>body{{margin:0}}svg{{display:block}}</style>{drawn}"
        )
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", size]
        command += [f"--force-device-scale-factor={scale:g}", f"--user-data-dir={folder}/profile"]
        command += [f"--screenshot={picture}", page.as_uri()]
        try:
            with _one_at_a_time:
                done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MethodError(f"the browser did not draw: {error}", where=browser, todo="export svg") from error
        if not picture.exists():
            reason = f"the browser ended with {done.returncode} and drew nothing"
            raise MethodError(reason, where=browser, todo="export svg, which needs none")
        return picture.read_bytes()
