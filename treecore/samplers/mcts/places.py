"""The search's own tree: places that it may go on from, what was backed up through them, and where to go next.

Rows that only informed the search (rollouts, options that were too like a sibling) are no places. Knows no forest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from treecore.samplers.mcts.rules import Form, allowed_width, importance, upper_bound


@dataclass(eq=False)
class Place:
    """A node of the search.

    Attributes:
        row: its step in the forest.
        depth: options from the root.
        text: of its option.
        above: the place before; None for the root.
        over: the trajectory ended here.
        children: in the order of their making.
        visits, total: scores backed up through it, and their sum.
        score: the critics' own score of it.
        width: children it may have, as last worked out.
        made: simulation that made it, from 0; -1 for the root.
    """

    row: int
    depth: int = 0
    text: str = ""
    above: Place | None = None
    over: bool = False
    children: list[Place] = field(default_factory=list)
    visits: int = 0
    total: float = 0.0
    score: float = 0.0
    width: int = 0
    made: int = -1

    @property
    def mean(self) -> float:
        """Mean score backed up; 0 before the first."""
        return self.total / self.visits if self.visits else 0.0

    def back_up(self, score: float) -> None:
        """Add a score here and at every place above."""
        place: Place | None = self
        while place is not None:
            place.visits += 1
            place.total += score
            place = place.above

    def best(self, *, c: float, form: Form) -> Place:
        """The child to follow: the largest upper bound, the oldest among equals."""
        return max(
            self.children, key=lambda child: upper_bound(child.mean, child.visits, above=self.visits, c=c, form=form)
        )

    def importance(self, *, form: Form) -> float:
        """How much it matters which child is followed."""
        values = [child.score if form == "paper" else child.mean for child in self.children]
        return importance(values, self.score, form=form)

    def widen(self, *, alpha: float, least: int, form: Form) -> int:
        """Work out `width` anew and return it."""
        self.width = allowed_width(
            self.importance(form=form),
            alpha=alpha,
            least=least,
            before=self.width,
            is_root=self.above is None,
            form=form,
        )
        return self.width

    def everything(self) -> Iterator[Place]:
        """This place and all beneath, parents first."""
        waiting = [self]
        for place in waiting:
            yield place
            waiting += place.children

    def answer(self) -> list[Place]:
        """The way down by the largest mean score: what the search would answer."""
        way = [self]
        while way[-1].children:
            way.append(max(way[-1].children, key=lambda child: child.mean))
        return way
