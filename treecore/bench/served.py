"""The app, served on this machine for as long as it is measured."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from treecore.errors import TreecoreError

SERVER_SECONDS = 60


class Server(NamedTuple):
    """The app while it is served."""

    address: str
    process: subprocess.Popen[bytes]

    def memory(self) -> int | None:
        """Resident bytes of the server, None where the system does not tell."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        return None


@contextlib.contextmanager
def serving(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Server]:
    """The app on a free port of the loopback interface, ended afterwards.

    Raises:
        TreecoreError: it ends or does not answer within a minute.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [*command, f"--server.port={port}", "--server.fileWatcherType=none"],
        env=dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(process, f"{address}/_stcore/health")
        yield Server(address, process)
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(process: subprocess.Popen[bytes], url: str) -> None:
    """Return once the server answers.

    Raises:
        TreecoreError: it ends, or takes more than a minute.
    """
    end = time.monotonic() + SERVER_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        time.sleep(0.1)
    raise TreecoreError("the app did not start", todo="try `treecore app` by itself; it says why")
