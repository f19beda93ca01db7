"""A class, for `treecore bench app --class`: `python -m app.visits ADDRESS`, a line of JSON for all that happens.

After each phase a line on standard input is waited for, so that whoever started this can look at the server meanwhile.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import orjson

from app.visits.crowd import LARGE, SMALL, Crowd
from app.visits.student import Student
from treecore.bench.synthetic import made_up_file
from treecore.bundled import samples

ARRIVE = 20.0
"""Seconds within which a class comes in; less where it stays for a short time only."""
ONCE = ("page", "click", "upload", "click", "sample", "view", "step", "view", "method")
"""What the first student does before opening every sample, so that all that visitors share is there."""


def main() -> None:
    """The phases: the first student, the others, the class at work, and nobody."""
    asked = argparse.ArgumentParser()
    asked.add_argument("address")
    for name in ("sessions", "nodes", "seed"):
        asked.add_argument(f"--{name}", type=int)
    for name in ("seconds", "pause"):
        asked.add_argument(f"--{name}", type=float)
    given = asked.parse_args()
    students = [
        Student(given.address, name=f"own-{n}.forest.jsonl", content=made_up_file(given.nodes, seed=n), seed=n)
        for n in range(given.seed, given.seed + given.sessions)
    ]
    crowd = Crowd(students, given.pause, given.seed)
    for kind in ONCE:
        students[0].do(kind)
    for sample in samples():
        students[0].see(sample)
    for numbers in (SMALL, LARGE):
        students[0].grow(numbers)()
    report("first", students)
    crowd.come_in(min(ARRIVE, given.seconds / 4))
    report("arrived", students)
    crowd.look_around(given.seconds, lambda over: say({"over": over}))
    report("class", students, flood=crowd.flood, small=crowd.small)
    crowd.leave()
    report("left", students)


def report(phase: str, students: Sequence[Student], **more: Any) -> None:
    """Tell that a phase is over and what was done in it, and wait for a line."""
    actions = [action for one in students for action in one.actions]
    for one in students:
        one.actions.clear()
    say({"phase": phase, "actions": actions, **more})
    sys.stdin.readline()


def say(line: dict[str, Any]) -> None:
    """A line of JSON."""
    sys.stdout.buffer.write(orjson.dumps(line, default=tuple) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
