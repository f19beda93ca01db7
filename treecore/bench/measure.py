"""Clocks, and the machine that figures were taken on."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, NamedTuple

ENOUGH = 2.0
"""Seconds after which most things are not measured again."""


class Spent(NamedTuple):
    """Seconds: on the wall, and of all cores together; the least of several runs, each by itself."""

    wall: float
    cpu: float


class Goal(NamedTuple):
    """A bound that was set beforehand, and whether it was met.

    Attributes:
        what: is bounded, with its unit; at: which size.
    """

    what: str
    at: str
    limit: float
    found: float

    @property
    def met(self) -> bool:
        """Whether what was found stays within the limit."""
        return self.found <= self.limit


def once(action: Callable[[], Any], *, cpu: Callable[[], float] = time.process_time) -> Spent:
    """Run `action`; letting go of its result counts too. `cpu` tells the CPU seconds so far."""
    wall, spent = time.perf_counter(), cpu()
    action()
    return Spent(time.perf_counter() - wall, cpu() - spent)


def best_of(action: Callable[[], Any], repeats: int, *, enough: float = ENOUGH) -> Spent:
    """The least of `repeats` runs, fewer when they take more than `enough` seconds: noise only ever adds."""
    runs = [once(action)]
    while len(runs) < repeats and sum(run.wall for run in runs) < enough:
        runs.append(once(action))
    return Spent(min(run.wall for run in runs), min(run.cpu for run in runs))


def machine() -> dict[str, Any]:
    """Cores that this process may use, processor, versions, and how busy the machine is (load over one minute)."""
    return {
        "cpu_count": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "processor": processor(),
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "orjson")},
        "load_before": load(),
    }


def load() -> float | None:
    """How busy the machine is, over one minute; None where the system does not tell."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def processor() -> str:
    """Model name of the processor, as the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            lines = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        lines = []
    return lines[0] if lines else platform.processor()
