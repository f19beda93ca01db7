"""Answers without an outcome, scored by a verifier. Knows no session."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from dataclasses import replace

import numpy as np

from app.opening.background import Tell
from app.opening.opened import Opened, ResultCache, held_bytes
from app.opening.reading import SHELF
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.numerals import counted, counted_of
from treecore.errors import TaskError
from treecore.tasks.scoring import answer_in, nothing_scored, score
from treecore.tasks.verifiers import VERIFIERS, get_check

CHOICES = tuple(name for name in VERIFIERS if name != "regex")
"""Verifiers that compare with a reference; the one left out takes it for a pattern, which those of files are not."""
FIRST = ("choice", "math", "exact")
"""Those that are tried first, and the first that takes a reference of the file is proposed."""


def unscored(opened: Opened) -> int:
    """Answers of the prompts that have a reference and no answer with an outcome."""
    return int(opened.kept.get("unscored", lambda: sum(len(one.leaves) for one in _unscored(opened))))


def proposed(opened: Opened) -> str:
    """The verifier that fits the first reference."""

    def found() -> str:
        first = next(iter(_unscored(opened)), None)
        fits = (name for name in FIRST if first is not None and answer_in(first, get_check(name)))
        return next(fits, FIRST[-1])

    return str(opened.kept.get("proposed", found))


def scored(given: Opened, verifier: str, seconds: float | None, tell: Tell) -> Opened:
    """The same with an outcome for every answer that had none; its report says by which verifier.

    Args:
        verifier: one of `CHOICES`.
        seconds: after which it is broken off; None for no bound.

    Raises:
        TaskError: it took longer, no answer could be judged, or the verifier failed.
    """
    begun = time.monotonic()

    def tell_in_time(done: int, total: int) -> None:
        tell(done, total)
        if seconds is not None and time.monotonic() - begun > seconds:
            found = f"stopped after {seconds:g} s, the most that this server gives"
            raise TaskError(found, where=given.title, todo="score on your own machine: treecore score")

    found = score(list(given.forests), get_check(verifier), tell_in_time)
    if said := nothing_scored(found):
        raise TaskError(said, where=given.title, todo="choose another way to compare")
    title = f"{given.title}, scored by {verifier}"
    key = hashlib.sha256(f"{given.key} {verifier}".encode()).hexdigest()
    batch, report = Forests(found.forests), given.report
    if report is not None:
        notes = replace(report.notes, guessed=Counter(report.notes.guessed))
        right = counted_of(found.right, "answer", total=found.given)
        notes.guess(f"the outcome is that of the verifier {verifier!r}, which found {right} right")
        if without := found.lacking + found.refused:
            notes.drop(f"{counted(without, 'answer')} could not be compared with a reference")
        report = replace(report, forests=found.forests, notes=notes)
    size = given.size + sum(held_bytes(one.reward) for one in found.forests)
    fresh = replace(given, key=key, title=title, sample="", forests=batch, report=report, kept=ResultCache(), size=size)
    return SHELF.put((key, title), fresh)


def _unscored(opened: Opened) -> list[Forest]:
    return [one for one in opened.forests if one.reference and np.isnan(one.reward).all()]
