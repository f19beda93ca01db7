"""What the page of a library says, from its overview: JSON-ready, numbers written out. Draws nothing."""

from __future__ import annotations

from collections import Counter
from typing import TypedDict

from treecore.core.numerals import counted, plain, short, whole
from treecore.library.filters import HISTOGRAMS, PAGE, Filters
from treecore.library.overview import Overview, Pair, Point, Row
from treecore.views.labels import cut, question

TITLES = {
    "pass_rate": "pass rate",
    "credit_spread": "credit spread",
    "depth": "depth",
    "tokens": "tokens",
    "sign_disagreement": "signs differ",
    "mixed": "mixed outcomes",
    "lint": "with findings",
    "find": "search",
}
MEANINGS = {
    "alone": "one answer only, so nothing to compare it with",
    "flat": "all outcomes are the same, so nothing to compare",
    "unscored": "an end without a reward",
    "cut off": "an end that was cut off",
    "failed": "an end that failed",
    "claim": "a claimed number does not come out",
}
"""What the words of `LINT` mean."""
FEW = 2
"""Of them, those that the foot of the page explains."""
LINT = {
    "singleton-group": "alone",
    "zero-variance-group": "flat",
    "unscored-leaf": "unscored",
    "truncated-leaf": "cut off",
    "failed-leaf": "failed",
    "claimed-credit": "claim",
}
"""Flag -> one word."""
PROMPT = 110
"""Characters of a prompt in the table."""
COMMON = 0.5
"""Share of rows from which on a word of their prompts tells nothing."""


class Bars(TypedDict):
    """A histogram: for each bar what all are, what is left, and what a click on it asks for."""

    name: str
    title: str
    edges: list[float]
    all: list[int]
    left: list[int]


class Chip(TypedDict):
    """A filter in force, and the field that takes it away."""

    name: str
    text: str


class Piece(TypedDict):
    """Text of one tone: `ink`, `muted` or `hit`."""

    text: str
    tone: str


class Line(TypedDict):
    """A row of the table."""

    row: str
    prompt: list[Piece]
    hit: list[Piece]
    times: str
    parents: list[int] | None
    values: list[float | None] | None
    right: int
    of: int
    answers: str
    entropy: str
    spread: float | None
    signs: str
    lint: str
    training: list[tuple[int, float]]
    step: int | None


class Page(TypedDict):
    """Everything the component draws."""

    curve: list[Point]
    pair: Pair | None
    bars: list[Bars]
    chips: list[Chip]
    count: str
    lines: list[Line]
    marks: str
    shown: str
    pages: int
    empty: str
    relax: Chip | None


def page(found: Overview, filters: Filters) -> Page:
    """The words and numbers of an overview."""
    chips = filters_in_words(filters)
    first = filters.page * PAGE
    rows = lines(found.rows, filters)
    of = "prompt" if found.among == found.asked else "forest"
    shown = f"{whole(first + 1)}–{whole(first + len(found.rows))} of {whole(found.passing)} shown"
    return {
        "curve": found.curve,
        "pair": found.pair,
        "bars": [
            {"name": one.column, "title": TITLES[one.column], "edges": one.edges, "all": one.all, "left": one.left}
            for one in found.histograms
        ],
        "chips": chips,
        "count": f"{whole(found.passing)} of {counted(found.among, of)}",
        "lines": rows,
        "marks": marks(rows),
        "shown": shown if found.rows else "",
        "pages": -(-found.passing // PAGE),
        "empty": "" if found.rows else nothing(found, filters),
        "relax": next((chip for chip in chips if chip["name"] == strictest(found)), None),
    }


def strictest(found: Overview) -> str:
    """The filter that leaves out most, where nothing passes: without it most would, or else fewest pass it alone."""
    if found.passing:
        return ""
    if not found.among:
        return "steps"
    names = sorted(found.without, key=lambda name: (-found.without[name], found.alone[name]))
    return next(iter(names), "")


def marks(rows: list[Line]) -> str:
    """What the words of the column lint mean, of the most frequent ones."""
    often = Counter(word for row in rows for word in row["lint"].split(", ") if word in MEANINGS)
    return "; ".join(f"\u25b3 {word}: {MEANINGS[word]}" for word, _ in often.most_common(FEW))


def nothing(found: Overview, filters: Filters) -> str:
    """Why no row is shown."""
    if not found.forests:
        return "No forest was found in this folder."
    if found.passing:
        return "This page is past the end: go back to the first."
    return "No prompt passes all filters." if filters.conditions else "No forest lies at these training steps."


def filters_in_words(filters: Filters) -> list[Chip]:
    """A chip for each filter in force."""
    chips: list[Chip] = []
    if filters.steps:
        chips.append({"name": "steps", "text": "steps {}–{}, the latest".format(*filters.steps)})
    for name in HISTOGRAMS:
        if name in filters.ranges:
            low, high = filters.ranges[name]
            chips.append({"name": name, "text": f"{TITLES[name]} {short(low)}–{short(high)}"})
    chips += [{"name": name, "text": TITLES[name]} for name in ("mixed", "lint") if getattr(filters, name)]
    return [*chips, {"name": "find", "text": f"“{cut(filters.search, 30)}”"}] if filters.search else chips


def lines(rows: list[Row], filters: Filters) -> list[Line]:
    """The rows of the table; words that most of their prompts share are muted."""
    prompts = [shortened(question(row.columns["prompt"]) or row.columns["id"]) for row in rows]
    often = Counter(word for prompt in prompts for word in set(prompt.split(" ")))
    dull = {word for word, times in often.items() if len(rows) > 2 and times > COMMON * len(rows)}
    return [line(row, prompt, dull, filters) for row, prompt in zip(rows, prompts, strict=True)]


def shortened(text: str) -> str:
    """In one line, cut to what a row has room for."""
    return cut(" ".join(text.split()), PROMPT)


def line(row: Row, prompt: str, dull: set[str], filters: Filters) -> Line:
    """One row of the table."""
    of = row.columns
    scored = of["scored"] or 0
    entropy, signs = of["outcome_entropy"], of["sign_disagreement"]
    return {
        "row": f"{of['number']}@{of['file']}",
        "prompt": toned(prompt, dull),
        "hit": hit_pieces(row),
        "times": counted(row.hit.times, "time", "times") if row.hit else "",
        "parents": of["parents"],
        "values": of["values"],
        "right": round((of["pass_rate"] or 0) * scored),
        "of": scored,
        "answers": whole(of["distinct_answers"] or 0),
        "entropy": "–" if entropy is None else plain(entropy),
        "spread": of["credit_spread"],
        "signs": "–" if signs is None else f"{100 * signs:.0f} %",
        "lint": ", ".join(LINT.get(flag, flag) for flag in of["flags"] or []),
        "training": row.training if len(row.training) > 1 else [],
        "step": of["training_step"],
    }


def toned(prompt: str, dull: set[str]) -> list[Piece]:
    """A prompt in pieces of one tone."""
    pieces: list[Piece] = []
    for word in prompt.split(" "):
        tone = "muted" if word in dull else "ink"
        if pieces and pieces[-1]["tone"] == tone:
            pieces[-1]["text"] += f" {word}"
        else:
            pieces.append({"text": f" {word}" if pieces else word, "tone": tone})
    return pieces


def hit_pieces(row: Row) -> list[Piece]:
    """Where words were found, with what is around them."""
    if row.hit is None:
        return []
    texts = (row.hit.before, "muted"), (row.hit.words, "hit"), (row.hit.after, "muted")
    return [{"text": text, "tone": tone} for text, tone in texts if text]
