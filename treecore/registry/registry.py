"""`Registry`: things by name, those of installed plug-ins included. Knows nothing of what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint
from typing import Protocol, TypeVar

from treecore.errors import MethodError, TreecoreError
from treecore.registry.plugins import installed, warn_of


class HasName(Protocol):
    """Whatever can be registered."""

    @property
    def name(self) -> str: ...


Item = TypeVar("Item", bound=HasName)


class Registry(MutableMapping[str, Item]):
    """Items by name, in the order in which they were added.

    Args:
        what: what one of them is called in messages.
        home: module that registers the bundled ones when it is imported, at the first look into the table; "" where
            whoever can import the table has imported that module.
        group: entry points whose import registers the items of plug-ins, looked for when the table is listed or a name
            is not in it; "" where plug-ins add nothing.
        adopt: what becomes of an entry point of the group, in place of importing it; for items that name code to be
            imported when it is wanted.
        error: kind of error that is raised.
    """

    def __init__(
        self,
        what: str,
        *,
        home: str = "",
        group: str = "",
        adopt: Callable[[EntryPoint], Item] | None = None,
        error: type[TreecoreError] = MethodError,
    ) -> None:
        self.what, self.home, self.group, self.error = what, home, group, error
        self._adopt = adopt
        self._items: dict[str, Item] = {}

    def add(self, item: Item) -> None:
        """Put in one more.

        Raises:
            TreecoreError: the name is taken; of the registry's own kind.
        """
        if item.name in self._items:
            raise self.error(f"there are two of one name: {self.what} {item.name!r}", todo="rename one")
        self._items[item.name] = item

    def find(self, name: str) -> Item:
        """An item by name.

        Raises:
            TreecoreError: unknown name; lists the known ones; of the registry's own kind.
        """
        if name not in self:
            near = get_close_matches(name, self, n=1)
            guess = f"did you mean {near[0]!r}? " if near else ""
            raise self.error(f"no {self.what} {name!r}", todo=f"{guess}known: " + ", ".join(sorted(self)))
        return self[name]

    def __getitem__(self, name: str) -> Item:
        if name not in self._items:
            self._complete()
        return self._items[name]

    def __setitem__(self, name: str, item: Item) -> None:
        self._items[name] = item

    def __delitem__(self, name: str) -> None:
        del self._items[name]

    def __iter__(self) -> Iterator[str]:
        self._complete()
        return iter(self._items)

    def __len__(self) -> int:
        self._complete()
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        if name not in self._items:
            self._complete()
        return name in self._items

    def _complete(self) -> None:
        """Register what was not looked for yet: the bundled items, then those of plug-ins."""
        if self.home:
            home, self.home = self.home, ""
            import_module(home)
        if self.group:
            group, self.group = self.group, ""
            for point in installed(group):
                self._plug_in(point)

    def _plug_in(self, point: EntryPoint) -> None:
        before = dict(self._items)
        try:
            if self._adopt is None:
                point.load()
            else:
                self.add(self._adopt(point))
        except (Exception, SystemExit) as error:
            self._items = before
            warn_of(point, error)
