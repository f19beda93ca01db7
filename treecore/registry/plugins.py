"""Plug-ins of installed packages: Python entry points in a group such as `treecore.methods`.

Only what is installed is imported, all of a group at once and once a process; a name that someone sends imports
nothing. One that fails is one warning, and whatever it registered before it failed is taken back.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points


class PluginWarning(UserWarning):
    """An installed plug-in cannot be used."""


def is_bundled(function: Callable[..., object]) -> bool:
    """Whether a function is part of this package, not of a plug-in."""
    return function.__module__.startswith("treecore.")


def installed(group: str) -> Iterator[EntryPoint]:
    """The entry points of a group by name, those of one name and value once."""
    seen = set()
    for point in sorted(entry_points(group=group), key=lambda one: (one.name, one.value)):
        if (point.name, point.value) not in seen:
            seen.add((point.name, point.value))
            yield point


def warn_of(point: EntryPoint, error: BaseException) -> None:
    """Say in one sentence that a plug-in is left out, and why."""
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    package = f" of {point.dist.name}" if point.dist is not None else ""
    warnings.warn(f"{point.group}: plug-in {point.name!r}{package} is left out: {reason}", PluginWarning, stacklevel=2)
