"""Elements of an SVG file, and how wide text is without a font at hand. Lengths are in points."""

from __future__ import annotations

import unicodedata

from treecore.views.labels import ELLIPSIS, graphemes
from treecore.views.xml_text import escaped

SANS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
NARROW, WIDE_LETTERS = set("fijlrtI.,:;'!|()[]/ -"), set("mwMWQOGDCHNU@%—–…→")
SHARES = (0.4, 0.61, 0.95, 1.05)
"""Share of the font size that a narrow, common, broad and full-width character takes, at most, in common fonts."""


def width_of(text: str, size: float) -> float:
    """About how wide a text is, rather more than less."""
    return size * sum(map(_share, text))


def _share(letter: str) -> float:
    narrow, common, broad, full = SHARES
    if unicodedata.combining(letter) or unicodedata.category(letter) == "Mn":
        return 0.0
    if letter in NARROW:
        return narrow
    if unicodedata.east_asian_width(letter) in "WF":
        return full
    return broad if letter in WIDE_LETTERS else common


def cut_to(text: str, room: float, *, size: float) -> str:
    """The text, or its beginning and an ellipsis, within `room`; "" where not even two characters fit."""
    if width_of(text, size) <= room:
        return text
    kept = ""
    for letter in graphemes(text):
        if width_of(kept + letter + ELLIPSIS, size) > room:
            break
        kept += letter
    return kept.rstrip() + ELLIPSIS if len(kept) > 1 else ""


def wrapped(text: str, room: float, *, size: float, lines: int = 3) -> list[str]:
    """At most so many lines within `room`, the last one cut."""
    found: list[str] = []
    left = text.split()
    while left and len(found) < lines:
        if len(found) == lines - 1:
            found.append(cut_to(" ".join(left), room, size=size))
            break
        count = 1
        while count < len(left) and width_of(" ".join(left[: count + 1]), size) <= room:
            count += 1
        found.append(cut_to(" ".join(left[:count]), room, size=size))
        left = left[count:]
    return [line for line in found if line]


def number(value: float) -> str:
    """A length, shortly."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def text(said: str, x: float, y: float, *, fill: str, size: float, anchor: str = "start", bold: bool = False) -> str:
    """A line of text, its baseline at `y`."""
    weight = ' font-weight="600"' if bold else ""
    at = f'x="{number(x)}" y="{number(y)}"'
    return f'<text {at} font-size="{number(size)}" fill="{fill}" text-anchor="{anchor}"{weight}>{escaped(said)}</text>'


def path(shape: str, *, stroke: str, width: float = 1.0) -> str:
    """A line that is not filled."""
    return (
        f'<path d="{shape}" fill="none" stroke="{stroke}" stroke-width="{number(width)}" stroke-linecap="round"'
        ' stroke-linejoin="round"/>'
    )


def circle(x: float, y: float, *, r: float, fill: str, stroke: str = "none", width: float = 1.0) -> str:
    """A disc or a ring."""
    at = f'cx="{number(x)}" cy="{number(y)}" r="{number(r)}"'
    return f'<circle {at} fill="{fill}" stroke="{stroke}" stroke-width="{number(width)}"/>'


def diamond(x: float, y: float, *, r: float, fill: str, stroke: str = "none", width: float = 1.0) -> str:
    """A square on one of its corners."""
    far = 1.2 * r
    corners = ((x, y - far), (x + far, y), (x, y + far), (x - far, y))
    at = "L".join(f"{number(across)} {number(down)}" for across, down in corners)
    return f'<path d="M{at}Z" fill="{fill}" stroke="{stroke}" stroke-width="{number(width)}"/>'


def square(x: float, y: float, *, r: float, fill: str, stroke: str = "none", width: float = 1.0) -> str:
    """A square around a point, its corners a little rounded."""
    at = f'x="{number(x - r)}" y="{number(y - r)}" width="{number(2 * r)}" height="{number(2 * r)}"'
    return f'<rect {at} rx="1" fill="{fill}" stroke="{stroke}" stroke-width="{number(width)}"/>'
