"""The middle of the film: one stage for each of the method's own equations, each frame with its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from treecore.analysis.frames import Bracket, Example, Frame, Move, after, named
from treecore.analysis.linked import linked
from treecore.analysis.wording import BACKED_UP, referred, words_for
from treecore.core.forest import Forest
from treecore.core.numerals import short
from treecore.core.topology import FloatArray, IntArray
from treecore.methods.explain import work
from treecore.methods.registry import Credit, get_method

MAX_FORK_FRAMES, MAX_LEVEL_FRAMES = 12, 24
COMPARED = "Compare siblings"
NOISE = 1e-9


def working(credit: Credit) -> Iterator[Frame]:
    """Frames of each equation in turn; values level by level, siblings fork by fork where the method compares them."""
    method = get_method(credit.method)
    before: set[str] = set()
    for formula in method.formula(credit.params).splitlines():
        column = method.symbols[formula.split(" = ", 1)[0]]
        if column == "value":
            yield from backing_up(credit, formula)
        elif len(fresh := news(credit, formula, column=column, before=before)):
            if column == "credit" and any(name.startswith("siblings:") for name in method.symbols.values()):
                yield from comparing(credit, formula)
            yield equation(credit, formula, column=column, fresh=fresh)
        before.add(column)


def news(credit: Credit, formula: str, *, column: str, before: set[str]) -> IntArray:
    """Rows where an equation gives a number, and another than an equation before it that it takes over."""
    values = credit.column(column)
    new = np.isfinite(values)
    for name in referred(credit, formula) & before if column != "credit" else ():
        new &= ~(np.abs(values - credit.column(name)) < NOISE)
    return np.flatnonzero(new)


def equation(credit: Credit, formula: str, *, column: str, fresh: IntArray) -> Frame:
    """The frame of one equation, worked for the step or trajectory among `fresh` where it says most."""
    values = credit.column(column)
    known = np.isfinite(values)
    finite = values[known]
    words = credit.ends.words
    low, high = words(float(finite.min())), words(float(finite.max()))
    title, sentence, heading = words_for(credit, formula, column=column)
    return Frame(
        title,
        sentence,
        visible=np.ones(len(values), dtype=bool),
        highlight=known,
        badges={int(row): words(float(values[row])) for row in np.flatnonzero(known)},
        fill=values,
        column=heading or column,
        outcomes=get_method(credit.method).judges_outcomes,
        numbers={"smallest": low, "largest": high} if low != high else {"everywhere": low},
        example=example(credit, formula, values, fresh),
    )


def example(credit: Credit, formula: str, values: FloatArray, rows: IntArray) -> Example:
    """The equation with the numbers of the largest of some values, none NaN."""
    row, forest = int(rows[np.argmax(np.abs(values[rows]))]), credit.forests[0]
    line = work(credit, formula, row)
    terms = tuple(linked(credit, line))
    if line.column in credit.leaves:
        return Example(line, f"the trajectory that ends in {named(forest, row)}", (row,), terms)
    together = forest.is_prompt[row] and credit.one_prompt
    return Example(line, named(forest, row), tuple(forest.prompts.tolist()) if together else (row,), terms)


def backing_up(credit: Credit, formula: str) -> Iterator[Frame]:
    """Values from the leaves to the prompt, deepest level first; of many levels, several a frame."""
    forest = credit.forests[0]
    value, depth = credit.nodes["value"], forest.topology.path_sum((~forest.is_prompt).astype(np.int64))
    badges = {int(row): short(forest.reward[row]) for row in np.flatnonzero(~np.isnan(forest.reward))}
    inner = ~forest.topology.is_leaf
    sentence = words_for(credit, formula, column="value").sentence
    levels = np.unique(depth[inner & np.isfinite(value)])[::-1]
    for level in np.array_split(levels, min(len(levels), MAX_LEVEL_FRAMES)) if len(levels) else ():
        at_level = inner & np.isin(depth, level) & np.isfinite(value)
        badges |= {int(row): short(value[row]) for row in np.flatnonzero(at_level)}
        yield Frame(
            BACKED_UP,
            sentence,
            visible=np.ones(len(forest), dtype=bool),
            highlight=at_level,
            badges=dict(badges),
            outcomes=True,
            example=example(credit, formula, value, np.flatnonzero(at_level)),
            moves=arriving(forest, np.flatnonzero(at_level), badges),
        )


def arriving(forest: Forest, rows: IntArray, badges: Mapping[int, str]) -> tuple[Move, ...]:
    """Values of the children of some nodes, on their way up."""
    children = forest.topology.children
    return tuple(
        Move(child, row, badges[child]) for row in rows.tolist() for child in children(row).tolist() if child in badges
    )


def comparing(credit: Credit, formula: str) -> Iterator[Frame]:
    """Siblings side by side, one fork a frame while there are few, with the credit of the one that stands out most."""
    forest, shape = credit.forests[0], credit.shape
    forks = shape.forks
    if not len(forks) or "value" not in credit.nodes:
        return
    value = credit.nodes["value"]
    spread = np.array([float(np.ptp(value[shape.steps_from(fork)])) for fork in forks])
    known = np.array([bool(np.isfinite(credit.credit[shape.steps_from(fork)]).all()) for fork in forks])
    forks, spread = forks[known & np.isfinite(spread)], spread[known & np.isfinite(spread)]
    chosen = forks[np.argsort(-spread, kind="stable")][:MAX_FORK_FRAMES]
    for fork in np.sort(chosen):
        children = shape.steps_from(fork)
        gap = float(np.ptp(value[children]))
        verdict = (
            "the outcomes differ, and what made the difference came with this choice or after it."
            if gap > NOISE
            else "the outcomes agree, so this choice gives no signal."
        )
        yield Frame(
            stage=COMPARED,
            sentence=f"The {len(children)} branches {after(forest, int(fork))} share every word up to here; {verdict}",
            visible=np.ones(len(forest), dtype=bool),
            highlight=np.isin(np.arange(len(forest)), children),
            badges={int(row): short(value[row]) for row in children},
            outcomes=True,
            numbers={"difference of values": short(gap)},
            example=example(credit, formula, credit.credit, children),
            bracket=Bracket(tuple(children.tolist()), f"mean {short(float(value[children].mean()))}"),
        )
