"""Laws that a method declares to obey; the tests hold every registered method to its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from treecore.registry.params import Value


class Scales(NamedTuple):
    """Rewards times `f` give the signal times `f ** power`, with these settings."""

    power: int
    settings: Mapping[str, Value] = {}


class Vanishing(NamedTuple):
    """A sum of the signal that is 0.

    Attributes:
        column: `credit`, `tokens`, or a column of leaves or of nodes; sums leave out what is NaN.
        over: the scored leaves of each `prompt` or `tree` that has two or more, the `siblings` of each fork, or all of
            the `batch`.
        times: what each value counts for: `tokens` or `steps` of its trajectory, `leaves` beneath it; once if empty.
        settings: with which it holds.
    """

    column: str
    over: Literal["prompt", "tree", "siblings", "batch"]
    times: Literal["", "tokens", "steps", "leaves"] = ""
    settings: Mapping[str, Value] = {}


class Worked(NamedTuple):
    """A forest small enough to work out by hand, and the credit that comes out with these settings.

    Attributes:
        parent, reward, credit: `[N]`; NaN where no reward is assigned, and where no credit is.
        settings: those that are not the defaults.
    """

    parent: tuple[int, ...]
    reward: tuple[float, ...]
    credit: tuple[float, ...]
    settings: Mapping[str, Value] = {}


@dataclass(frozen=True)
class Laws:
    """What holds of a method beyond what holds of all.

    Attributes:
        shift_free: the settings with which the signal depends on differences of rewards only, in groups of two or more;
            None where that is not so.
        scales: how the signal follows the scale of rewards; None where nothing is promised.
        ordered: the order of rows decides between equals.
        silent: leaves some steps above scored leaves without a signal: nothing to compare with, or no way to an end.
        textual: judges what a step says and not where it led.
        level: the settings with which the signal is a level above 0, such as a confidence, and no gain or loss: its
            colours span its values; None where it has a sign.
        vanishing: sums that are 0.
        averages: makes its credit of means of outcomes, and so returns their `stderr`; False of methods that threshold,
            search, read labels, compare texts or look at confidence.
        worked: examples worked out by hand; what shows that a method without an oracle in `tests/oracles` is right.
    """

    shift_free: Mapping[str, Value] | None = field(default=None, hash=False)
    scales: Scales | None = field(default=None, hash=False)
    ordered: bool = False
    silent: bool = False
    textual: bool = False
    level: Mapping[str, Value] | None = field(default=None, hash=False)
    vanishing: tuple[Vanishing, ...] = field(default=(), hash=False)
    averages: bool = True
    worked: tuple[Worked, ...] = field(default=(), hash=False)


NONE_OWN = Laws()
"""Nothing beyond what holds of all."""
