"""What the page of a unit and the course hold, JSON-ready: before a bet only what the learner may see."""

from __future__ import annotations

from typing import NamedTuple, TypedDict
from urllib.parse import urlencode

from app.lessons.reveal import Bet, Reveal, reveal
from app.lessons.shape import Step, Tree, Words, steps, trees
from app.view_fields import PARAMETER
from treecore.bundled import samples
from treecore.core.numerals import counted
from treecore.lessons.glossary import glossary
from treecore.lessons.quantities import numbers_of
from treecore.lessons.truth import truth
from treecore.lessons.unit import CHAPTERS, EACH, Unit, units
from treecore.lessons.words import Piece, pieces
from treecore.lessons.worksheet import is_right
from treecore.registry.params import shown
from treecore.views.row_words import row_words

STAGES = ("bet", "truth", "why", "try")
WORDS = ("rollout", "advantage", "credit", "granularity")
"""What the course tells beside its units."""
MEASURES = {
    "change": (
        "Bet its credit",
        "change of the chance to end right",
        ("lost it all", "made no difference", "won it all"),
    ),
    "chance": ("Bet its chance", "chance to end right after it", ("never", "every second time", "always")),
}
"""Over the scale of a bet: its heading, what it measures, and words for its ends and its middle."""


class Asked(NamedTuple):
    """Where in a unit the learner is: the stage, the mark and the bet; `answer` to the question at the end."""

    stage: str
    mark: int
    number: float
    present: bool
    answer: str


class Choice(TypedDict):
    """A step that can be marked."""

    digit: int
    words: list[Words]
    answered: str


class Scale(TypedDict):
    """What is bet on."""

    heading: str
    measure: str
    low: float
    ends: list[str]
    mark: str
    choices: list[Choice]


class Cited(TypedDict):
    """A source, and the address of its paper, "" for none."""

    text: str
    link: str


class Try(TypedDict):
    """The question at the end; `verdict` is `right`, `wrong`, `none` for what is no number, or "" before an answer.

    `explore` is the address of the unit's sample with its method and its settings.
    """

    ask: list[Piece]
    given: str
    verdict: str
    say: list[Piece]
    take: list[Piece]
    sources: list[Cited]
    explore: str


class Next(TypedDict):
    """The unit that follows; "" after the last."""

    name: str
    title: str


class UnitPage(TypedDict):
    """A unit at one of its stages."""

    kind: str
    name: str
    number: int
    title: str
    note: str
    prompt: str
    expected: str
    stage: str
    ask: list[Piece]
    scale: Scale
    steps: list[Step]
    trees: list[Tree]
    mark: int
    bet: float
    present: bool
    reveal: Reveal | None
    attempt: Try | None
    follows: Next


class Dot(TypedDict):
    """A node of a small drawing: its place from 0 to 1, what it hangs on (-1 for nothing), its outcome."""

    x: float
    y: float
    parent: int
    right: bool | None


class Card(TypedDict):
    """A unit on the course."""

    name: str
    number: int
    title: str
    question: str
    minutes: int
    dots: list[Dot]


class Chapter(TypedDict):
    """A row of the course."""

    title: str
    note: str
    cards: list[Card]


class CoursePage(TypedDict):
    """The course."""

    kind: str
    title: str
    note: str
    chapters: list[Chapter]
    words: dict[str, str]
    shown: list[str]
    present: bool


def unit_page(unit: Unit, asked: Asked) -> UnitPage:
    """A unit; `reveal` is empty until the stage is past the bet."""
    forest = truth(unit.sample).forest
    stage = asked.stage if asked.stage in STAGES else STAGES[0]
    mark = asked.mark if 0 < asked.mark <= len(unit.bet.steps) else 0
    bet: Bet = {"mark": mark, "number": max(unit.bet.low, min(1.0, asked.number))}
    past = STAGES.index(stage)
    return {
        "kind": "unit",
        "name": unit.name,
        "number": unit.number,
        "title": unit.title,
        "note": f"{counted(len(units()), 'unit')} · unit {unit.number} of {len(units())} · "
        f"{counted(unit.minutes, 'minute')} · sample: {samples()[unit.sample].title}",
        "prompt": forest.prompt,
        "expected": str(forest.reference or ""),
        "stage": stage,
        "ask": pieces(unit, unit.bet.ask, {}),
        "scale": scale(unit),
        "steps": steps(unit),
        "trees": trees(unit),
        "mark": mark,
        "bet": bet["number"],
        "present": asked.present,
        "reveal": reveal(unit, bet, methods=past >= STAGES.index("why")) if past else None,
        "attempt": attempt(unit, asked.answer) if stage == "try" else None,
        "follows": following(unit),
    }


def scale(unit: Unit) -> Scale:
    """What can be marked and bet."""
    forest = truth(unit.sample).forest
    heading, measure, ends = MEASURES[unit.bet.on]
    choices: list[Choice] = []
    for place, step in enumerate(unit.bet.steps):
        said = row_words(forest, forest.row(step))
        words: list[Words] = [{"text": "".join(text for text, _ in said.pieces), "tone": "ink"}]
        choices.append({"digit": place + 1, "words": words, "answered": said.answered})
    return {
        "heading": heading,
        "measure": measure,
        "low": unit.bet.low,
        "ends": list(ends),
        "mark": unit.bet.mark,
        "choices": choices,
    }


def attempt(unit: Unit, given: str) -> Try:
    """The question at the end, and what is said to an answer."""
    right = is_right(unit, given) if given else None
    verdict = "" if not given else "none" if right is None else "right" if right else "wrong"
    known = numbers_of(unit)
    return {
        "ask": pieces(unit, unit.check.ask, known),
        "given": given,
        "verdict": verdict,
        "say": pieces(unit, unit.check.hint, known) if verdict == "wrong" else [],
        "take": pieces(unit, unit.take, known),
        "sources": [
            {"text": f"{source.text}: {source.where}. {source.at}", "link": source.link} for source in unit.sources
        ],
        "explore": explore(unit),
    }


def explore(unit: Unit) -> str:
    """The address of the unit's sample with the first method of its table, by the settings that it has there."""
    row = unit.rows[0]
    settings = {PARAMETER + name: shown(value) for name, value in row.settings}
    return f"?{urlencode({'sample': unit.sample, 'method': row.method, **settings})}"


def following(unit: Unit) -> Next:
    """The unit after one."""
    after = next((one for one in units().values() if one.number == unit.number + 1), None)
    return {"name": after.name, "title": after.title} if after else {"name": "", "title": ""}


def meanings() -> dict[str, str]:
    """Every word of the glossary with what it means."""
    return {word.term: word.means for word in glossary().values()}


def course_page(*, present: bool) -> CoursePage:
    """The course: chapters of cards; nothing that a bet is about."""
    known = list(units().values())
    chapters: list[Chapter] = []
    for place, title in enumerate(CHAPTERS):
        cards = [card(unit) for unit in known if unit.chapter == title]
        first = place * EACH + 1
        chapters.append({"title": title, "note": f"units {first} to {first + EACH - 1}", "cards": cards})
    minutes = sorted(unit.minutes for unit in known)
    return {
        "kind": "course",
        "title": "How outcomes become credit",
        "note": f"{counted(len(known), 'unit')} of {minutes[0]} to {minutes[-1]} minutes · each shows one tree, asks "
        "for a prediction, then shows the truth · unit by unit or from anywhere",
        "chapters": chapters,
        "words": meanings(),
        "shown": list(WORDS),
        "present": present,
    }


def card(unit: Unit) -> Card:
    """A unit as the course shows it."""
    return {
        "name": unit.name,
        "number": unit.number,
        "title": unit.title,
        "question": unit.question,
        "minutes": unit.minutes,
        "dots": dots(unit),
    }


def dots(unit: Unit) -> list[Dot]:
    """The tree of a unit as a small drawing, in its own order of nodes."""
    nodes = steps(unit)
    deep, wide = max(node["level"] for node in nodes), max(node["line"] for node in nodes)
    return [
        {
            "x": 1.0 if node["leaf"] else node["level"] / deep,
            "y": node["line"] / wide if wide else 0.5,
            "parent": node["parent"],
            "right": node["right"],
        }
        for node in nodes
    ]
