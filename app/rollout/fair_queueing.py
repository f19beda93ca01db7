"""Whose job is next: fair queueing of jobs by their size (Demers, Keshav and Shenker 1989).

Each visitor gets an equal share of the worker, as if all were served at once in small pieces; whose job would be
finished first that way goes first. So a small job passes large ones, many jobs of one visitor queue behind each other,
and who asks often or for much falls behind those who do not, but is never left out.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """What waits in the line: `owner` asked for it, `size` is its pieces of work."""

    owner: str
    size: int


Item = TypeVar("Item", bound=Sized)


class FairLine(Generic[Item]):
    """The jobs that wait, in the order of their turns. Not safe between threads."""

    def __init__(self) -> None:
        self._ends: dict[Item, float] = {}
        self._last_end: dict[str, float] = {}
        self._clock = 0.0

    def __len__(self) -> int:
        return len(self._ends)

    def __contains__(self, item: object) -> bool:
        return item in self._ends

    def ordered(self) -> list[Item]:
        """All, the next one first; equals as they came."""
        return sorted(self._ends, key=self._ends.__getitem__)

    def add(self, item: Item) -> None:
        """Put a job in the line."""
        end = max(self._clock, self._last_end.get(item.owner, 0.0)) + max(item.size, 1)
        self._ends[item] = self._last_end[item.owner] = end

    def remove(self, item: Item) -> None:
        """Take a job out that gets no turn; its owner's later jobs move up by its size."""
        gone = self._ends.pop(item)
        size = max(item.size, 1)
        for other, end in self._ends.items():
            if other.owner == item.owner and end > gone:
                self._ends[other] = end - size
        if item.owner in self._last_end:
            self._last_end[item.owner] -= size

    def take(self) -> Item:
        """The job whose turn it is. The clock moves by what each visitor who waits would have got meanwhile."""
        item = self.ordered()[0]
        visitors = len({one.owner for one in self._ends})
        self._clock += max(item.size, 1) / visitors
        del self._ends[item]
        self._last_end = {owner: end for owner, end in self._last_end.items() if end > self._clock}
        return item
