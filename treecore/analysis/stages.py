"""How an outcome reward becomes step credit, as a film: one frame after another, each with one plain sentence.

Works for every method: the middle frames follow the method's own equations. Knows nothing about drawing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from treecore.analysis.frames import Frame, count, label, short, signed
from treecore.analysis.growth import Expansion, expansions
from treecore.analysis.question import question
from treecore.analysis.working import working
from treecore.credit.registry import Credit, get_method
from treecore.forest import Forest
from treecore.outcomes import is_right

MAX_EXPANSION_FRAMES = 60
PREDICT = "Your prediction"


def frames(credit: Credit) -> list[Frame]:
    """The whole film for one forest (`Credit.of`)."""
    forest = credit.forests[0]
    return [*growing(forest), outcomes(credit), *predicting(credit), *working(credit), weights(credit)]


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
    yield Frame(*begun(forest, chains), visible, fresh)
    if not later:
        return
    title = f"Expand: {count(len(later), 'branch', 'branches')}"
    for batch in np.array_split(np.arange(len(later)), min(len(later), MAX_EXPANSION_FRAMES)):
        fresh = nothing.copy()
        for number in batch:
            fresh[later[number].rows] = True
        visible = visible | fresh
        yield Frame(title, grown_on(forest, [later[number] for number in batch]), visible, fresh)


def begun(forest: Forest, chains: Sequence[Expansion]) -> tuple[str, str]:
    """Title and sentence for the first branches: whole answers, or first steps where a search goes on from these."""
    n = len(chains)
    each = "the first branch of the tree" if n == 1 else "each is the first branch of a tree"
    if n_ended(forest, chains) == n:
        return count(n, "chain").capitalize(), f"{count(n, 'whole answer').capitalize()} to the prompt: {each}."
    return f"Begin: {count(n, 'tree')}", f"{n_steps(chains).capitalize()} after the prompt: {each}."


def grown_on(forest: Forest, branches: Sequence[Expansion]) -> str:
    """What the next branches add, and where; that they go to the end only where they do."""
    n, ended = len(branches), n_ended(forest, branches)
    origin = branches[0].origin
    place = "at the prompt" if forest.is_prompt[origin] else f"after “{label(forest, origin)}”"
    if n == 1:
        return f"The next branch starts {place}: {n_steps(branches)}{', to the end' if ended else ''}."
    end = f"; {ended} of the {n} go to the end" if ended else ""
    return f"The next {n} branches start, the first {place}: {n_steps(branches)} in all{end}."


def n_steps(branches: Sequence[Expansion]) -> str:
    """How many steps some branches have, in words."""
    return count(sum(len(branch.rows) for branch in branches), "step")


def n_ended(forest: Forest, branches: Sequence[Expansion]) -> int:
    """How many of some branches were taken to an outcome when they were added."""
    last = [int(branch.rows[-1]) for branch in branches]
    return int((forest.topology.is_leaf & ~np.isnan(forest.reward))[last].sum())


def outcomes(credit: Credit) -> Frame:
    """Outcomes at leaves."""
    forest = credit.forests[0]
    scored = ~np.isnan(forest.reward)
    right, n = int(is_right(forest).sum()), len(forest.leaves)
    badges = {int(row): short(forest.reward[row]) for row in np.flatnonzero(scored)}
    unscored = n - int(scored.sum())
    aside = f" {unscored} {'has' if unscored == 1 else 'have'} no outcome." if unscored else ""
    sentence = f"The verifier looks only at the end: {right} of {n} trajectories earn the full reward.{aside}"
    if not get_method(credit.method).judges_outcomes:
        sentence += " This method does not look at outcomes."
    numbers = {"mean reward": short(float(forest.reward[scored].mean()))} if scored.any() else {}
    return Frame("Outcomes", sentence, np.ones(len(forest), dtype=bool), scored, badges, outcomes=True, numbers=numbers)


def predicting(credit: Credit) -> Iterator[Frame]:
    """A guess at one fork, before any value is drawn; none where no fork has a signal."""
    asked = question(credit)
    if asked is None:
        return
    forest = credit.forests[0]
    scored = ~np.isnan(forest.reward)
    badges = {int(row): short(forest.reward[row]) for row in np.flatnonzero(scored)}
    place = "at the start" if forest.is_prompt[asked.fork] else f"after “{label(forest, asked.fork)}”"
    sentence = f"Look at the {len(asked.rows)} branches {place} and at how they ended: the method tells them apart."
    marked = np.isin(np.arange(len(forest)), asked.rows)
    yield Frame(PREDICT, sentence, np.ones(len(forest), dtype=bool), marked, badges, outcomes=True)


def weights(credit: Credit) -> Frame:
    """What training sees: the step's signal on each of the tokens that the model wrote."""
    forest = credit.forests[0]
    everything = np.ones(len(forest), dtype=bool)
    tokens = forest.n_model_tokens
    weight = credit.nodes.get("gradient_weight", credit.credit)
    known = ~forest.is_prompt & np.isfinite(weight) & (tokens != 0)
    badges = {int(r): f"{tokens[r]} × {signed(weight[r])}" if tokens[r] > 0 else signed(weight[r])
              for r in np.flatnonzero(known)}  # fmt: skip
    counted, written = (int(tokens[rows & (tokens > 0)].sum()) for rows in (known, ~forest.is_prompt))
    of = f"All {written:,}" if counted == written else f"{counted:,} of the {written:,}"
    carrying = f"{of} tokens that the model wrote" if written else "The words of the steps with a number"
    through = " summed over the trajectories through it" if "gradient_weight" in credit.nodes else ""
    sentence = f"{carrying} now carry a weight: its step's signal{through}. Observations carry none."
    numbers = {"tokens with a weight": f"{counted:,}"} if counted else {}
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
