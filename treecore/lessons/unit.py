"""What a unit of the course is, and the twelve that there are, read from `units/*.toml`. Computes no number."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from treecore.methods import get_method

FOLDER = Path(__file__).parent / "units"
CHAPTERS = ("Read a tree", "Share out credit", "Doubt it")
EACH = 4
"""Units of a chapter."""
Number = Mapping[str, Any]
"""A number as a unit asks for it: `is` names the quantity, the others are its arguments (`quantities`)."""


@dataclass(frozen=True)
class Bet:
    """What is asked before anything is shown.

    Attributes:
        ask: the task; it says nothing that could be worked out only with the answer.
        mark: heading over the steps that can be marked.
        on: `change` of the chance by a step (-1..1), or `chance` of ending right after it (0..1).
        steps: ids of the steps that can be marked, nine at most.
        right: which of them is the one that is looked for, by the truth: `lowest` or `highest`.
    """

    ask: str
    mark: str
    on: str
    steps: tuple[str, ...]
    right: str

    @property
    def low(self) -> float:
        """The least that can be bet; the most is 1."""
        return -1.0 if self.on == "change" else 0.0


@dataclass(frozen=True)
class Drag:
    """A number in the prose that can be dragged.

    Attributes:
        name: how the words and other numbers call it (`$name`).
        values: those that it takes, in order.
        at: where it begins.
    """

    name: str
    values: tuple[int, ...]
    at: int


@dataclass(frozen=True)
class Check:
    """A question at the end, answered with a number.

    Attributes:
        ask: the question; number: its answer; within: how far an answer may be from it.
        hint: said to an answer that is wrong; it tells the way and not the number.
    """

    ask: str
    number: Number
    within: float
    hint: str


@dataclass(frozen=True)
class Source:
    """Where something is from.

    Attributes:
        text: authors, year, title; where: the equation or section; at: arXiv or DOI identifier.
        method: the method whose own source it is, "" for none; authors, year, title and identifier are then those of
            the method.
    """

    text: str
    where: str
    at: str
    method: str = ""

    @property
    def link(self) -> str:
        """Address of the paper, "" where the identifier is none of arXiv's."""
        kind, _, number = self.at.partition(":")
        return f"https://arxiv.org/abs/{number}" if kind == "arXiv" else ""


@dataclass(frozen=True)
class Row:
    """A method in the table of a unit.

    Attributes:
        method: its name; settings: its parameters.
        few: it is given values of few continuations, which the sample itself does not hold.
        folded: it sees the tree that the answers fold into where they begin alike.
        called: its name in the table, its title by default.
    """

    method: str
    settings: tuple[tuple[str, Any], ...] = ()
    few: bool = False
    folded: bool = False
    called: str = ""


@dataclass(frozen=True)
class Unit:
    """A question, a tree, a bet, the truth, the reason, and one sentence to take away.

    Attributes:
        name: for links; number: from 1; chapter: one of `CHAPTERS`.
        sample: the bundled forest; ends: the trajectories that are drawn, all where empty.
        question: on the card; truth, why, doubt: paragraphs with `{numbers}`; why_title: over the second.
        rows: methods of the table; the first is the one that the unit explains, and its paper is among `sources`.
        take: the sentence; claims: comparisons of numbers that make the words true.
    """

    name: str
    number: int
    title: str
    minutes: int
    sample: str
    question: str
    bet: Bet
    rows: tuple[Row, ...]
    truth: str
    why_title: str
    why: str
    doubt: str
    take: str
    check: Check
    numbers: Mapping[str, Number]
    claims: tuple[str, ...]
    sources: tuple[Source, ...]
    ends: tuple[str, ...] = ()
    drag: Drag | None = None

    @property
    def chapter(self) -> str:
        """The chapter that it belongs to."""
        return CHAPTERS[min((self.number - 1) // EACH, len(CHAPTERS) - 1)]

    def as_json(self) -> dict[str, Any]:
        """JSON-ready: what the course shows before anybody bets."""
        return {
            "name": self.name,
            "number": self.number,
            "title": self.title,
            "chapter": self.chapter,
            "minutes": self.minutes,
            "sample": self.sample,
            "question": self.question,
        }


@cache
def units() -> dict[str, Unit]:
    """All units by name, in the order of the course."""
    found = [read(path) for path in sorted(FOLDER.glob("*.toml"))]
    return {unit.name: unit for unit in found}


def row_of(held: Mapping[str, Any]) -> Row:
    """A method as a file gives it."""
    return Row(**{**held, "settings": tuple(held.get("settings", {}).items())})


def source_of(held: Mapping[str, str]) -> Source:
    """A source as a file gives it; what a method already knows about its paper is not written twice."""
    if not (method := held.get("method", "")):
        return Source(**held)
    cited = get_method(method).citation
    text = f"{cited.authors} {cited.year}, {cited.title}"
    return Source(text=text, where=held["where"], at=cited.identifier, method=method)


def read(path: Path) -> Unit:
    """One file: `08_blame.toml` is unit 8 by the name of `blame`."""
    number, _, name = path.stem.partition("_")
    held = tomllib.loads(path.read_text(encoding="utf-8"))
    bet, check, drag = held.pop("bet"), held.pop("check"), held.pop("drag", None)
    claims, ends = tuple(held.pop("claims")), tuple(held.pop("ends", ()))
    return Unit(
        name=name,
        number=int(number),
        bet=Bet(**{**bet, "steps": tuple(bet["steps"])}),
        check=Check(**check),
        drag=None if drag is None else Drag(drag["name"], tuple(drag["values"]), drag["at"]),
        rows=tuple(row_of(row) for row in held.pop("rows")),
        sources=tuple(source_of(source) for source in held.pop("sources")),
        numbers=held.pop("numbers", {}),
        claims=claims,
        ends=ends,
        **held,
    )
