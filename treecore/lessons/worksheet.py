"""The questions at the ends of all units as a table to fill in, their answers, and a filled-in table checked."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass

from treecore.core.numerals import MINUS
from treecore.errors import FormatError
from treecore.lessons.quantities import numbers_of, value_of
from treecore.lessons.unit import Unit, units
from treecore.lessons.words import sentence

HEADINGS = ("unit", "title", "question", "answer")
MAX_BYTES, MAX_ROWS = 64_000, 200


@dataclass(frozen=True)
class Marked:
    """A question with what was answered; `right` is None where there is no number."""

    unit: Unit
    given: str
    right: bool | None


def question(unit: Unit) -> str:
    """What a unit asks at its end."""
    return sentence(unit, unit.check.ask)


def answer(unit: Unit) -> float:
    """The number that it asks for."""
    return value_of(unit, unit.check.number, numbers_of(unit))


def is_right(unit: Unit, text: str) -> bool | None:
    """Whether a number is near enough to the answer, however it is written; None where it is no number."""
    try:
        given = float(text.strip().replace(MINUS, "-").replace(",", "."))
    except ValueError:
        return None
    return abs(given - answer(unit)) <= unit.check.within if math.isfinite(given) else None


def worksheet() -> str:
    """All questions as CSV, the last column to be filled in."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(HEADINGS)
    table.writerows([unit.name, unit.title, question(unit), ""] for unit in units().values())
    return out.getvalue()


def checked(data: bytes) -> list[Marked]:
    """A filled-in worksheet, unit by unit in the order of the course; units that it leaves out have no answer.

    Raises:
        FormatError: it is no such table, or larger than one can be.
    """
    if len(data) > MAX_BYTES:
        raise FormatError(f"no worksheet has more than {MAX_BYTES:,} bytes", todo="upload the worksheet alone")
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError("this is no table of comma-separated values", todo="save it as CSV in UTF-8") from error
    if not rows or len(rows) > MAX_ROWS or not {"unit", "answer"} <= {*rows[0]}:
        raise FormatError("a worksheet has the columns `unit` and `answer`", todo="begin with the one from the course")
    given = {str(row["unit"]).strip(): str(row["answer"] or "").strip() for row in rows}
    return [Marked(unit, given.get(name, ""), is_right(unit, given.get(name, ""))) for name, unit in units().items()]
