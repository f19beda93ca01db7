"""Memory that nobody needs any more, given back: sessions that will not return, and what ended runs leave behind.

Streamlit keeps the session of a closed page for two minutes, as the page may be loaded again, but forgets it only when
another leaves; a session, and the tensors of a run, are circles that Python's collector comes to late; and the C
library keeps what was freed. So somebody has to look.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from streamlit import runtime

EVERY = 10.0
"""Seconds between two looks; collecting stops all threads for a fraction of one."""
M_ARENA_MAX, HEAPS = -8, 2
"""The C library's number for how many heaps it has, and that: by itself it makes eight for each core, as every run of a
page is a thread, and each keeps holes of its own."""
_started = threading.Lock()


def watch(ended: Callable[[], int], *, forget: Callable[[], None]) -> None:
    """Begin to look, once a server.

    Args:
        ended: how many things have ended so far that may have left something behind; lets go of what nobody looks at.
        forget: lets go of what is kept for whoever comes next; called once the last visitor has left.
    """
    if runtime.exists() and _started.acquire(blocking=False):
        _ask_libc("mallopt", M_ARENA_MAX, HEAPS)
        threading.Thread(target=_work, args=(ended, forget), name="treecore-give-back", daemon=True).start()


def _work(ended: Callable[[], int], forget: Callable[[], None]) -> None:
    before, modules = ended(), 0
    while runtime.exists():
        now, known = ended(), len(sys.modules)
        look(forget, more=now != before, loaded=known != modules)
        before, modules = now, known
        time.sleep(EVERY)
    _started.release()


def look(forget: Callable[[], None], *, more: bool, loaded: bool) -> None:
    """Forget sessions that will not return, and collect what that, or anything else, left behind.

    Args:
        more: something has ended since the last look; loaded: libraries were loaded since then.
    """
    if forget_sessions() or more or loaded:
        if left := not is_visited():
            forget()
        collect(everything=left, loaded=loaded)


def is_visited() -> bool:
    """Whether there is a page, open or closed a moment ago."""
    manager: Any = getattr(runtime.get_instance(), "_session_mgr", None)
    return manager is None or bool(manager.list_sessions())


def forget_sessions() -> int:
    """Let go of sessions whose pages were closed two minutes ago; how many."""
    if not runtime.exists():
        return 0
    server: Any = runtime.get_instance()
    try:
        sessions, lock = server._session_mgr._session_storage._cache, server._session_mgr._storage_lock
    except AttributeError:  # a version of Streamlit that keeps them elsewhere
        return 0
    with lock:  # held by Streamlit too wherever it touches them
        return len(sessions.expire())


def collect(*, everything: bool, loaded: bool) -> None:
    """Free what is only held by itself, and hand free pages back to the system.

    To look at all that libraries made takes a second on a busy machine, in which nothing else runs; so what is there
    once they are loaded is not looked at again until nobody is here.

    Args:
        everything: nobody is here; loaded: libraries were loaded since the last time.
    """
    if everything:
        gc.unfreeze()
    gc.collect()
    if everything or loaded:
        gc.freeze()
    _ask_libc("malloc_trim", 0)


def _ask_libc(name: str, *numbers: int) -> None:
    """Call a function of GNU's C library; where there is another, nothing happens."""
    with suppress(OSError, AttributeError):
        getattr(ctypes.CDLL("libc.so.6"), name)(*numbers)
