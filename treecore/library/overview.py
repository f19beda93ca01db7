"""What a page shows of a library: the curve over training, histograms, one page of rows, and where words were found."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from treecore.core.step_text import blanked
from treecore.library.filters import HISTOGRAMS, PAGE, Condition, Filters
from treecore.library.index import Index

if TYPE_CHECKING:
    import duckdb

BINS = 8
SHARES = ("pass_rate", "sign_disagreement")
"""Columns that run from 0 to 1."""
LINES = 60
"""Prompts of which a line is drawn from one step to another."""
AROUND, WITHIN = 36, 200
"""Characters before and after words that were found, and those that are looked through where tags take up room."""
SHOWN = (
    "file",
    "number",
    "id",
    "prompt",
    "reference",
    "training_step",
    "place",
    "scored",
    "leaves",
    "pass_rate",
    "distinct_answers",
    "outcome_entropy",
    "credit_spread",
    "sign_disagreement",
    "flags",
    "claims_differ",
    "parents",
    "values",
)
"""Columns of a row."""


class Point(NamedTuple):
    """Pass rate of all trajectories of a training step, and how many forests they are of."""

    step: int
    rate: float | None
    forests: int


class Histogram(NamedTuple):
    """How often values of a column fall between edges.

    Attributes:
        column: of `HISTOGRAMS`.
        edges: one more than bars; a bar holds its lower edge, the last one both. Empty where no value is known.
        all: forests of the training steps asked for, a bar; left: of them, those that pass all filters.
    """

    column: str
    edges: list[float]
    all: list[int]
    left: list[int]


class Hit(NamedTuple):
    """Where words were found: the text before, they themselves, the text after, and how often they are there."""

    before: str
    words: str
    after: str
    times: int


class Pair(NamedTuple):
    """The same prompts at two training steps.

    Attributes:
        first, second: the steps.
        rates: pass rate of each prompt at both, at most `LINES`; better, same, worse: prompts, of all.
        means: pass rate over prompts at both.
    """

    first: int
    second: int
    better: int
    same: int
    worse: int
    means: tuple[float, float]
    rates: list[tuple[float, float]]


class Row(NamedTuple):
    """A forest of the table: its columns (`SHOWN`), hit, and pass rate of its prompt by training step."""

    columns: dict[str, Any]
    hit: Hit | None
    training: list[tuple[int, float]]


class Overview(NamedTuple):
    """All of it.

    Attributes:
        forests, prompts, trajectories: in the whole library.
        among: forests of the training steps asked for, of each prompt those of its latest; asked: prompts that they
            are of; passing: of them, those that pass all filters.
        without: filter -> how many would pass without it; alone: filter -> how many pass it alone.
    """

    forests: int
    prompts: int
    trajectories: int
    curve: list[Point]
    pair: Pair | None
    among: int
    asked: int
    passing: int
    without: dict[str, int]
    alone: dict[str, int]
    histograms: list[Histogram]
    rows: list[Row]


def overview(index: Index, filters: Filters) -> Overview:
    """What a page shows.

    Raises:
        FormatError: there is no index.
    """
    with index.reading() as connection:
        forests, trajectories = _fetch(connection, "SELECT count(*), coalesce(sum(leaves), 0)::BIGINT FROM forests")[0]
        curve = _curve(connection)
        pair = _pair(connection, filters, curve)
        _latest(connection, filters)
        counts = _counts(connection, filters)
        prompts = counts.asked
        if filters.steps:
            prompts = _fetch(connection, "SELECT count(DISTINCT prompt) FROM forests")[0][0]
        histograms = [_histogram(connection, column) for column in HISTOGRAMS]
        rows = _rows(connection, filters)
    return Overview(forests, prompts, trajectories, curve, pair, *counts, histograms, rows)


def passing(index: Index, filters: Filters, *, most: int) -> list[tuple[str, int]]:
    """File and number of the forests that pass all filters, in the order of the table, at most so many.

    Raises:
        FormatError: there is no index.
    """
    with index.reading() as connection:
        _latest(connection, filters)
        left = "(SELECT place_at FROM latest WHERE passes)"
        places = (
            f"SELECT file, number FROM forests SEMI JOIN {left} ON rowid = place_at ORDER BY {filters.order} LIMIT ?"
        )
        return [(file, number) for file, number in _fetch(connection, places, (most,))]


def place_of(index: Index, file: str, number: int) -> Row | None:
    """The row of one forest; None where there is none."""
    columns = ", ".join(f'"{name}"' for name in SHOWN)
    rows = index.query(f"SELECT {columns} FROM forests WHERE file = ? AND number = ?", (file, number)).rows
    return Row(dict(zip(SHOWN, rows[0], strict=True)), None, []) if rows else None


def same_prompt(index: Index, row: Row, *, most: int = 200) -> list[Row]:
    """Rows of the same prompt at other training steps and at its own, the first step first; one a step."""
    columns = ", ".join(f'"{name}"' for name in SHOWN)
    asked = (row.columns["prompt"], row.columns["reference"])
    answer = index.query(
        f"SELECT {columns} FROM forests WHERE prompt = ? AND reference IS NOT DISTINCT FROM ? "
        "AND training_step IS NOT NULL QUALIFY row_number() OVER "
        "(PARTITION BY training_step ORDER BY file, number) = 1 ORDER BY training_step",
        asked,
        most=most,
    )
    return [Row(dict(zip(SHOWN, found, strict=True)), None, []) for found in answer.rows]


def _fetch(connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    return connection.execute(sql, list(values)).fetchall()


def _curve(connection: duckdb.DuckDBPyConnection) -> list[Point]:
    rows = _fetch(
        connection,
        "SELECT training_step, sum(pass_rate * scored) / nullif(sum(scored), 0), count(*) FROM forests "
        "WHERE training_step IS NOT NULL GROUP BY 1 ORDER BY 1",
    )
    return [Point(*row) for row in rows]


def _pair(connection: duckdb.DuckDBPyConnection, filters: Filters, curve: list[Point]) -> Pair | None:
    """The two steps that are compared: those asked for, else the first and the last of the range; None without two."""
    steps = [
        point.step for point in curve if filters.steps is None or filters.steps[0] <= point.step <= filters.steps[1]
    ]
    asked = filters.pair if filters.pair and set(filters.pair) <= {point.step for point in curve} else None
    if asked is None and len(steps) < 2:
        return None
    first, second = asked or (steps[0], steps[-1])
    both = (
        "SELECT a, b FROM (SELECT prompt, avg(pass_rate) FILTER (training_step = ?) AS a, "
        "avg(pass_rate) FILTER (training_step = ?) AS b FROM forests WHERE training_step IN (?, ?) GROUP BY prompt) "
        "WHERE a IS NOT NULL AND b IS NOT NULL"
    )
    rows = _fetch(
        connection,
        f"SELECT count(*) FILTER (b > a), count(*) FILTER (b = a), count(*) FILTER (b < a), avg(a), avg(b), "
        f"list((a, b))[:{LINES}] FROM ({both})",
        (first, second, first, second),
    )
    better, same, worse, a, b, rates = rows[0]
    return Pair(first, second, better, same, worse, (a, b), list(rates)) if rates else None


def _latest(connection: duckdb.DuckDBPyConnection, filters: Filters) -> None:
    """A table of what is looked at: of each prompt the forests of its latest step, and whether they pass the rest."""
    columns = ", ".join(f'"{name}"' for name in HISTOGRAMS)
    tests = {f"pass_{number}": one for number, one in enumerate(filters.conditions.values())}
    passes = "".join(f", coalesce({one.sql}, false) AS {name}" for name, one in tests.items())
    values = [value for one in tests.values() for value in one.values]
    steps: Condition = filters.in_steps
    connection.execute(
        f"CREATE TEMP TABLE newest AS SELECT prompt AS p, max(training_step) AS s FROM forests WHERE {steps.sql} "
        f"GROUP BY prompt",
        list(steps.values),
    )
    there = _fetch(connection, f"SELECT count(*) FROM forests WHERE {steps.sql}", steps.values)[0][0]
    newest = "JOIN newest ON prompt = p AND training_step IS NOT DISTINCT FROM s"
    if there == _fetch(connection, "SELECT count(*) FROM newest")[0][0]:  # one a prompt: joining takes longer
        newest = f"WHERE {steps.sql}"
        values += steps.values
    connection.execute(
        f"CREATE TEMP TABLE latest AS SELECT forests.rowid AS place_at, {columns}{passes} FROM forests {newest}", values
    )
    every = " AND ".join(tests) or "true"
    connection.execute(f"ALTER TABLE latest ADD COLUMN passes BOOLEAN; UPDATE latest SET passes = {every}")


class _Counts(NamedTuple):
    """See `Overview`."""

    among: int
    asked: int
    passing: int
    without: dict[str, int]
    alone: dict[str, int]


def _counts(connection: duckdb.DuckDBPyConnection, filters: Filters) -> _Counts:
    names = list(filters.conditions)
    tests = [f"pass_{number}" for number in range(len(names))]
    others = [" AND ".join(other for other in tests if other != one) or "true" for one in tests]
    counts = ["count(*)", "count(*) FILTER (passes)", *(f"count(*) FILTER ({one})" for one in (*others, *tests))]
    among, passing, *each = _fetch(connection, f"SELECT {', '.join(counts)} FROM latest")[0]
    asked = _fetch(connection, "SELECT count(*) FROM newest")[0][0]
    without, alone = each[: len(names)], each[len(names) :]
    of_each = dict(zip(names, without, strict=True)), dict(zip(names, alone, strict=True))
    return _Counts(among, asked, passing, *of_each)


def _histogram(connection: duckdb.DuckDBPyConnection, column: str) -> Histogram:
    low, high = _fetch(connection, f'SELECT min("{column}"), max("{column}") FROM forests')[0]
    if low is None:
        return Histogram(column, [], all=[], left=[])
    edges = bin_edges(float(low), float(high), share=column in SHARES, whole=isinstance(low, int))
    width, bars = edges[1] - edges[0], len(edges) - 1
    rows = _fetch(
        connection,
        f'SELECT least(greatest(floor(("{column}" - ?) / ? + 1e-9), 0), ?)::INTEGER, count(*), '
        f'count(*) FILTER (passes) FROM latest WHERE "{column}" IS NOT NULL GROUP BY 1',
        (edges[0], width, bars - 1),
    )
    whole, left = [0] * bars, [0] * bars
    for bar, n, n_left in rows:
        whole[bar], left[bar] = n, n_left
    return Histogram(column, edges, whole, left)


def bin_edges(low: float, high: float, *, share: bool, whole: bool) -> list[float]:
    """Edges of at most `BINS` bars of a width that people read easily (1, 2 or 5 times a power of ten)."""
    if share:
        return [number / BINS for number in range(BINS + 1)]
    span = max(high - low, 1.0 if whole else 1e-9)
    rough = span / (BINS - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    width = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    width = max(width, 1.0) if whole else width
    first = math.floor(low / width + 1e-9)
    last = max(math.floor(high / width + 1e-9) + 1, first + 1)
    return [round(number * width, 12) for number in range(first, last + 1)]


def _rows(connection: duckdb.DuckDBPyConnection, filters: Filters) -> list[Row]:
    columns = ", ".join(f'"{name}"' for name in (*SHOWN, *(("words",) if filters.search else ())))
    left = "(SELECT place_at FROM latest WHERE passes)"
    places = f"SELECT rowid FROM forests SEMI JOIN {left} ON rowid = place_at ORDER BY {filters.order} LIMIT ? OFFSET ?"
    ids = [row[0] for row in _fetch(connection, places, (PAGE, filters.page * PAGE))]
    found = {
        row[0]: row[1:]
        for row in _fetch(connection, f"SELECT rowid, {columns} FROM forests WHERE rowid IN (SELECT unnest(?))", (ids,))
    }
    training = _training(connection, {found[at][SHOWN.index("prompt")] for at in ids})
    rows = []
    for at in ids:
        values = dict(zip(SHOWN, found[at], strict=False))
        hit = find(found[at][-1], search=filters.search, after=len(values["prompt"])) if filters.search else None
        rows.append(Row(values, hit, training.get(values["prompt"], [])))
    return rows


def _training(connection: duckdb.DuckDBPyConnection, prompts: set[str]) -> dict[str, list[tuple[int, float]]]:
    """Prompt -> training step and pass rate there, in order."""
    rows = _fetch(
        connection,
        "SELECT prompt, training_step, avg(pass_rate) FROM forests WHERE prompt IN (SELECT unnest(?)) "
        "AND training_step IS NOT NULL AND pass_rate IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2",
        (list(prompts),),
    )
    found: dict[str, list[tuple[int, float]]] = {}
    for prompt, step, rate in rows:
        found.setdefault(prompt, []).append((step, rate))
    return found


def find(words: str, *, search: str, after: int) -> Hit | None:
    """The first place of `search`, in the steps (from character `after`) if it is there; None where it is nowhere.

    Tags of models are no words and are not shown, unless nothing else holds what was searched.
    """
    sought = re.compile(re.escape(search), re.IGNORECASE)
    for text in (blanked(words), words):
        places = [place.span() for place in sought.finditer(text)]
        if places:
            start, end = next((place for place in places if place[0] >= after), places[0])
            before = _squeezed(text[max(start - WITHIN, 0) : start].rpartition("\n")[2]).lstrip()
            behind = _squeezed(text[end : end + WITHIN].partition("\n")[0]).rstrip()
            return Hit(before[-AROUND:], words=text[start:end], after=behind[:AROUND], times=len(places))
    return None


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)
