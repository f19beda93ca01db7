"""How an outcome reward becomes step credit, as a film: one frame after another, each with one plain sentence.

Works for every method: the middle frames follow the method's own equations. Knows nothing about drawing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from treecore.analysis.frames import Example, Frame, after, named
from treecore.analysis.growth import Expansion, expansions
from treecore.analysis.linked import Linked
from treecore.analysis.question import question, why_none
from treecore.analysis.search_frames import searched
from treecore.analysis.searching import is_search, play
from treecore.analysis.working import working
from treecore.core.forest import Forest
from treecore.core.numerals import counted, exact_fraction, in_words, short, whole
from treecore.core.outcomes import is_right
from treecore.core.topology import BoolArray, FloatArray
from treecore.methods.explain import Line
from treecore.methods.explain import number as latex
from treecore.methods.registry import Credit, get_method

MAX_EXPANSION_FRAMES = 60
OUTCOMES, PREDICT, NO_PREDICTION = "Outcomes", "Your prediction", "Nothing to predict"
WEIGHT = "Weight on every token"


def frames(credit: Credit) -> list[Frame]:
    """The whole film for one forest (`Credit.of`)."""
    forest = credit.forests[0]
    judged = [outcomes(forest)] if get_method(credit.method).judges_outcomes else []
    return [*grown(credit), *judged, *predicting(credit), *working(credit), weights(credit)]


def grown(credit: Credit) -> Iterator[Frame]:
    """How the forest came about: simulation by simulation where a tree search is recorded, else branch by branch."""
    forest = credit.forests[0]
    prompt, *branches = growing(forest)
    if not is_search(forest):
        asked = get_method(credit.method).family.name == "search"
        aside = " No tree search is recorded here, so there are no visits and bounds to show." if asked else ""
        yield from (replace(prompt, sentence=prompt.sentence + aside), *branches)
        return
    played = play(forest)
    if played.lacks:
        aside = f" A tree search grew this forest, but how it chose cannot be shown: {played.lacks}."
        yield from (replace(prompt, sentence=prompt.sentence + aside), *branches)
        return
    yield prompt
    yield from searched(forest, played)


def growing(forest: Forest) -> Iterator[Frame]:
    """Prompt, first chains, expansions."""
    parent = forest.parent
    visible = parent < 0
    nothing = np.zeros(len(forest), dtype=bool)
    yield Frame("Prompt", f"One prompt, and {in_words(forest.n_trees, 'empty tree')}.", visible, visible)
    grown = expansions(forest)
    if not grown:
        return
    chains = [expansion for expansion in grown if expansion.is_chain]
    later = [expansion for expansion in grown if not expansion.is_chain]
    fresh = nothing.copy()
    for chain in chains:
        fresh[chain.rows] = True
    visible = visible | fresh
    yield Frame(*begun(forest, chains), visible, fresh)
    if not later:
        return
    title = f"Expand: {in_words(len(later), 'branch', 'branches')}"
    for batch in np.array_split(np.arange(len(later)), min(len(later), MAX_EXPANSION_FRAMES)):
        fresh = nothing.copy()
        for number in batch:
            fresh[later[number].rows] = True
        visible = visible | fresh
        yield Frame(
            stage=title,
            sentence=grown_on(forest, [later[number] for number in batch]),
            visible=visible,
            highlight=fresh,
        )


def begun(forest: Forest, chains: Sequence[Expansion]) -> tuple[str, str]:
    """Title and sentence for the first branches: whole answers, or first steps where a search goes on from these."""
    n = len(chains)
    each = "the first branch of the tree" if n == 1 else "each is the first branch of a tree"
    if n_ended(forest, chains) == n:
        return in_words(n, "chain").capitalize(), f"{in_words(n, 'whole answer').capitalize()} to the prompt: {each}."
    return f"Begin: {in_words(n, 'tree')}", f"{n_steps(chains).capitalize()} after the prompt: {each}."


def grown_on(forest: Forest, branches: Sequence[Expansion]) -> str:
    """What the next branches add, and where; that they go to the end only where they do."""
    n, ended = len(branches), n_ended(forest, branches)
    origin = branches[0].origin
    place = after(forest, origin)
    if n == 1:
        return f"The next branch starts {place}: {n_steps(branches)}{', to the end' if ended else ''}."
    end = f"; {ended} of the {n} go to the end" if ended else ""
    return f"The next {n} branches start, the first {place}: {n_steps(branches)} in all{end}."


def n_steps(branches: Sequence[Expansion]) -> str:
    """How many steps some branches have, in words."""
    return in_words(sum(len(branch.rows) for branch in branches), "step")


def n_ended(forest: Forest, branches: Sequence[Expansion]) -> int:
    """How many of some branches were taken to an outcome when they were added."""
    last = [int(branch.rows[-1]) for branch in branches]
    return int((forest.topology.is_leaf & ~np.isnan(forest.reward))[last].sum())


def outcomes(forest: Forest) -> Frame:
    """Outcomes at leaves."""
    scored = ~np.isnan(forest.reward)
    right, n = int(is_right(forest).sum()), len(forest.leaves)
    badges = {int(row): short(forest.reward[row]) for row in np.flatnonzero(scored)}
    unscored = n - int(scored.sum())
    aside = f" {whole(unscored)} {'has' if unscored == 1 else 'have'} no outcome." if unscored else ""
    earn = f"{whole(right)} of {counted(n, 'trajectory', 'trajectories')} {'earns' if n == 1 else 'earn'}"
    sentence = f"The verifier looks only at the end: {earn} the full reward.{aside}"
    numbers = {"mean over trajectories": short(float(forest.reward[scored].mean()))} if scored.any() else {}
    return Frame(
        OUTCOMES,
        sentence,
        visible=np.ones(len(forest), dtype=bool),
        highlight=scored,
        badges=badges,
        outcomes=True,
        numbers=numbers,
    )


def predicting(credit: Credit) -> Iterator[Frame]:
    """A guess at one fork, before any value is drawn; where no fork has a signal, why there is nothing to guess."""
    forest, asked = credit.forests[0], question(credit)
    if asked is None:
        every = np.ones(len(forest), dtype=bool)
        yield Frame(stage=NO_PREDICTION, sentence=why_none(credit), visible=every, highlight=every)
        return
    scored = ~np.isnan(forest.reward)
    badges = {int(row): short(forest.reward[row]) for row in np.flatnonzero(scored)}
    sentence = (
        f"Look at the {len(asked.rows)} branches {after(forest, asked.fork)} and at how they ended: the method tells "
        "them apart."
    )
    marked = np.isin(np.arange(len(forest)), asked.rows)
    yield Frame(
        PREDICT, sentence, visible=np.ones(len(forest), dtype=bool), highlight=marked, badges=badges, outcomes=True
    )


def weights(credit: Credit) -> Frame:
    """What training sees: the step's signal on each of the tokens that the model wrote."""
    forest, words = credit.forests[0], credit.ends.words
    tokens, weight = forest.n_model_tokens, credit.nodes.get("gradient_weight", credit.credit)
    known = ~forest.is_prompt & np.isfinite(weight) & (tokens != 0)
    badges = {
        int(r): f"{whole(tokens[r])} × {words(float(weight[r]))}" if tokens[r] > 0 else words(float(weight[r]))
        for r in np.flatnonzero(known)
    }
    weighted, written = (int(tokens[rows & (tokens > 0)].sum()) for rows in (known, ~forest.is_prompt))
    of = f"All {whole(written)}" if weighted == written else f"{whole(weighted)} of the {whole(written)}"
    carrying = f"{of} tokens that the model wrote" if written else "The words of the steps with a number"
    through = " summed over the trajectories through it" if "gradient_weight" in credit.nodes else ""
    observed = " Observations carry none." if any(forest.observation) else ""
    return Frame(
        stage=WEIGHT,
        sentence=f"{carrying} now carry a weight: its step's signal{through}.{observed}",
        visible=np.ones(len(forest), dtype=bool),
        highlight=known,
        badges=badges,
        fill=credit.credit,
        column="credit",
        outcomes=get_method(credit.method).judges_outcomes,
        numbers={"tokens with a weight": whole(weighted)} if weighted else {},
        example=weighed(credit, weight, known),
        weights=np.where(known, weight, np.nan),
    )


def weighed(credit: Credit, weight: FloatArray, among: BoolArray) -> Example | None:
    """The weight of each token of the step where it is largest; None where no step has any."""
    rows = np.flatnonzero(among)
    if not len(rows):
        return None
    row = int(rows[np.argmax(np.abs(weight[rows]))])
    value, own = float(weight[row]), float(credit.credit[row])
    formula, numbers = r"w_t = C(s)", f"w_t = {latex(own)}"
    terms = [Linked("C(s)", latex(own), np.array([row]))]
    if "gradient_weight" in credit.nodes:
        leaves = credit.shape.leaves_under(row)
        through = np.sort(leaves[credit.forests.scored[leaves]])
        n = len(through)
        terms.append(Linked("n(s)", str(n), through))
        formula, numbers = r"w_t = n(s) \cdot C(s)", rf"w_t = {n} \cdot {bracketed(latex(own))}"
    line = Line("w_t", "weight", formula, numbers, row, value, exact_fraction(value))
    return Example(line, named(credit.forests[0], row), (row,), tuple(terms))


def bracketed(factor: str) -> str:
    """A number behind a sign of multiplication."""
    return f"({factor})" if factor.startswith("-") else factor
