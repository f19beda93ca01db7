"""Work on many names by several processes; a process that dies takes no more than one name with it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from treecore.errors import TreecoreError

AHEAD = 2
"""Names given to each process, so that none waits for the next."""
Result = TypeVar("Result")


def in_processes(
    work: Callable[[str], Result], names: Sequence[str], *, workers: int, lost: Callable[[str], Result]
) -> Iterator[tuple[str, Result]]:
    """Each name with what `work` made of it, as they are ready.

    A pool breaks whole when one of its processes dies. The names that were under way are then tried one by one, each in
    a process of its own, and the others go on in a new pool.

    Args:
        work: can be pickled; what it raises is raised here.
        lost: what to give for a name whose process died at work.

    Raises:
        TreecoreError: no process comes up, whatever the name.
        BrokenProcessPool: what the work gave or raised cannot be unpickled; its cause says why.
    """
    left = deque(names)
    while left:
        doubtful = yield from _until_broken(work, left, workers)
        for name in doubtful:
            yield name, _alone(work, name, lost)


def _until_broken(
    work: Callable[[str], Result], left: deque[str], workers: int
) -> Generator[tuple[str, Result], None, list[str]]:
    """Take names from `left` while there are any; gives those under way when a process died."""
    under_way: dict[Future[Result], str] = {}
    pool = ProcessPoolExecutor(min(workers, len(left)), mp_context=get_context("spawn"))
    try:
        while left or under_way:
            while left and len(under_way) < AHEAD * workers:
                under_way[pool.submit(work, left[0])] = left[0]
                left.popleft()
            for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                result = done.result()
                yield under_way.pop(done), result
    except BrokenProcessPool:
        return list(under_way.values())
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return []


def _alone(work: Callable[[str], Result], name: str, lost: Callable[[str], Result]) -> Result:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            pool.submit(os.getpid).result()
        except BrokenProcessPool as error:
            raise TreecoreError(
                "no process can be started that reads files",
                todo="in a script, put what starts it below `if __name__ == '__main__':`, or read with workers=1",
            ) from error
        try:
            return pool.submit(work, name).result()
        except BrokenProcessPool as error:
            if error.__cause__ is not None:  # no process died
                raise
            return lost(name)
