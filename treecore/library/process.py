"""A scan in a process of its own, for programs that must not be held up: `refresh`, reported line by line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from treecore.errors import FormatError, TreecoreError
from treecore.library.index import Index
from treecore.library.scan import Progress, refresh

SECONDS = 20
"""For which a process that is to stop may finish the file that it reads."""


def refresh_apart(
    folder: str | os.PathLike[str], index: Index, *, on_progress: Callable[[Progress], None] = lambda progress: None
) -> Progress:
    """`refresh` in another process.

    Args:
        on_progress: hears after every file; what it raises ends the scan, and what was written stays.

    Raises:
        FormatError: what `refresh` raises, in its words.
    """
    command = [sys.executable, "-P", "-m", "treecore.library.process", os.fspath(folder), str(index.path)]
    paths = os.pathsep.join(entry for entry in sys.path if entry)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": paths}, text=True
    ) as process:
        assert process.stdout is not None
        progress, error = Progress(), ""
        try:
            for line in process.stdout:
                said = json.loads(line)
                error = said.pop("error", "")
                progress = progress if error else Progress(**said)
                on_progress(progress)
        except BaseException:
            _stop(process)
            raise
    if error:
        raise FormatError(error)
    if process.returncode:
        raise FormatError("the process that read the folder died", where=os.fspath(folder), todo="open it again")
    return progress


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def main(folder: str, *, index: str) -> None:
    """Read a folder and tell how far that is, a line of JSON each time."""

    def tell(said: dict[str, object]) -> None:
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()

    try:
        tell(asdict(refresh(folder, Index(Path(index)), on_progress=lambda now: tell(asdict(now)))))
    except TreecoreError as error:
        tell({"error": str(error)})


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main(sys.argv[1], index=sys.argv[2])
