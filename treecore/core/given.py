"""What is given where forests are wanted: one, or several as `read` gives them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from treecore.core.forest import Forest
from treecore.core.numerals import counted
from treecore.errors import ForestError


class SeveralForestsWarning(UserWarning):
    """Several forests were given where one is drawn."""


def all_forests(given: Forest | Iterable[Forest]) -> list[Forest]:
    """One or more.

    Raises:
        ForestError: it is something else, or there is none.
    """
    if isinstance(given, Forest):
        return [given]
    found: list[object] = list(given) if isinstance(given, Iterable) else [given]
    forests = [one for one in found if isinstance(one, Forest)]
    if len(forests) < len(found):
        kind = next(type(one).__name__ for one in found if not isinstance(one, Forest))
        raise ForestError(f"{kind} is no forest", todo="give what treecore.read or treecore.rollout gives")
    if not forests:
        raise ForestError("there is no forest in it", todo="give at least one")
    return forests


def first_forest(given: Forest | Iterable[Forest]) -> Forest:
    """The first, with a warning where there are more. Errors as in `all_forests`."""
    first, *others = all_forests(given)
    if others:
        said = f"the first of {counted(len(others) + 1, 'forest')} is drawn; give another one as forests[1]"
        warnings.warn(said, SeveralForestsWarning, stacklevel=3)
    return first
