"""Fold separate answers to one prompt into the tree of their common beginnings, and take it apart again.

Answers that begin alike share the steps of their beginning; where they part is a fork. The last step of each answer
stays its own, also where two are equal: leaves are answers, and every one of them counts. Knows no credit.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple, overload

import numpy as np

from treecore.core.columns import NODE_COLUMNS, Status
from treecore.core.forest import Forest, NodeId, TokenTable
from treecore.core.given import all_forests
from treecore.core.id_cuts import cut_where_parting, has_all_tokens
from treecore.core.step_text import beside_text
from treecore.core.text_steps import RULES, rule_for, split_text
from treecore.core.topology import IntArray
from treecore.core.transforms import segments
from treecore.errors import ForestError

STEPS = ("auto", "tokens", *RULES)
"""How answers are compared: token by token, or step by step where steps end as `text_steps.RULES` says; `tokens:K` are
steps of K tokens. `auto` compares tokens where they are recorded by text or id, else steps by the rule that fits."""
TOKENS = re.compile(r"tokens:[1-9][0-9]{0,8}")
TOKEN_IDS = "token_ids"
"""What `provenance` says of tokens without texts: the words of what is shared are those in which answers are alike."""
NOTE = "merged"
"""Field of `provenance` that says how a forest was merged and what its answers share."""


class Shared(NamedTuple):
    """How much answers have in common.

    Attributes:
        steps: of all answers, each step counted once for each; shared_steps: those of them that another stands for.
        tokens, shared_tokens: the same in the model's tokens; -1 where they are not counted.
    """

    steps: int
    shared_steps: int
    tokens: int
    shared_tokens: int


def is_chains(forest: Forest) -> bool:
    """Whether nothing in it has two continuations, the prompt neither: who wrote a fork there wrote a tree."""
    return not forest.topology.is_fork.any()


def merge_chains(forest: Forest) -> Forest:
    """Separate answers as the tree of their common beginnings; anything else as it is."""
    return merge(forest) if is_chains(forest) and len(forest.leaves) > 1 else forest


@overload
def merge(forest: Forest, *, steps: str = "auto") -> Forest: ...


@overload
def merge(forest: Iterable[Forest], *, steps: str = "auto") -> list[Forest]: ...


def merge(forest: Forest | Iterable[Forest], *, steps: str = "auto") -> Forest | list[Forest]:
    """The tree of common beginnings of a forest's trajectories, below one empty root.

    What belongs to a trajectory (its reward, claims, fields) stands on its leaf as before; an answer that failed before
    it had a word is a leaf without words. A shared step keeps the fields of the first; numbers in `columns` and claims
    on shared steps are kept where all agree, else not assigned.
    `provenance["merged"]` has the rule and the counts of `Shared`.

    Args:
        forest: often a trajectory a tree; trees are folded as well. Of several each is merged.
        steps: see `STEPS`.

    Raises:
        ForestError: no forest, no such rule, or tokens are asked for and not recorded.
    """
    if not isinstance(forest, Forest):
        return [merge(one, steps=steps) for one in all_forests(forest)]
    rule = _rule(forest, steps)
    cut = _cut(forest, rule)
    of_ids = rule == "tokens" and forest.tokens is not None and forest.tokens.text is None
    return _built(cut, _fold(cut), TOKEN_IDS if of_ids else rule)


def _rule(forest: Forest, steps: str) -> str:
    """The rule that is meant.

    Raises:
        ForestError: see `merge`.
    """
    name = steps.partition(":")[0]
    if name not in STEPS or (":" in steps and not TOKENS.fullmatch(steps)):
        raise ForestError(f"no rule {steps!r} to part steps", todo=f"known: {', '.join(STEPS)}, tokens:K")
    if name == "tokens" and not has_all_tokens(forest):
        raise ForestError("the tokens of this forest are not recorded", todo="compare lines or turns")
    if name == "auto":
        return "tokens" if has_all_tokens(forest) else rule_for(forest)
    return steps


def _cut(forest: Forest, rule: str) -> Forest:
    """Steps parted by a rule; by `tokens`, where trajectories part from each other."""
    if rule == "tokens":
        return cut_where_parting(forest)
    if rule.startswith("tokens:"):
        return segments(forest, every=int(rule.partition(":")[2]))
    return split_text(forest, rule)


class Folded(NamedTuple):
    """The shape of a merged tree of `K` steps, the first of them the prompt.

    Attributes:
        first: `[K]` first row that each step stands for, -1 for the prompt; parent: `[K]` place of its parent.
        place: `[N]` place of the step that stands for each row.
    """

    first: IntArray
    parent: IntArray
    place: IntArray


def _fold(forest: Forest) -> Folded:
    """Rows with equal beginnings in one place."""
    place = [0] * len(forest)
    first, parent, seen = [-1], [-1], dict[Hashable, int]()
    is_leaf = forest.topology.is_leaf.tolist()
    is_prompt = (forest.is_prompt & ~(forest.topology.is_leaf & (forest.status == Status.FAILED))).tolist()
    for row, above in enumerate(forest.parent.tolist()):
        if is_prompt[row]:
            continue
        under = 0 if above < 0 else place[above]
        at = len(first)
        if not is_leaf[row]:
            at = seen.setdefault((under, *_content(forest, row)), at)
        place[row] = at
        if at == len(first):
            first.append(row)
            parent.append(under)
    return Folded(np.array(first), np.array(parent), np.array(place))


def _content(forest: Forest, row: int) -> tuple[Hashable, ...]:
    """What two steps must have in common to be one."""
    ids: tuple[int, ...] = ()
    if forest.tokens is not None and forest.tokens.id is not None:
        ids = tuple(forest.tokens.id[forest.tokens.start[row] : forest.tokens.start[row + 1]].tolist())
    fields = forest.node_extra.get(row)
    return forest.text[row], forest.observation[row], ids, beside_text(fields) if fields else ""


def _built(forest: Forest, folded: Folded, rule: str) -> Forest:
    """The merged forest."""
    rows, is_step = folded.first, folded.first >= 0
    changed: dict[str, Any] = {}
    for column in NODE_COLUMNS:
        values = getattr(forest, column.name)
        if column.kind == "text":
            changed[column.name] = [values[row] if row >= 0 else "" for row in rows]
        else:
            changed[column.name] = np.where(is_step, np.asarray(values)[rows], column.empty(1)[0])
    taken = {str(name) for name in forest.node_id}
    root = next(name for n in range(len(taken) + 1) if (name := f"prompt{n or ''}") not in taken)
    ids: list[NodeId] = [forest.node_id[row] if row >= 0 else root for row in rows]
    return forest.with_columns(
        parent=folded.parent,
        node_id=ids,
        tokens=_tokens(forest, rows),
        columns={name: _agreed(values, folded) for name, values in forest.columns.items()},
        claimed={name: _agreed(values, folded) for name, values in forest.claimed.items()},
        node_extra={at: forest.node_extra[row] for at, row in enumerate(rows.tolist()) if row in forest.node_extra},
        provenance={**forest.provenance, NOTE: {"by": rule, **shared(forest, folded)._asdict()}},
        **changed,
    )


def _agreed(values: Any, folded: Folded) -> Any:
    """What all rows of a place say, NaN where they differ."""
    found = np.where(folded.first >= 0, values[folded.first], np.nan)
    here = found[folded.place]
    differs = (values != here) & ~(np.isnan(values) & np.isnan(here))
    found[folded.place[differs]] = np.nan
    return found


def _tokens(forest: Forest, rows: IntArray) -> TokenTable | None:
    """Tokens of some rows, none where a row is -1."""
    if (table := forest.tokens) is None:
        return None
    begin, end = table.start[rows], np.where(rows >= 0, table.start[rows + 1], table.start[rows])
    chosen = np.concatenate([np.arange(low, high) for low, high in zip(begin, end, strict=True)])
    return table.take(chosen, start=np.concatenate([[0], np.cumsum(end - begin)]))


def shared(forest: Forest, folded: Folded) -> Shared:
    """How much trajectories of a forest have in common once it is folded."""
    steps = ~forest.is_prompt
    counts = np.maximum(forest.n_model_tokens, 0)
    all_steps, all_tokens = int(steps.sum()), int(counts[steps].sum())
    kept = folded.first[folded.first >= 0]
    kept = kept[steps[kept]]
    has_tokens = bool((forest.n_model_tokens[steps] >= 0).all())
    saved = all_tokens - int(counts[kept].sum())
    return Shared(all_steps, all_steps - len(kept), all_tokens if has_tokens else -1, saved if has_tokens else -1)


def unmerge(forest: Forest) -> Forest:
    """Every trajectory as a tree of its own, from its first step to its leaf; what it shared is there for each.

    Ids are kept for the first trajectory that has a step; for others the number of the trajectory follows, `"3 (2)"`.
    """
    walked = (forest.topology.path(int(end)).tolist() for end in np.flatnonzero(forest.topology.is_leaf))
    paths = [path for walk in walked if (path := [row for row in walk if not forest.is_prompt[row]])]
    rows = np.array([row for path in paths for row in path], dtype=np.int64)
    if not len(rows):
        return forest
    parent = [at - 1 if number else -1 for at, number in _numbered(paths)]
    seen: set[int] = set()
    ids: list[NodeId] = []
    for number, path in enumerate(paths, start=1):
        ids += [f"{forest.node_id[row]} ({number})" if row in seen else forest.node_id[row] for row in path]
        seen.update(path)
    changed: dict[str, Any] = {}
    for column in NODE_COLUMNS:
        values = getattr(forest, column.name)
        changed[column.name] = column.take(values, rows)
    return forest.with_columns(
        parent=parent,
        node_id=ids,
        tokens=_tokens(forest, rows),
        columns={name: values[rows] for name, values in forest.columns.items()},
        claimed={name: values[rows] for name, values in forest.claimed.items()},
        node_extra={at: forest.node_extra[row] for at, row in enumerate(rows.tolist()) if row in forest.node_extra},
        provenance={name: value for name, value in forest.provenance.items() if name != NOTE},
        **changed,
    )


def _numbered(paths: list[list[int]]) -> list[tuple[int, int]]:
    """Place of each step among all, and in its own trajectory."""
    numbers = [number for path in paths for number in range(len(path))]
    return list(enumerate(numbers))
