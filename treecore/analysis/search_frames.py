"""A tree search as a part of the film: select, expand, score, back up, with the visits and bounds of this tree."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from treecore.analysis.frames import Example, Frame, Move, after, named
from treecore.analysis.linked import Linked
from treecore.analysis.searching import Played, Simulation, Tally
from treecore.core.forest import Forest
from treecore.core.numerals import counted, exact_fraction, in_words, short, whole
from treecore.core.topology import BoolArray
from treecore.methods.explain import Line, fill
from treecore.methods.explain import number as latex
from treecore.samplers.mcts.search import Kind

MAX_SLOW, MAX_QUICK = 5, 40
"""Simulations that have a frame for each of their four phases, and frames of the others."""


def searched(forest: Forest, played: Played) -> Iterator[Frame]:
    """All simulations: the first of each kind phase by phase, the others a frame each, or several to a frame."""
    title = f"Search: {counted(len(played.simulations), 'simulation')}"
    slow = in_phases(played)
    quick = [one for one in played.simulations if one.number not in slow]
    last_of_frame = {int(batch[-1]) for batch in np.array_split([one.number for one in quick], MAX_QUICK) if len(batch)}
    for one in played.simulations:
        if one.number in slow:
            yield from phases(forest, played, one, title)
        elif one.number in last_of_frame:
            yield at_once(forest, played, one, title)


def in_phases(played: Played) -> set[int]:
    """The first two simulations, the first that go down, and the first that comes to an end again."""
    down = [one.number for one in played.simulations if one.choices and one.made >= 0]
    again = [one.number for one in played.simulations if one.made < 0]
    firsts = [one.number for one in played.simulations[:2]]
    return set(dict.fromkeys([*firsts, *down[:1], *again[:1], *down[1:]][:MAX_SLOW]))


def phases(forest: Forest, played: Played, one: Simulation, title: str) -> Iterator[Frame]:
    """Select, expand, score, back up."""
    called = f"Simulation {whole(one.number + 1)}"
    shown = written_until(forest, played, one, rollouts=False, before=True)
    yield select(forest, played, one, title, part=f"{called}: select", visible=shown)
    if one.made >= 0:
        yield expand(forest, played, one, title, part=f"{called}: expand")
    yield score(forest, played, one, title, part=f"{called}: score")
    yield back_up(forest, played, one, title, part=f"{called}: back up")


def select(forest: Forest, played: Played, one: Simulation, title: str, *, part: str, visible: BoolArray) -> Frame:
    """The way down by the largest bound, with the bounds of all that could have been followed."""
    marked = np.zeros(len(forest), dtype=bool)
    marked[[*one.path[1:], 0]] = True
    stop = "which has ended" if one.made < 0 else "which may have another child"
    if not one.choices:
        sentence = f"It stays {after(forest, one.above).removeprefix('after ')}, {stop}."
        return Frame(title, sentence, visible, marked, tallied(played.before(one)), part=part)
    times = "once" if len(one.choices) == 1 else in_words(len(one.choices), "time")
    badges: dict[int, str] = {}
    for choice in one.choices:
        badges |= {child: short(bound) for child, bound in choice.bounds.items()}
        marked[list(choice.bounds)] = True
    sentence = (
        "It goes down where the bound is largest, a high mean score or few visits, "
        f"{times}, and stops {after(forest, one.above)}, {stop}."
    )
    return Frame(title, sentence, visible, marked, badges, example=bound_of(forest, played, one), part=part)


def expand(forest: Forest, played: Played, one: Simulation, title: str, *, part: str) -> Frame:
    """The new step, and how many were drawn and put aside because a sibling is too like them."""
    visible = written_until(forest, played, one, rollouts=False)
    fresh = visible & ~written_until(forest, played, one, rollouts=False, before=True)
    alike = int((forest.columns["mcts_kind"][fresh] == Kind.TOO_ALIKE).sum())
    aside = f" {counted(alike, 'other')} {'was' if alike == 1 else 'were'} too like a sibling." if alike else ""
    sentence = f"A new step is written {after(forest, one.above)}: {named(forest, one.made)}.{aside}"
    return Frame(title, sentence, visible, fresh, tallied(played.before(one)), part=part)


def score(forest: Forest, played: Played, one: Simulation, title: str, *, part: str) -> Frame:
    """What the critics say of it, with the rewards of the answers that were written from it for that."""
    visible = written_until(forest, played, one, rollouts=True)
    end = one.path[0]
    ends = rollout_ends(forest, end) if one.made >= 0 else []
    known = {row: short(float(forest.reward[row])) for row in ends if np.isfinite(forest.reward[row])}
    marked = np.isin(np.arange(len(forest)), [end, *ends])
    again = "It has ended, and keeps its score" if one.made < 0 else "Its score"
    quick = f", after {counted(len(ends), 'answer')} written from here to the end" if ends else ""
    sentence = f"{again}: {short(one.score)}{quick}."
    badges = {**tallied(played.before(one)), **known, end: short(one.score)}
    return Frame(title, sentence, visible, marked, badges, part=part)


def back_up(forest: Forest, played: Played, one: Simulation, title: str, *, part: str) -> Frame:
    """The score on its way to the root, and the means and visits that it leaves."""
    visible = written_until(forest, played, one, rollouts=True)
    marked = np.isin(np.arange(len(forest)), one.path)
    moves = tuple(Move(row, int(forest.parent[row]), short(one.score)) for row in way_up(forest, one.path[0]))
    sentence = (
        f"The score {short(one.score)} goes to every step on the way back: its visits grow by one, its mean moves."
    )
    return Frame(
        title,
        sentence,
        visible,
        marked,
        tallied(played.after(one)),
        example=mean_of(forest, played, one),
        moves=moves,
        part=part,
    )


def at_once(forest: Forest, played: Played, one: Simulation, title: str) -> Frame:
    """A whole simulation in one picture."""
    visible = written_until(forest, played, one, rollouts=True)
    marked = visible & ~written_until(forest, played, one, rollouts=False, before=True)
    marked[list(one.path)] = True
    did = f"writes {named(forest, one.made)}" if one.made >= 0 else "comes to an end that it knows"
    sentence = f"It stops {after(forest, one.above)}, {did}, and backs up {short(one.score)}."
    moves = tuple(Move(row, int(forest.parent[row]), short(one.score)) for row in way_up(forest, one.path[0]))
    part = f"Simulation {whole(one.number + 1)}"
    return Frame(title, sentence, visible, marked, tallied(played.after(one)), moves=moves, part=part)


def written_until(
    forest: Forest, played: Played, one: Simulation, *, rollouts: bool, before: bool = False
) -> BoolArray:
    """Steps that were written by then, with all above them. `[N]`

    Args:
        rollouts: with the answers that were written to score the new step.
        before: until the simulation began.
    """
    made = [row for row in played.before(one) if row]
    known = [0, *made, *(row for place in made for row in rollouts_of(forest, place))]
    if not before and one.made >= 0:
        known += [one.made, *(rollouts_of(forest, one.made) if rollouts else ())]
    latest = int(forest.born[known].max())
    return np.asarray(forest.born <= latest)


def rollouts_of(forest: Forest, place: int) -> list[int]:
    """Rows of the answers that were written from a place to score it."""
    kind, found, frontier = forest.columns["mcts_kind"], [], [place]
    while frontier:
        below = [int(row) for row in forest.topology.children(frontier.pop()) if kind[row] == Kind.ROLLOUT]
        found += below
        frontier += below
    return found


def rollout_ends(forest: Forest, place: int) -> list[int]:
    """The last steps of these."""
    return [row for row in rollouts_of(forest, place) if forest.topology.is_leaf[row]]


def way_up(forest: Forest, row: int) -> list[int]:
    """Rows from a step to the one under the root, with steps between places."""
    return [int(one) for one in forest.topology.path(row)[::-1] if forest.parent[one] >= 0]


def tallied(tallies: dict[int, Tally]) -> dict[int, str]:
    """Mean score and visits of every place that has some."""
    return {row: f"{short(one.mean)} n={whole(one.visits)}" for row, one in tallies.items() if one.visits}


def bound_of(forest: Forest, played: Played, one: Simulation) -> Example:
    """The bound of the child that was followed last, with the numbers of this tree."""
    choice = one.choices[-1]
    tallies = played.before(one)
    child, own, above = choice.followed, tallies[choice.followed], tallies[choice.above]
    top = r"2 \ln n_p" if played.form == "paper" else r"\ln n_p"
    formula = rf"B(s) = \bar q + C_p \cdot \sqrt{{\frac{{{top}}}{{n_s}}}}"
    terms = (
        Linked(r"\bar q", latex(own.mean), np.array([child])),
        Linked("C_p", latex(played.c), np.empty(0, dtype=np.int64)),
        Linked("n_p", str(above.visits), np.array([choice.above])),
        Linked("n_s", str(own.visits), np.array([child])),
    )
    return worked(forest, formula, terms, child, choice.bounds[child])


def mean_of(forest: Forest, played: Played, one: Simulation) -> Example:
    """The mean score of the place where the simulation stopped, after it."""
    row = one.path[1] if len(one.path) > 1 else one.path[0]
    own = played.after(one)[row]
    ends = {each.path[0] for each in played.simulations[: one.number + 1] if row in each.path}
    terms = (
        Linked("q_s", latex(own.total), np.array(sorted(ends))),
        Linked("n_s", str(own.visits), np.array([row])),
    )
    return worked(forest, r"\bar q = \frac{q_s}{n_s}", terms, row, own.mean)


def worked(forest: Forest, formula: str, terms: tuple[Linked, ...], row: int, result: float) -> Example:
    """An equation of the search with its numbers put in."""
    left, right = formula.split(" = ", 1)
    numbers = f"{left} = {fill(right, {term.symbol: term.number for term in terms})}"
    line = Line(left, "search", formula, numbers, row, result, exact_fraction(result))
    return Example(line, named(forest, row), (row,), terms)
