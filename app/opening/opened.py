"""What is open, for as long as some session holds it, and what was computed from it, within bounds of bytes.

Sessions that open the same content share it; when the last one leaves, it goes, and all that was computed with it.
Knows no session.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from app.opening.draft import Draft
from treecore import quotas
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.numerals import plain
from treecore.core.topology import Topology
from treecore.errors import TreecoreError
from treecore.formats import ReadReport

KEPT_BYTES = 128_000_000
"""Bytes of credits, films and findings that are kept for one file."""
INPUTS = (Forest, Forests, Topology, ReadReport)


class ResultCache:
    """Results that were used last, up to a number of bytes; the last one in any case.

    Args:
        most: bytes.
    """

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self._most, self._bytes = most, 0
        self._found: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._found)

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The result of `make`, called again only where it is not kept.

        Raises:
            Exception: whatever `make` raises; the next who asks tries again.
        """
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key][0]
        made = make()
        size = held_bytes(made)
        with self._lock:
            if key not in self._found:
                self._found[key] = (made, size)
                self._bytes += size
            while self._bytes > self._most and len(self._found) > 1:
                _, (_, size) = self._found.popitem(last=False)
                self._bytes -= size
            return self._found[key][0] if key in self._found else made


@dataclass(frozen=True, eq=False)
class Opened:
    """What is open now.

    Attributes:
        key: digest of the content, for caches and canvas state.
        title: for people; sample: name of the bundled sample, "" for anything else.
        forests: the batch; report: what reading it found.
        note: what to look for, for samples.
        origin: the place that forests were taken from one by one, as the address names it; "" for none.
        table: it was read from, where its columns can be named anew.
        kept: what was computed from it.
        size: bytes that the forests take, about.
    """

    key: str
    title: str
    forests: Forests
    report: ReadReport | None = None
    sample: str = ""
    note: str = ""
    origin: str = ""
    table: Draft | None = None
    kept: ResultCache = field(default_factory=ResultCache)
    size: int = 0


class Shelf:
    """All that is open in any session, and no more.

    Args:
        most: bytes that all of it may take; the operator's number by default.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._open: WeakValueDictionary[Hashable, Opened] = WeakValueDictionary()

    def find(self, key: Hashable) -> Opened | None:
        """What somebody has opened already."""
        return self._open.get(key)

    def put(self, key: Hashable, opened: Opened) -> Opened:
        """Share what was opened; gives what somebody else opened meanwhile.

        Raises:
            TreecoreError: more is open than this server holds.
        """
        others = [one for one in list(self._open.values()) if one is not opened]
        most = quotas.OPEN_BYTES.most if self._most is None else self._most
        if sum(one.size for one in others) + opened.size > most:
            held = plain(round(sum(one.size for one in others) / 1e9, 1), 1)
            raise TreecoreError(
                f"others have {held} GB open on this server",
                where=opened.title,
                todo="try again when somebody has left, or open a smaller file",
            )
        return self._open.setdefault(key, opened)

    def __len__(self) -> int:
        return len(self._open)


def held_bytes(value: Any) -> int:
    """Bytes of arrays and texts that a result holds; those of the forests it was computed from left out."""
    return sum(size for _, size in sizes(value, set()))


def sizes(value: Any, seen: set[int]) -> Iterator[tuple[int, int]]:
    """Identity and bytes of everything inside a value, each once."""
    stack = [value]
    while stack:
        item = stack.pop()
        if id(item) in seen or item is None or isinstance(item, (*INPUTS, type)):
            continue
        seen.add(id(item))
        if isinstance(item, np.ndarray):
            yield id(item), item.nbytes
        elif isinstance(item, str):
            yield id(item), 50 + len(item)
        elif isinstance(item, dict):
            yield id(item), 100 * len(item)
            stack.extend(item.values())
        elif isinstance(item, list | tuple):
            yield id(item), 8 * len(item)
            stack.extend(item)
        elif hasattr(item, "__dict__") and not callable(item):
            stack.extend(vars(item).values())
