"""The questions at the ends of all units as a table to fill in, their answers, and a filled-in table checked."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from treecore.core.numerals import MINUS
from treecore.errors import FormatError
from treecore.lessons.quantities import numbers_of, value_of
from treecore.lessons.unit import Unit, units
from treecore.lessons.words import sentence

HEADINGS = ("unit", "title", "question", "answer")
MAX_BYTES, MAX_ROWS = 64_000, 200
NUMBER = re.compile(
    r"(?P<number>[-+]?(?:\d{1,9}(?:\.\d{0,12})?|\.\d{1,12}))(?: */ *(?P<over>\d{1,9}))? *(?P<percent>%?)"
)


@dataclass(frozen=True)
class Marked:
    """A question with what was answered; `right` is None where there is no number.

    Attributes:
        said: why in a sentence; to a wrong answer the way to the right one, and not the number.
    """

    unit: Unit
    given: str
    right: bool | None
    said: str


def question(unit: Unit) -> str:
    """What a unit asks at its end."""
    return sentence(unit, unit.check.ask)


def answer(unit: Unit) -> float:
    """The number that it asks for."""
    return value_of(unit, unit.check.number, numbers_of(unit))


def number_in(text: str) -> float | None:
    """A number as people write one, `−0,4`, `1/3` or `33 %`; None for anything else."""
    found = NUMBER.fullmatch(text.strip().replace(MINUS, "-").replace(",", "."))
    if found is None:
        return None
    over = int(found["over"] or 1) * (100 if found["percent"] else 1)
    return float(found["number"]) / over if over else None


def is_right(unit: Unit, text: str) -> bool | None:
    """Whether a number is near enough to the answer; None where it is no number."""
    given = number_in(text)
    return None if given is None else abs(given - answer(unit)) <= unit.check.within


def worksheet() -> str:
    """All questions as CSV, the last column to be filled in."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(HEADINGS)
    table.writerows([unit.name, unit.title, question(unit), ""] for unit in units().values())
    return out.getvalue()


def checked(data: bytes) -> list[Marked]:
    """A filled-in worksheet, unit by unit in the order of the course; units that it leaves out have no answer.

    Commas, semicolons or tabs may part its columns, as spreadsheets save them.

    Raises:
        FormatError: it is no such table, names no unit of the course, or is larger than one can be.
    """
    if len(data) > MAX_BYTES:
        raise FormatError(f"no worksheet has more than {MAX_BYTES:,} bytes", todo="upload the worksheet alone")
    try:
        text = data.decode("utf-8-sig")
        comma = max(",;\t", key=text.partition("\n")[0].count)
        rows = list(csv.DictReader(io.StringIO(text), delimiter=comma))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError("this is no table of comma-separated values", todo="save it as CSV in UTF-8") from error
    if not rows or len(rows) > MAX_ROWS or not {"unit", "answer"} <= {*rows[0]}:
        raise FormatError("a worksheet has the columns `unit` and `answer`", todo="begin with the one from the course")
    given = [(str(row["unit"]).strip(), str(row["answer"] or "").strip()) for row in rows]
    if not {name for name, _ in given} & {*units()}:
        raise FormatError("no row of it names a unit of the course", todo="keep the column `unit` as it was")
    return [marked(unit, [said for name, said in given if name == unit.name and said]) for unit in units().values()]


def marked(unit: Unit, given: list[str]) -> Marked:
    """One question, with all answers that were given to it."""
    if len(given) > 1:
        return Marked(unit, " and ".join(given), None, "It was answered twice: keep one of the two.")
    text = "".join(given)
    right = is_right(unit, text)
    if right is None:
        return Marked(unit, text, None, "Write a number, such as 0.5 or −1/3." if text else "No answer yet.")
    return Marked(unit, text, right, "" if right else f"It is another number. {sentence(unit, unit.check.hint)}")
