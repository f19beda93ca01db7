"""What takes long, in threads of its own: files that are read, merged, made. How far each is, a way to break it off.

A visitor's files take turns, so that who opens many pages does not slow down all others. Knows no session.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from treecore.errors import TreecoreError

GRACE, LOOK_EVERY = 10.0, 0.2
"""Seconds without the visitor's page, which may come back, after which reading ends; and between two looks at it by a
file that waits for its turn."""
Tell = Callable[[int, int], None]
"""Hears how many bytes of how many are read."""


_turns: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
"""By visitor; held while one of the visitor's files is read."""
_turns_lock = threading.Lock()


class CancelledError(BaseException):
    """Raised inside of reading once nobody waits for it; no error that what reads may take for its own."""


@dataclass(eq=False)
class Opening:
    """A file that is being read, or made.

    Attributes:
        name: of the file, for people.
        read: the work; its return value becomes `result`.
        present: whether somebody still waits for it.
        verb: what is done, for people.
        owner: the visitor, whose files take turns; "" for who waits for nobody.
        waits: whether another file of the visitor's is to be over first.
        share: of the file that is read, 0 to 1.
        error: one sentence, "" unless it failed; failure: the same as it was raised.
        cancelled: whether it was broken off.
    """

    name: str
    read: Callable[[Tell], Any]
    present: Callable[[], bool] = lambda: True
    verb: str = "Reading"
    owner: str = ""
    waits: bool = False
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

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait until no other file of the visitor's is under way."""
        if not self.owner:
            yield
            return
        with _turns_lock:
            turn = _turns.setdefault(self.owner, threading.Lock())
        self.waits = not turn.acquire(blocking=False)
        while self.waits and not turn.acquire(timeout=LOOK_EVERY):
            self._tell(0, 1)
        self.waits = False
        try:
            yield
        finally:
            turn.release()

    def _work(self) -> None:
        try:
            with self._turn():
                self.result = self.read(self._tell)
        except CancelledError:
            pass
        except TreecoreError as error:
            self.error, self.failure = str(error), error
        except Exception as error:  # a thread's exception would be seen by nobody
            self.error = (
                f"{self.name}: {self.verb.lower()} failed ({type(error).__name__}); send it to the authors of treecore"
            )
        finally:
            self._over.set()
