"""Models for all visitors of a server: each is loaded once, and nobody has to wait until that is over."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from typing import Any

MAX_LOADED = 2
TICK = 0.1


class Loader:
    """Keeps the models that were used last.

    Args:
        load: key -> model; slow, and may raise.
    """

    def __init__(self, load: Callable[[Any], Any]) -> None:
        self._load = load
        self._loading: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._lock = threading.Lock()

    def ready(self, key: Hashable) -> bool:
        """Whether a model is there already."""
        with self._lock:
            found = self._loading.get(key)
        return found is not None and found.done()

    def get(self, key: Hashable, stop: threading.Event, *, meanwhile: Callable[[], None] = lambda: None) -> Any:
        """A model; None once `stop` is set, and then a thread of its own goes on loading for the next who asks.

        Args:
            meanwhile: called about ten times a second until the model is there.

        Raises:
            Exception: whatever loading raises; the next who asks tries again.
        """
        with self._lock:
            future = self._loading.get(key)
            if future is None:
                future = self._loading[key] = Future()
                threading.Thread(target=self._fill, args=(key, future), name="treecore-load", daemon=True).start()
            self._loading.move_to_end(key)
            while len(self._loading) > MAX_LOADED:
                self._loading.popitem(last=False)
        while not stop.is_set():
            if wait([future], timeout=TICK).done:
                return future.result()
            meanwhile()
        return None

    def _fill(self, key: Hashable, future: Future[Any]) -> None:
        try:
            future.set_result(self._load(key))
        except BaseException as error:  # raised for whoever waits
            with self._lock:
                self._loading.pop(key, None)
            future.set_exception(error)
