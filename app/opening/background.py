"""Files that are read, or merged, in threads of their own: how far each is, a way to break it off. Knows no session."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from treecore.errors import TreecoreError

GRACE = 10.0
"""Seconds without the visitor's page, which may come back, after which reading ends."""
Tell = Callable[[int, int], None]
"""Hears how many bytes of how many are read."""


class CancelledError(Exception):
    """Raised inside of reading once nobody waits for it."""


@dataclass(eq=False)
class Opening:
    """A file that is being read.

    Attributes:
        name: of the file, for people.
        read: the work; its return value becomes `result`.
        present: whether somebody still waits for it.
        verb: what is done, for people.
        share: of the file that is read, 0 to 1.
        error: one sentence, "" unless it failed; failure: the same as it was raised.
        cancelled: whether it was broken off.
    """

    name: str
    read: Callable[[Tell], Any]
    present: Callable[[], bool] = lambda: True
    verb: str = "Reading"
    share: float = 0.0
    result: Any = None
    error: str = ""
    failure: TreecoreError | None = None
    cancelled: bool = False
    _seen: float = field(default_factory=time.monotonic)
    _over: threading.Event = field(default_factory=threading.Event)

    def start(self) -> Opening:
        """Begin in a thread of its own."""
        threading.Thread(target=self._work, name="treecore-open", daemon=True).start()
        return self

    def wait(self, seconds: float) -> bool:
        """Whether it is over by then."""
        return self._over.wait(seconds)

    @property
    def over(self) -> bool:
        """Whether there is nothing to wait for any more."""
        return self._over.is_set()

    def cancel(self) -> None:
        """Break it off at the next chunk."""
        self.cancelled = True

    def _tell(self, done: int, total: int) -> None:
        self.share = min(done / max(total, 1), 1.0)
        now = time.monotonic()
        self._seen = now if self.present() else self._seen
        if self.cancelled or now - self._seen > GRACE:
            raise CancelledError

    def _work(self) -> None:
        try:
            self.result = self.read(self._tell)
        except CancelledError:
            pass
        except TreecoreError as error:
            self.error, self.failure = str(error), error
        except Exception as error:  # a thread's exception would be seen by nobody
            self.error = f"{self.name}: it cannot be read ({type(error).__name__}); send it to the authors of treecore"
        finally:
            self._over.set()
