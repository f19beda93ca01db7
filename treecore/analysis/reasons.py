"""Why methods differ about some steps: one sentence, made of what their formulas measure these steps against."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np

from treecore.analysis.compare import Comparison, Kind
from treecore.analysis.references import measured
from treecore.core.batch import Forests
from treecore.core.numerals import NOISE, counted, plain, whole
from treecore.core.topology import FloatArray, IntArray
from treecore.methods.ops.groups import back_up

RELATIONS = {1: "better than", 0: "as good as", -1: "worse than"}
PLACES = {
    "batch": "the batch",
    "group": "all {answers}",
    "tree": "its own tree",
    "path": "those that share its beginnings",
    "before": "the step before it",
    "siblings": "its siblings",
}
"""What a step is compared with, widest first -> its words."""
SOME_SIBLINGS = "any siblings"
"""Of several steps, where one at least has none."""
UNKNOWN = 9
"""Stands for NaN where numbers are compared as whole ones."""


class Clause(NamedTuple):
    """One comparison of a reason.

    Attributes:
        relation: 1, 0 or -1 to what is `against`.
        named: that in words, with `{answers}` for the answers of the prompt.
        numbers: that as an outcome, beside the method's own value of the step where this is another than its mean
            outcome; "" where it is none.
    """

    relation: int
    against: str
    named: str
    numbers: str


class Relations(NamedTuple):
    """What all methods measure every step against. `S` steps, `C` comparisons.

    Attributes:
        column: `[C]` place of the method; against: `[C]` what it measures against.
        better: `[S, C]` 1, 0, -1, or `UNKNOWN`.
        own, reference: `[S, C]` what is measured, and against what, as outcomes; NaN where they are none.
        mean, n: `[S]` mean outcome and number of the scored leaves beneath.
    """

    column: tuple[int, ...]
    against: tuple[str, ...]
    better: IntArray
    own: FloatArray
    reference: FloatArray
    mean: FloatArray
    n: FloatArray


def relations_of(found: Comparison) -> Relations:
    """Every comparison that any of the methods makes; in other units only what no other method says in outcomes."""
    forests = Forests(found.forest)
    beneath = back_up(forests, forests.reward)
    made = [
        (place, one)
        for place, column in enumerate(found.columns)
        if column.credit is not None
        for one in measured(column.credit, column.known)
    ]
    against = {one.against for _, one in made if np.isfinite(one.reference).any()}
    made = [(place, one) for place, one in made if one.against not in against or np.isfinite(one.reference).any()]
    size = (len(made), len(found.rows))
    better, own, reference = (
        np.array([getattr(one, name)[found.rows] for _, one in made]).reshape(size).T
        for name in ("better", "own", "reference")
    )
    return Relations(
        tuple(place for place, _ in made),
        tuple(one.against for _, one in made),
        np.where(np.isnan(better), UNKNOWN, better).astype(np.int64),
        own,
        reference,
        beneath.mean[found.rows],
        beneath.count[found.rows],
    )


def sentence(found: Comparison, relations: Relations, part: slice) -> str:
    """Why methods differ about some steps: how their ends came out, and beside what each method puts that."""
    kind = found.kind[part.start]
    if kind == Kind.RANK:
        return ranked(found, part.start)
    ends = ends_in_words(relations.mean[part], count=relations.n[part], top=found.top)
    clauses = joined_clauses(clauses_of(relations, part), found.n_answers)
    said = f"{ends}: {clauses}" if clauses else ends
    if kind == Kind.ZERO:
        silent = [
            column.known.title for place, column in enumerate(found.columns) if (found.signs[part, place] == 0).any()
        ]
        said += f"; so {listed(silent)} {'gives' if len(silent) == 1 else 'give'} 0"
    return f"{said}."


def clauses_of(relations: Relations, part: slice) -> list[Clause]:
    """The comparisons of some steps, each once, widest first."""
    made: dict[tuple[str, int], Clause] = {}
    for place, against in enumerate(relations.against):
        better = relations.better[part, place]
        known = better[better != UNKNOWN]
        if not len(known):
            continue
        key = (against, int(known[0]))
        if key not in made or not made[key].numbers:
            alone = against == "siblings" and len(known) < len(better)
            named = SOME_SIBLINGS if alone else PLACES[against]
            made[key] = Clause(int(known[0]), against, named, numbers(relations, part, place))
    return sorted(made.values(), key=lambda one: list(PLACES).index(one.against))


def joined_clauses(clauses: Sequence[Clause], n: int) -> str:
    """`better than all 10 answers (0.40), worse than its own tree (0.80) and the step before it (0.75)`."""
    parts = []
    for relation, some in groupby(clauses, key=lambda one: one.relation):
        named = [(one.named.format(answers=counted(n, "answer")), one.numbers) for one in some]
        once = [
            name + ("" if number == after else number) for (name, number), (_, after) in pairwise([*named, ("", "")])
        ]
        parts.append(f"{RELATIONS[relation]} {listed(once)}")
    return ", ".join(parts)


def numbers(relations: Relations, part: slice, place: int) -> str:
    """` (0.40)`, ` (0.40 to 0.80)`, ` (0.33 against 0.36)`, or nothing."""
    own, reference = relations.own[part, place], relations.reference[part, place]
    if np.isnan(reference).all():
        return ""
    apart = np.abs(own - relations.mean[part]) > NOISE
    return f" ({between(own)} against {between(reference)})" if apart.any() else f" ({between(reference)})"


def between(values: FloatArray) -> str:
    """`0.40`, or `0.40 to 0.80`; some of the values are known."""
    low, high = plain(float(np.nanmin(values))), plain(float(np.nanmax(values)))
    return low if low == high else f"{low} to {high}"


def ends_in_words(mean: FloatArray, *, count: FloatArray, top: float) -> str:
    """How the trajectories through some steps ended."""
    known, count = mean[~np.isnan(mean)], count[~np.isnan(mean)]
    if not len(known):
        return "None of its ends has an outcome"
    low, high, most = float(known.min()), float(known.max()), int(count[0])
    same = len(np.unique(count)) == 1
    right = low / top * most
    if high - low >= NOISE:
        return f"Their ends come to {plain(low)} to {plain(high)}"
    if low in (0.0, top):
        word = "right" if low else "wrong"
        if same and most == 1 < len(known):
            return f"Each ends {word}"
        ends = "All ends" if not same else {1: "Its end", 2: "Both ends"}.get(most, f"All {whole(most)} ends")
        return f"{ends} {'is' if ends == 'Its end' else 'are'} {word}"
    if abs(low / top - 0.5) < NOISE:
        return "Half of its ends are right"
    return (
        f"{round(right)} of its {whole(most)} ends are right"
        if abs(right - round(right)) < NOISE and same
        else f"Its ends come to {plain(low)}"
    )


def ranked(found: Comparison, at: int) -> str:
    """Which method puts a step highest, and which lowest."""
    high, low = ends_of_ranks(found, at)
    return f"{placed(found, at, column=high)}; {placed(found, at, column=low)}."


def ends_of_ranks(found: Comparison, at: int) -> tuple[int, int]:
    """The methods that put a step highest and lowest, ties counted against the difference."""
    size = np.maximum(found.counts - 1, 1)
    best, worst = (found.best[at] - 1) / size, (found.worst[at] - 1) / size
    return int(np.nanargmin(worst)), int(np.nanargmax(best))


def placed(found: Comparison, at: int, *, column: int) -> str:
    """`TreeRL puts it 1st of 21`, `GRPO puts it 2nd to 8th of 21`."""
    first, last = int(found.best[at, column]), int(found.worst[at, column])
    place = ordinal(first) if first == last else f"{ordinal(first)} to {ordinal(last)}"
    return f"{found.columns[column].known.title} puts it {place} of {whole(int(found.counts[column]))}"


def ordinal(n: int) -> str:
    """`1st`, `22nd`, `113th`."""
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{whole(n)}{ending}"


def listed(names: Sequence[str]) -> str:
    """`a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
