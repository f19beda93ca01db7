"""How an outcome reward becomes step credit, as a film: one frame after another, each with one plain sentence.

Works for every method: the middle frames follow the method's own equations. Knows nothing about drawing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from treecore.analysis.growth import expansions
from treecore.credit.explain import exact_fraction
from treecore.credit.registry import Credit, get_method
from treecore.forest import Forest
from treecore.outcomes import is_right
from treecore.steptext import split_step
from treecore.topology import BoolArray, FloatArray

MAX_FORK_FRAMES = 12
MAX_EXPANSION_FRAMES = 60

TITLES = {
    "value": "Back up values",
    "intra": "Normalise within each tree",
    "inter": "Normalise across trees",
    "advantage": "Advantage of every trajectory",
    "credit": "Credit for every step",
}
SENTENCES = {
    "intra": "Each outcome is measured against the other leaves of its own tree, in standard deviations: "
    "relatives that share its early steps.",
    "inter": "Each outcome is measured against all {n} trajectories of the prompt, whichever tree they grew on.",
    "advantage": "These numbers become one advantage for each trajectory, from {low} to {high}.",
    "credit": "A step's credit follows from the trajectories through it: shared early steps average many ends, late "
    "steps keep their own.",
}


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of the film.

    Attributes:
        stage: title of the stage it belongs to; frames of one stage follow each other.
        sentence: one plain sentence about what happens.
        visible: `[N]` nodes that exist by now.
        highlight: `[N]` nodes that this frame is about.
        badges: row -> short text shown beside the node.
        fill: `[N]` numbers that colour the nodes on the credit scale, NaN neutral; None when nothing is coloured.
        outcomes: whether outcomes at leaves are known by now.
        numbers: label -> value, the numbers that changed.
        column: what the coloured numbers are, one word; "" when nothing is coloured.
    """

    stage: str
    sentence: str
    visible: BoolArray
    highlight: BoolArray
    badges: Mapping[int, str] = field(default_factory=dict)
    fill: FloatArray | None = None
    outcomes: bool = False
    numbers: Mapping[str, str] = field(default_factory=dict)
    column: str = ""


def short(value: float) -> str:
    """A number with two decimals, its fraction where it is exact, a true minus sign."""
    if np.isnan(value):
        return "n/a"
    if float(value).is_integer():
        return f"{value:.0f}".replace("-", "−")
    return (exact_fraction(value) or f"{value:.2f}").replace("-", "−")


def signed(value: float) -> str:
    """A number with its sign and two decimals."""
    if np.isnan(value):
        return "n/a"
    return "0.00" if abs(value) < 0.005 else f"{value:+.2f}".replace("-", "−")


def frames(credit: Credit) -> list[Frame]:
    """The whole film for one forest (`Credit.of`)."""
    forest = credit.forests[0]
    return [*growing(forest), *scoring(credit), *comparing(credit), *working(credit), weights(credit)]


def growing(forest: Forest) -> Iterator[Frame]:
    """Prompt, first chains, expansions."""
    parent = forest.parent
    visible = parent < 0
    nothing = np.zeros(len(forest), dtype=bool)
    yield Frame("Prompt", f"One prompt, and {count(forest.n_trees, 'empty tree')}.", visible, visible)
    grown = expansions(forest)
    chains = [expansion for expansion in grown if expansion.is_chain]
    later = [expansion for expansion in grown if not expansion.is_chain]
    fresh = nothing.copy()
    for chain in chains:
        fresh[chain.rows] = True
    visible = visible | fresh
    sentence = f"The model answers {count(len(chains), 'time')} on its own: every answer is the first branch of a tree."
    yield Frame(count(len(chains), "chain").capitalize(), sentence, visible, fresh)
    if not later:
        return
    title = f"Expand: {count(len(later), 'fork')}"
    for batch in np.array_split(np.arange(len(later)), min(len(later), MAX_EXPANSION_FRAMES)):
        fresh = nothing.copy()
        for number in batch:
            fresh[later[number].rows] = True
        visible = visible | fresh
        origin = later[batch[0]].origin
        place = "the prompt itself" if forest.is_prompt[origin] else f"“{label(forest, origin)}”"
        begins = "The next branch starts" if len(batch) == 1 else f"The next {len(batch)} branches start, the first"
        sentence = f"{begins} at {place}: the model goes on from there to the end again."
        yield Frame(title, sentence, visible, fresh)


def scoring(credit: Credit) -> Iterator[Frame]:
    """Outcomes at leaves, then values backed up level by level, deepest first."""
    forest = credit.forests[0]
    scored = ~np.isnan(forest.reward)
    everything = np.ones(len(forest), dtype=bool)
    right = int(is_right(forest).sum())
    badges = {int(row): short(forest.reward[row]) for row in np.flatnonzero(scored)}
    sentence = f"The verifier looks only at the end: {right} of {int(scored.sum())} trajectories earn the full reward."
    numbers = {"mean reward": short(float(forest.reward[scored].mean()))} if scored.any() else {}
    yield Frame("Outcomes", sentence, everything, scored, dict(badges), outcomes=True, numbers=numbers)
    if "value" not in credit.nodes:
        return
    value, depth = credit.nodes["value"], forest.topology.path_sum((~forest.is_prompt).astype(np.int64))
    inner = ~forest.topology.is_leaf
    for level in sorted(set(depth[inner].tolist()), reverse=True):
        at_level = inner & (depth == level)
        badges |= {int(row): short(value[row]) for row in np.flatnonzero(at_level)}
        root = "The prompt" if credit.one_prompt or forest.n_trees == 1 else "Each tree's root"
        sentence = f"{root if level == 0 else 'Each step'} takes the mean outcome of the leaves beneath it."
        yield Frame(TITLES["value"], sentence, everything, at_level, dict(badges), outcomes=True)


def comparing(credit: Credit) -> Iterator[Frame]:
    """Siblings side by side, one fork a frame while there are few."""
    forest = credit.forests[0]
    shape = credit.shape
    forks = shape.forks
    everything = np.ones(len(forest), dtype=bool)
    if not len(forks) or "value" not in credit.nodes:
        return
    value = credit.nodes["value"]
    spread = np.array([float(np.ptp(value[shape.steps_from(fork)])) for fork in forks])
    chosen = forks[np.argsort(-np.nan_to_num(spread), kind="stable")][:MAX_FORK_FRAMES]
    for fork in np.sort(chosen):
        children = shape.steps_from(fork)
        marks = np.isin(np.arange(len(forest)), children)
        badges = {int(row): short(value[row]) for row in children}
        gap = float(np.ptp(value[children]))
        place = "at the start" if forest.is_prompt[fork] else f"after “{label(forest, fork)}”"
        verdict = (
            "the outcomes differ, and what made the difference came with this choice or after it."
            if gap > 0
            else "the outcomes agree, so this choice gives no signal."
        )
        sentence = f"The {len(children)} branches {place} share every word up to here; {verdict}"
        yield Frame(
            "Compare siblings",
            sentence,
            everything,
            marks,
            badges,
            outcomes=True,
            numbers={"difference of values": short(gap)},
        )


def working(credit: Credit) -> Iterator[Frame]:
    """One frame for each of the method's own equations."""
    method = get_method(credit.method)
    everything = np.ones(len(credit.forests[0]), dtype=bool)
    for line in method.formula(credit.params).splitlines():
        column = method.symbols[line.split(" = ", 1)[0]]
        if column == "value":
            continue
        values = credit.column(column)
        known = np.isfinite(values)
        finite = values[known]
        low, high = (signed(finite.min()), signed(finite.max())) if len(finite) else ("n/a", "n/a")
        sentence = SENTENCES.get(column, "The next equation of the method gives {n} numbers, from {low} to {high}.")
        badges = {int(row): signed(values[row]) for row in np.flatnonzero(known)}
        yield Frame(
            TITLES.get(column, column.replace("_", " ").capitalize()),
            sentence.format(n=int(known.sum()), low=low, high=high),
            everything,
            known,
            badges,
            fill=values,
            column=column,
            outcomes=True,
            numbers={"smallest": low, "largest": high},
        )


def weights(credit: Credit) -> Frame:
    """What training sees: the step's signal on each of the tokens that the model wrote."""
    forest = credit.forests[0]
    everything = np.ones(len(forest), dtype=bool)
    tokens = forest.n_model_tokens
    weight = credit.nodes.get("gradient_weight", credit.credit)
    known = ~forest.is_prompt & np.isfinite(weight) & (tokens != 0)
    badges = {int(r): f"{tokens[r]} × {signed(weight[r])}" if tokens[r] > 0 else signed(weight[r])
              for r in np.flatnonzero(known)}  # fmt: skip
    counted = int(tokens[known & (tokens > 0)].sum())
    said = f"All {counted} tokens" if counted else "All tokens"
    through = " summed over the trajectories through it" if "gradient_weight" in credit.nodes else ""
    sentence = f"{said} that the model wrote now carry a weight: its step's signal{through}. Observations carry none."
    numbers = {"tokens with a weight": str(counted)} if counted else {}
    return Frame(
        "Weight on every token",
        sentence,
        everything,
        known,
        badges,
        fill=credit.credit,
        column="credit",
        outcomes=True,
        numbers=numbers,
    )


def label(forest: Forest, row: int) -> str:
    """The telling phrase of a step, shortened."""
    text = split_step(forest.text[row]).label or f"step {forest.node_id[row]}"
    return text if len(text) <= 48 else text[:47] + "…"


def count(n: int, noun: str) -> str:
    """`two chains`: small numbers as words."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    return f"{words[n] if n < len(words) else n} {noun}{'' if n == 1 else 's'}"
