"""One job of a kind beside the page; what comes out stays, counted, until something else is asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from app.defaults import MOMENT
from app.opening.background import Opening, Tell
from app.opening.opened import Opened
from app.serving import permissions
from app.serving.presence import open_page
from app.state.holdings import hold, let_go
from app.state.session import get_or, put
from treecore.errors import TreecoreError


@dataclass(eq=False)
class Asked:
    """What was asked for.

    Attributes:
        key: of it.
        job: that makes it; None once it is over or was broken off.
        result: None until it is there, and where it failed or was broken off.
        error: one sentence, "" unless it failed.
    """

    key: Hashable
    job: Opening | None
    result: Opened | None = None
    error: str = ""


@dataclass(frozen=True)
class SideJob:
    """One job at a time.

    Attributes:
        name: where the session holds what was asked for, and under which that is counted.
        verb: what is done, for people.
    """

    name: str
    verb: str

    def now(self) -> Asked | None:
        """What was asked for last."""
        found: Asked | None = get_or(self.name, None)
        return found

    def ask(self, key: Hashable, title: str, make: Callable[[Tell], Opened]) -> Asked:
        """Begin it in place of what was asked for before, unless that is the same; what takes a moment is waited for.

        Args:
            title: of what is worked on, for people.
        """
        found = self.now()
        if found is None or found.key != key:
            self.drop()
            job = Opening(title, make, open_page(), self.verb, permissions.owner()).start()
            found = Asked(key, job)
            put({self.name: found})
            job.wait(MOMENT)
        self._settle(found)
        return found

    def going(self) -> Opening | None:
        """What is under way for this session."""
        found = self.now()
        return None if found is None else found.job

    def cancel(self) -> None:
        """Break it off; it is not begun again by itself."""
        if (found := self.now()) is not None and found.job is not None:
            found.job.cancel()
            found.job = None

    def drop(self) -> None:
        """Hold nothing of it any more."""
        self.cancel()
        let_go(self.name)
        put({self.name: None})

    def _settle(self, asked: Asked) -> None:
        """Take over what is there by now, or tell why it cannot be."""
        going = asked.job
        if going is None or not going.over:
            return
        asked.job, asked.error = None, going.error
        if going.result is not None:
            try:
                hold(self.name, going.result.key, size=going.result.size, what=going.name)
                asked.result = going.result
            except TreecoreError as refused:
                asked.error = str(refused)
