"""Laws that a method declares to obey; the tests hold every registered method to its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from treecore.registry.params import Value


class Scales(NamedTuple):
    """Rewards times `f` give the signal times `f ** power`, with these settings."""

    power: int
    settings: Mapping[str, Value] = {}


@dataclass(frozen=True)
class Laws:
    """What holds of a method beyond what holds of all.

    Attributes:
        shift_free: the settings with which the signal depends on differences of rewards only, in groups of two or more;
            None where that is not so.
        near_zero: whitens as its reference does, which leaves about 1e-4 of equal numbers and not exactly nothing.
        scales: how the signal follows the scale of rewards; None where nothing is promised.
        ordered: the order of rows decides between equals.
        silent: leaves some steps above scored leaves without a signal: nothing to compare with, or no way to an end.
        textual: judges what a step says and not where it led.
    """

    shift_free: Mapping[str, Value] | None = field(default=None, hash=False)
    near_zero: bool = False
    scales: Scales | None = field(default=None, hash=False)
    ordered: bool = False
    silent: bool = False
    textual: bool = False


NONE_OWN = Laws()
"""Nothing beyond what holds of all."""
