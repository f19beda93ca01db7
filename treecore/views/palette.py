"""The colours of all pictures, and how a number becomes one. The scripts of the app read `palette.json` as well."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

from treecore.methods.registry import Ends

PALETTE_FILE = Path(__file__).parent / "palette.json"
STOPS = 16
"""Straight pieces on each side of zero by which a colour scale follows its curve."""
_READ = json.loads(PALETTE_FILE.read_text(encoding="utf-8"))
INKS: list[str] = _READ["inks"]
"""Black and white, of words on any colour."""
POWER: float = _READ["power"]
"""Exponent on `|value| / limit`: below 1, small credit is seen to differ from none."""


@dataclass(frozen=True)
class Palette:
    """Colours of one theme, as `#RRGGBB`.

    Attributes:
        positive, zero, negative: of credit; pale, strong: of a fork that decides the last words or everything.
        coarse, fine: of granularity beside credit; low, high: ends of other scales.
        fill, on_fill: of what is pressed or chosen, and of words on it; positive_ink, negative_ink: of numbers.
    """

    background: str
    ink: str
    muted: str
    hairline: str
    panel: str
    edge: str
    accent: str
    positive: str
    zero: str
    negative: str
    strong: str
    pale: str
    coarse: str
    fine: str
    neutral: str
    low: str
    high: str
    fill: str
    on_fill: str
    positive_ink: str
    negative_ink: str

    def governing(self, share: float) -> str:
        """Colour of a fork that decides so much of a trajectory, 0 to 1, as the canvas draws it."""
        return mix(self.pale, self.strong, share)

    def diverging(self) -> list[tuple[float, str]]:
        """Colour scale of credit over [-limit, limit] as Plotly takes it, symmetric about zero."""
        reach = [(k / STOPS) ** (1 / POWER) for k in range(STOPS + 1)]
        below = [(0.5 - at / 2, self.credit(-at, 1.0)) for at in reversed(reach)]
        return below + [(0.5 + at / 2, self.credit(at, 1.0)) for at in reach[1:]]

    def on_scale(self, value: float, ends: Ends) -> str:
        """Colour of a credit, as the canvas draws it."""
        share = ends.share(value)
        return self.credit(share, 1.0) if ends.signed else mix(self.low, self.high, share)

    def scale(self, ends: Ends) -> list[tuple[float, str]]:
        """The colour scale between two ends as Plotly takes it."""
        return self.diverging() if ends.signed else [(0.0, self.low), (1.0, self.high)]

    def credit(self, value: float, limit: float) -> str:
        """Colour of a credit on a scale that ends at `limit`."""
        share = min(1.0, abs(value) / limit) ** POWER
        return mix(self.zero, self.negative if value < 0 else self.positive, share)


def ink_on(colour: str) -> str:
    """Black or white, whichever is easier to read on a colour: a contrast of 4.5 at least, whatever the colour."""
    return max(INKS, key=lambda ink: contrast(ink, colour))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours as WCAG 2 defines it, 1 to 21."""
    dark, light = sorted((brightness(one), brightness(other)))
    return (light + 0.05) / (dark + 0.05)


def brightness(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it, 0 to 1."""
    linear = [c / 12.92 if (c := channel / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for channel in rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def mix(low: str, high: str, share: float) -> str:
    """Between two colours, 0 the first and 1 the second."""
    channels = zip(rgb(low), rgb(high), strict=True)
    return "#" + "".join(f"{int(a + (b - a) * share + 0.5):02X}" for a, b in channels)


def rgb(colour: str) -> tuple[int, int, int]:
    """`#RRGGBB` as three numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _theme(name: str) -> Palette:
    return Palette(**{field.name: _READ[name][field.name] for field in fields(Palette)})


LIGHT, DARK = _theme("light"), _theme("dark")
