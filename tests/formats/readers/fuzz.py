"""Look for files that a reader does not survive: `python tests/formats/readers/fuzz.py READER [options of libFuzzer]`.

Needs atheris (`pip install -e .[dev]`, Linux). What it finds goes to `corpus/READER` once it is mended.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from random import Random

import atheris

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]
with atheris.instrument_imports(include=["treecore"]):
    from fuzzed import ANY, beginnings, once
    from mutated import mutated

    from treecore.formats import FORMATS

OPTIONS = ("-timeout=2", "-rss_limit_mb=1500", "-max_len=100000", "-max_total_time=180")
"""A file that takes longer, or more memory, is a finding; options of the command line come after these."""


def changed(data: bytes, most: int, seed: int) -> bytes:
    """Half of the files keep their shape and have other values; the other half have other bytes."""
    random = Random(seed)
    if random.random() < 0.5 and len(data) > 0:
        with suppress(Exception):  # a file that is broken already has no values
            return mutated(data, random)[:most]
    found: bytes = atheris.Mutate(data, most)
    return found


def main(arguments: list[str]) -> None:
    """Run until something is found or the time is over."""
    readers = [ANY, *FORMATS]
    if len(arguments) < 2 or arguments[1] not in readers:
        raise SystemExit(f"name a reader: {', '.join(readers)}")
    reader = arguments[1]
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(beginnings(reader)):
            (Path(folder) / f"{number}").write_bytes(data)
        command = [arguments[0], *OPTIONS, *arguments[2:], folder]
        atheris.Setup(command, lambda data: once(reader, data), custom_mutator=changed)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
