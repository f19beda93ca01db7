"""What the panel says about a step. Pure: a forest and its credit in, words out."""

from __future__ import annotations

import numpy as np

from treecore.analysis.frames import label
from treecore.analysis.granularity import granularity
from treecore.core.forest import Forest
from treecore.core.numerals import counted, percent, whole
from treecore.core.step_text import plain, split_step
from treecore.methods.registry import Credit, get_method
from treecore.views.inspector.cards import Card, Piece, StepPart, Words
from treecore.views.inspector.siblings import MAX_SIBLINGS, compared, parts_of, siblings
from treecore.views.labels import cut

MAX_PATH, TITLE = 40, 160
STRATEGY, DETAIL = 0.66, 0.33


def words_of(credit: Credit, row: int) -> Words:
    """Path, text, granularity and siblings of one step of a single forest."""
    forest = credit.forests[0]
    steps = steps_to(forest, row)
    named = split_step(forest.text[row], forest.node_extra.get(row, {})).label
    is_root = bool(forest.is_prompt[row])
    where = "Prompt" if is_root else f"Step {whole(len(steps))} of {whole(longest_through(forest, row))}"
    tree = f"tree {int(forest.tree[row]) + 1} of {forest.n_trees}"
    return Words(
        node=str(forest.node_id[row]),
        eyebrow=f"{where} · " + (f"of all {counted(forest.n_trees, 'tree')}" if is_root and several(credit) else tree),
        path=tuple(crumb(forest, int(step)) for step in steps[:-1][-MAX_PATH:]),
        title=cut(plain(forest.prompt) if is_root else named, TITLE),
        parts=shown_parts(forest, row, named),
        decides=decides(credit, row),
        heading=sibling_heading(credit, row),
        siblings=siblings(credit, row),
        verdict=verdict(credit, row),
    )


def shown_parts(forest: Forest, row: int, title: str) -> tuple[StepPart, ...]:
    """The words of a step as they were written, thought and answer told apart; none where its title says all."""
    if forest.is_prompt[row]:
        prompt = forest.prompt.strip("\n")
        return (StepPart("text", prompt),) if prompt != cut(plain(prompt), TITLE) else ()
    return tuple(
        part
        for part in parts_of(forest, row)
        if part.kind == "answered" or part.text != title or part.text != cut(title, TITLE)
    )


def several(credit: Credit) -> bool:
    """Whether several roots are one prompt to the method."""
    return credit.one_prompt and credit.forests.n_trees > 1


def steps_to(forest: Forest, row: int) -> np.ndarray:
    """Rows of the steps from the prompt to a node, the node included if it is one."""
    path = forest.topology.path(row)
    return path[~forest.is_prompt[path]]


def longest_through(forest: Forest, row: int) -> int:
    """Steps of the longest trajectory through a node."""
    steps = forest.topology.path_sum((~forest.is_prompt).astype(np.int64))
    return int(steps[forest.topology.leaves_under(row)].max())


def crumb(forest: Forest, row: int) -> Card:
    """A step of the path."""
    return Card(str(forest.node_id[row]), (Piece(label(forest, row), False),), plain(forest.observation[row]), "", None)


def decides(credit: Credit, row: int) -> str:
    """How coarse the signal here is, in words."""
    found = granularity(credit.forests)
    unit = "" if found.unit == "tokens" else " (counted in steps: no token counts recorded)"
    if len(credit.shape.steps_from(row)) >= 2:
        share = found.governs[row]
        where = "at the prompt" if credit.forests.is_prompt[row] else "after this step"
        return f"{grain(share)}: the fork {where} decides {how_much(share)} of the trajectory{unit}"
    if len(credit.shape.siblings(row)) >= 2:
        share = found.step[row]
        return f"{grain(share)}: choosing this step decided {how_much(share)} of the trajectory{unit}"
    return "no fork here: nothing was compared at this step alone"


def grain(share: float) -> str:
    """A word for a share."""
    if share >= STRATEGY:
        return "coarse grain, strategy"
    return "fine grain, detail" if share <= DETAIL else "middle grain"


def how_much(share: float) -> str:
    """`the last 14 %`, `less than 1 %`, `all`."""
    if share >= 1:
        return "all"
    said = percent(share)
    return f"the last {said}" if said[0].isdigit() else said


def sibling_heading(credit: Credit, row: int) -> str:
    """Heading of the sibling list."""
    rows = compared(credit, row)
    if len(rows) < 2:
        return ""
    what = f"{whole(len(rows))} siblings" if row in rows else f"{whole(len(rows))} branches"
    compares = credit.method != "" and any(
        name.startswith("siblings:") for name in get_method(credit.method).symbols.values()
    )
    shown = f", {MAX_SIBLINGS} shown" if len(rows) > MAX_SIBLINGS else ""
    return (f"The {what} it compares" if compares else f"{what} from the same prefix") + shown


def verdict(credit: Credit, row: int) -> str:
    """What the comparison amounts to, where the method looks at outcomes."""
    forest = credit.forests[0]
    rows = compared(credit, row)
    if not len(rows) or (credit.method and not get_method(credit.method).judges_outcomes):
        return ""
    means = [forest.reward[forest.topology.leaves_under(int(r))] for r in rows]
    values = np.array([np.nanmean(m) if np.isfinite(m).any() else np.nan for m in means])
    if np.isnan(values).all():
        return "None of them has an outcome yet."
    if np.nanmax(values) - np.nanmin(values) < 1e-9:
        return "Same prefix, same outcome: this choice made no difference, so it gives no signal of its own."
    return "Same prefix, different outcomes: what made the difference came with this choice or after it."
