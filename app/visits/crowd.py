"""A class of students at once: they come in, look around, and grow trees while one of them floods the line."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from app.visits.student import Grown, Student
from treecore.samplers import DEFAULT_SAMPLER

SMALL = {"roll:prompts": 1.0}
LARGE = {"roll:prompts": 32.0, f"set:{DEFAULT_SAMPLER}:m": 4.0, f"set:{DEFAULT_SAMPLER}:n": 3.0}
"""Numbers of the form: 6 trajectories, and as many as one run of a public server may have."""
FLOOD = 4
"""Large runs that one student asks for, one after the other: as many as a visitor may have."""
FROM, UNTIL = 0.1, 0.5
"""Shares of the time at which the flood begins, and until which the others ask for a small run each."""
MIN_PAUSE, MAX_PAUSE = 0.25, 1.75
"""Times the mean pause between two actions."""


@dataclass
class Crowd:
    """Some students.

    Attributes:
        students: the first of them has come in already; with others, it floods the line.
        pause: seconds between two actions of a student, on average.
        seed: of when they do what.
        flood: runs of the flood, in the order in which they were asked for; small: those of the others.
    """

    students: Sequence[Student]
    pause: float
    seed: int
    flood: list[Grown] = field(default_factory=list)
    small: list[Grown] = field(default_factory=list)

    def come_in(self, seconds: float) -> None:
        """The others come in within a time, and open their files."""

        def arrive(one: Student, dice: random.Random) -> None:
            time.sleep(dice.random() * seconds)
            one.do("page")
            one.stay(self._pause(dice))
            one.do("upload")

        self._together(arrive, self.students[1:])

    def look_around(self, seconds: float, on_second: Callable[[float], None]) -> None:
        """All act for a time, and each asks for a run in the first half of it.

        Args:
            on_second: hears, about once a second, how many are over.
        """
        begun = time.monotonic()

        def work(one: Student, dice: random.Random) -> None:
            flooding = one is self.students[0] and len(self.students) > 1
            at = seconds * (FROM if flooding else FROM + (UNTIL - FROM) * dice.random())
            self._act(one, dice, begun + at)
            if flooding:
                self._flood(one)
            else:
                self.small.append(one.grow(SMALL)())
            self._act(one, dice, begun + seconds)

        with ThreadPoolExecutor(1) as beside:
            going = beside.submit(self._together, work, self.students)
            while not going.done():
                on_second(time.monotonic() - begun)
                time.sleep(1.0)
            going.result()

    def leave(self) -> None:
        """All close their pages."""
        for one in self.students:
            one.leave()

    def _flood(self, one: Student) -> None:
        """Ask for as much as a visitor may, on as many pages, and wait for all of it."""
        pages = [one, *(one.another() for _ in range(FLOOD - 1))]
        for page in pages[1:]:
            page.do("page")
        ends = [page.grow(LARGE) for page in pages]
        self.flood += [end() for end in ends]
        for page in pages[1:]:
            page.leave()
            one.actions += page.actions

    def _act(self, one: Student, dice: random.Random, until: float) -> None:
        while (now := time.monotonic()) < until:
            one.stay(min(self._pause(dice), until - now))
            one.do_any()

    def _pause(self, dice: random.Random) -> float:
        return self.pause * dice.uniform(MIN_PAUSE, MAX_PAUSE)

    def _together(self, work: Callable[[Student, random.Random], None], students: Sequence[Student]) -> None:
        if not students:
            return
        dice = [random.Random(f"{self.seed} {number}") for number in range(len(students))]
        with ThreadPoolExecutor(len(students)) as pool:
            list(pool.map(work, students, dice))
