"""The colours of all pictures, and how a number becomes one. The scripts of the app read `palette.json` as well."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

PALETTE_FILE = Path(__file__).parent / "palette.json"
STOPS = 16
"""Straight pieces on each side of zero by which a colour scale follows its curve."""
_READ = json.loads(PALETTE_FILE.read_text(encoding="utf-8"))
POWER: float = _READ["power"]
"""Exponent on `|value| / limit`: below 1, small credit is told from none."""


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

    def diverging(self) -> list[tuple[float, str]]:
        """Colour scale of credit over [-limit, limit] as Plotly takes it, symmetric about zero."""
        reach = [(k / STOPS) ** (1 / POWER) for k in range(STOPS + 1)]
        below = [(0.5 - at / 2, self.credit(-at, 1.0)) for at in reversed(reach)]
        return below + [(0.5 + at / 2, self.credit(at, 1.0)) for at in reach[1:]]

    def credit(self, value: float, limit: float) -> str:
        """Colour of a credit on a scale that ends at `limit`."""
        share = min(1.0, abs(value) / limit) ** POWER
        return mix(self.zero, self.negative if value < 0 else self.positive, share)


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
