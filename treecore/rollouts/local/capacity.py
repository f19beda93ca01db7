"""How many worker processes this machine has cores and memory for."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

PROCESS_BYTES = 2 << 30
"""Memory of the machine for each process with a small model; it needs less, libraries included."""
CGROUP = Path("/sys/fs/cgroup")


def processes() -> int:
    """Processes that have a core and memory each, this one included; 1 where workers cannot be started."""
    if sys.platform == "win32" or not sys.executable:
        return 1
    return max(1, min(cores(), memory() // PROCESS_BYTES))


def cores(group: Path = CGROUP) -> int:
    """Cores that this process may use: those that it is bound to, within the quota of its container."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, period = (group / "cpu.max").read_text().split()
        return max(1, min(bound, round(int(quota) / int(period))))
    return bound


def memory(group: Path = CGROUP, *, machine: Path = Path("/proc/meminfo")) -> int:
    """Bytes of memory that this machine has, within the limit of its container; much where nothing tells it."""
    found = [1 << 40]
    with suppress(OSError, ValueError, StopIteration):
        line = next(one for one in machine.read_text().splitlines() if one.startswith("MemTotal:"))
        found.append(int(line.split()[1]) << 10)
    with suppress(OSError, ValueError):
        found.append(int((group / "memory.max").read_text()))
    return min(found)
