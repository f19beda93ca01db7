"""A table of registered things, each under its own name. Knows nothing of what they are."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Protocol, TypeVar

from treecore.errors import MethodError


class HasName(Protocol):
    """Whatever can be registered."""

    @property
    def name(self) -> str: ...


Item = TypeVar("Item", bound=HasName)


class Named(dict[str, Item]):
    """Items by name, in the order in which they were added.

    Args:
        what: what one of them is called in messages.
    """

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what

    def add(self, item: Item) -> None:
        """Put in one more.

        Raises:
            MethodError: the name is taken.
        """
        if item.name in self:
            raise MethodError(f"there are two of one name: {self.what} {item.name!r}", todo="rename one")
        self[item.name] = item

    def find(self, name: str) -> Item:
        """An item by name.

        Raises:
            MethodError: unknown name; lists the known ones.
        """
        if name not in self:
            near = get_close_matches(name, self, n=1)
            guess = f"did you mean {near[0]!r}? " if near else ""
            raise MethodError(f"no {self.what} {name!r}", todo=f"{guess}known: " + ", ".join(sorted(self)))
        return self[name]
