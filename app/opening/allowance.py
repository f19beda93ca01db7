"""How many bytes visitors hold: files, tables, merged trees, exports. Knows no session.

A claim counts for as long as somebody holds it, so what a session held is given back when it is gone.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from weakref import WeakSet

from treecore import quotas
from treecore.errors import TreecoreError


@dataclass(frozen=True, eq=False)
class Claim:
    """Bytes that a visitor holds.

    Attributes:
        owner: the visitor; "" for who is bounded by nothing but the bytes of all.
        key: of the content, which counts once however many hold it.
        size: bytes.
    """

    owner: str
    key: Hashable
    size: int


class Allowance:
    """The claims of all visitors."""

    def __init__(self) -> None:
        self._claims: WeakSet[Claim] = WeakSet()
        self._lock = threading.Lock()

    def claim(self, owner: str, key: Hashable, *, size: int, what: str) -> Claim:
        """Count bytes for a visitor.

        Args:
            what: it is, for people.

        Raises:
            TreecoreError: it is more than a visitor may hold, or than all of them may.
        """
        with self._lock:
            own, most = self.held(owner), quotas.VISITOR_BYTES.most
            if owner and own - self._known(owner, key) + size > most:
                raise TreecoreError(
                    f"it takes {megabytes(size)} beside the {megabytes(own)} that you hold, "
                    f"and a visitor of this server may hold {megabytes(most)}",
                    where=what,
                    todo="close another of your pages, or open less",
                )
            every, most = self.held(), quotas.OPEN_BYTES.most
            if every - self._known(None, key) + size > most:
                raise TreecoreError(
                    f"others have {megabytes(every)} open on this server",
                    where=what,
                    todo="try again when somebody has left, or open less",
                )
            claim = Claim(owner, key, size)
            self._claims.add(claim)
            return claim

    def held(self, owner: str | None = None) -> int:
        """Bytes that a visitor holds, or all of them together; the same content counts once."""
        return sum({one.key: one.size for one in self._of(owner)}.values())

    def _known(self, owner: str | None, key: Hashable) -> int:
        return next((one.size for one in self._of(owner) if one.key == key), 0)

    def _of(self, owner: str | None) -> Iterator[Claim]:
        return (one for one in list(self._claims) if owner is None or one.owner == owner)


def megabytes(size: int) -> str:
    """`120 MB`, `1.5 GB`."""
    scale, unit = (1e9, "GB") if size >= 1e9 else (1e6, "MB")
    return f"{round(size / scale, 1):g} {unit}"


ALLOWANCE = Allowance()
"""One for all visitors of this server."""
