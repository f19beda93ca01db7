"""The middle of the film: one stage for each of the method's own equations, each frame with its numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from treecore.analysis.frames import Example, Frame, label, named, short, signed
from treecore.analysis.wording import BACKED_UP, words_for
from treecore.credit.explain import work
from treecore.credit.registry import Credit, get_method
from treecore.topology import BoolArray, FloatArray

MAX_FORK_FRAMES = 12
COMPARED = "Compare siblings"


def working(credit: Credit) -> Iterator[Frame]:
    """Frames of each equation in turn; values level by level, siblings fork by fork where the method compares them."""
    method = get_method(credit.method)
    for formula in method.formula(credit.params).splitlines():
        column = method.symbols[formula.split(" = ", 1)[0]]
        if column == "value":
            yield from backing_up(credit, formula)
            continue
        if column == "credit" and any(name.startswith("siblings:") for name in method.symbols.values()):
            yield from comparing(credit)
        yield equation(credit, formula, column)


def equation(credit: Credit, formula: str, column: str) -> Frame:
    """The frame of one equation, worked for the step or trajectory where it says most."""
    values = credit.column(column)
    known = np.isfinite(values)
    finite = values[known]
    low, high = (signed(finite.min()), signed(finite.max())) if len(finite) else ("n/a", "n/a")
    title, sentence = words_for(credit, formula, column)
    return Frame(
        title,
        sentence,
        np.ones(len(values), dtype=bool),
        known,
        {int(row): signed(values[row]) for row in np.flatnonzero(known)},
        fill=values,
        column=column,
        outcomes=True,
        numbers={"smallest": low, "largest": high},
        example=example(credit, formula, values, known),
    )


def example(credit: Credit, formula: str, values: FloatArray, among: BoolArray) -> Example | None:
    """The equation with the numbers of the largest of some values; None where all are NaN."""
    rows = np.flatnonzero(among & np.isfinite(values))
    if not len(rows):
        return None
    row = int(rows[np.argmax(np.abs(values[rows]))])
    return Example(work(credit, formula, row), named(credit.forests[0], row))


def backing_up(credit: Credit, formula: str) -> Iterator[Frame]:
    """Values from the leaves to the prompt, deepest level first."""
    forest = credit.forests[0]
    value, depth = credit.nodes["value"], forest.topology.path_sum((~forest.is_prompt).astype(np.int64))
    badges = {int(row): short(forest.reward[row]) for row in np.flatnonzero(~np.isnan(forest.reward))}
    inner = ~forest.topology.is_leaf
    sentence = words_for(credit, formula, "value").sentence
    for level in sorted(set(depth[inner].tolist()), reverse=True):
        at_level = inner & (depth == level)
        badges |= {int(row): short(value[row]) for row in np.flatnonzero(at_level)}
        yield Frame(
            BACKED_UP,
            sentence,
            np.ones(len(forest), dtype=bool),
            at_level,
            dict(badges),
            outcomes=True,
            example=example(credit, formula, value, at_level),
        )


def comparing(credit: Credit) -> Iterator[Frame]:
    """Siblings side by side, one fork a frame while there are few."""
    forest, shape = credit.forests[0], credit.shape
    forks = shape.forks
    if not len(forks) or "value" not in credit.nodes:
        return
    value = credit.nodes["value"]
    spread = np.array([float(np.ptp(value[shape.steps_from(fork)])) for fork in forks])
    chosen = forks[np.argsort(-np.nan_to_num(spread), kind="stable")][:MAX_FORK_FRAMES]
    for fork in np.sort(chosen):
        children = shape.steps_from(fork)
        gap = float(np.ptp(value[children]))
        place = "at the start" if forest.is_prompt[fork] else f"after “{label(forest, fork)}”"
        verdict = (
            "the outcomes differ, and what made the difference came with this choice or after it."
            if gap > 0
            else "the outcomes agree, so this choice gives no signal."
        )
        yield Frame(
            COMPARED,
            f"The {len(children)} branches {place} share every word up to here; {verdict}",
            np.ones(len(forest), dtype=bool),
            np.isin(np.arange(len(forest)), children),
            {int(row): short(value[row]) for row in children},
            outcomes=True,
            numbers={"difference of values": short(gap)},
        )
