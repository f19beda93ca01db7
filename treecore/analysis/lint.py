"""What a rollout file may hold that is valid but teaches nothing, or something other than meant.

Structure errors never get here: a forest that exists is valid. Knows no method but those a file claims credit of.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from treecore.analysis.audit import Audit, audit_of, claimed
from treecore.analysis.findings import Finding, forest_place, node_places
from treecore.analysis.lint_answers import check_answers, check_claimed_sums, check_duplicates, check_prompts
from treecore.analysis.naming import CODE, Naming
from treecore.core.batch import Forests
from treecore.core.columns import Status
from treecore.core.forest import Forest
from treecore.core.numerals import counted, counted_of
from treecore.core.topology import BoolArray, FloatArray, IntArray
from treecore.errors import MethodError
from treecore.methods import METHODS, compute
from treecore.methods.ops.groups import group_stats

RELATIVE, ABSOLUTE = 1e-4, 1e-6
ROUNDED = 1e-3
"""Above 0 by no more than this a log probability is one of 1, in half precision."""
AUDIT = "treecore audit FILE"
END_MARKS = re.compile(r"\s*(?:<[^<>\s]{1,40}>\s*)+")
"""Special tokens at the end of a step, such as `<|im_end|>`, which are left out of its text."""


Check = Callable[[Forests], Iterator[Finding]]


def lint(forests: Forests, naming: Naming = CODE) -> list[Finding]:
    """All findings, in a fixed order of kinds; empty when there is nothing to say.

    Args:
        naming: how their sentences write names.
    """
    checks: tuple[Check, ...] = (
        check_groups,
        check_leaves,
        check_shape,
        check_token_texts,
        check_token_numbers,
        partial(check_claims, naming=naming),
        partial(check_claimed_sums, naming=naming),
        check_duplicates,
        check_prompts,
        check_answers,
    )
    return [finding for check in checks for finding in check(forests)]


class Groups(NamedTuple):
    """Scored leaves that are normalised together. `size [G]`, `spread [G]`: NaN without leaves."""

    size: FloatArray
    spread: FloatArray


def groups(forests: Forests, group: IntArray, n_groups: int) -> Groups:
    """Number of scored leaves and standard deviation of their rewards in each group."""
    scored = forests.scored
    reward, group = forests.reward[scored], group[scored]
    size = np.bincount(group, minlength=n_groups).astype(np.float64)
    spread = np.full(n_groups, np.nan)
    spread[group] = group_stats(reward, group, n_groups, ddof=0).std
    return Groups(size, spread)


def part(wanted: BoolArray, one: str) -> str:
    """`1 of 6 prompts`."""
    return counted_of(int(wanted.sum()), one, total=len(wanted))


def check_groups(forests: Forests) -> Iterator[Finding]:
    """Prompts, and trees of branching prompts, where comparison has nothing to compare."""
    prompts = groups(forests, forests.forest_of, len(forests))
    trees = groups(forests, forests.tree, forests.n_trees)
    tree_forest = forests.forest_of[forests.topology.roots]
    first_tree = np.searchsorted(tree_forest, np.arange(len(forests)))
    branching = np.zeros(len(forests), dtype=bool)
    branching[forests.forest_of[forests.topology.is_fork]] = True

    def tree_places(wanted: BoolArray) -> tuple[str, ...]:
        return tuple(
            f"{forest_place(forests, int(tree_forest[tree]))}, tree {tree - first_tree[tree_forest[tree]] + 1}"
            for tree in np.flatnonzero(wanted).tolist()
        )

    def forest_places(wanted: BoolArray) -> tuple[str, ...]:
        return tuple(forest_place(forests, number) for number in np.flatnonzero(wanted).tolist())

    single, flat = prompts.size == 1, (prompts.size > 1) & (prompts.spread == 0)
    if single.any():
        yield Finding(
            "singleton-group",
            f"{part(single, 'prompt')} {'has' if single.sum() == 1 else 'have'} one scored trajectory",
            forest_places(single),
            "sample more: a group of one cannot be compared, its raw reward becomes the signal",
        )
    if flat.any():
        yield Finding(
            "zero-variance-group",
            f"{part(flat, 'prompt')} {'has' if flat.sum() == 1 else 'have'} equal rewards on all trajectories",
            forest_places(flat),
            "choose prompts that are sometimes solved: comparison gives these zero signal",
        )
    inside = branching[tree_forest] & ~flat[tree_forest] & ~single[tree_forest]
    single, flat = inside & (trees.size == 1), inside & (trees.size > 1) & (trees.spread == 0)
    if single.any():
        yield Finding(
            "singleton-tree",
            f"{counted(int(single.sum()), 'tree has', 'trees have')} one scored trajectory",
            tree_places(single),
            "branch them: comparison inside such a tree falls back to the raw reward",
        )
    if flat.any():
        yield Finding(
            "zero-variance-tree",
            f"{counted(int(flat.sum()), 'tree has', 'trees have')} equal rewards on all trajectories",
            tree_places(flat),
            "expect no signal from comparison inside these trees",
        )


def check_leaves(forests: Forests) -> Iterator[Finding]:
    """Leaves without outcome, and trajectories that did not end by themselves."""
    leaf, status = forests.topology.is_leaf, forests.status
    for kind, mask, one, many, todo in (
        (
            "unscored-leaf",
            leaf & ~forests.scored,
            "has no reward",
            "have no reward",
            "score them; until then no method counts them",
        ),
        (
            "truncated-leaf",
            leaf & (status == Status.TRUNCATED),
            "was cut by a length limit",
            "were cut by a length limit",
            "raise the limit, or mind that their reward judges an unfinished answer",
        ),
        (
            "failed-leaf",
            leaf & (status == Status.FAILED),
            "failed while sampling",
            "failed while sampling",
            "sample again",
        ),
    ):
        if n := int(mask.sum()):
            found = f"{counted_of(n, 'leaf', 'leaves', total=int(leaf.sum()))} {one if n == 1 else many}"
            yield Finding(kind, found, node_places(forests, np.flatnonzero(mask)), todo)


def check_shape(forests: Forests) -> Iterator[Finding]:
    """Roots that are steps, forests of one name, counts that contradict the tokens."""
    roots = mixed_roots(forests)
    if len(roots):
        yield Finding(
            "root-with-text",
            f"{counted(len(roots), 'root has', 'roots have')} words while others are empty: "
            "a root with words is a first step, an empty one the prompt",
            node_places(forests, roots),
            "put steps of one tree below one root; methods over states do not mind",
        )
    names = Counter(forest.id for forest in forests if forest.id)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        places = tuple(f"forest {name}" for name in twice)
        yield Finding(
            "repeated-id",
            f"{counted(len(twice), 'forest id occurs', 'forest ids occur')} more than once",
            places,
            "rename them",
        )
    rows = [
        np.flatnonzero(forest.n_model_tokens != forest.tokens.count(forest.tokens.is_model)) + forests.offset[number]
        for number, forest in enumerate(forests)
        if forest.tokens is not None
    ]
    wrong = np.concatenate([np.empty(0, dtype=np.int64), *rows])
    if len(wrong):
        yield Finding(
            "token-count",
            f"{counted(len(wrong), 'step has', 'steps have')} a token count that differs from the recorded tokens",
            node_places(forests, wrong),
            "correct n_model_tokens, or leave it out",
        )


def mixed_roots(forests: Forests) -> IntArray:
    """Roots with words where that is no habit of the file: beside empty roots of their forest, or above a fork while
    roots of other forests are empty. Flat rollouts are chains that begin with a step, which is as it should be; one
    without words is as good, where it has calls or an observation. An empty leaf is an answer that never came. `[R]`
    """
    topology, roots = forests.topology, forests.topology.roots
    written = np.fromiter((bool(text) for forest in forests for text in forest.text), dtype=bool)[roots]
    empty = forests.is_prompt[roots] & ~topology.is_leaf[roots]
    if not empty.any():
        return np.empty(0, dtype=np.int64)
    of = forests.forest_of[roots]
    mixed = np.bincount(of[empty], minlength=len(forests)) > 0
    forks = np.bincount(topology.root[topology.is_fork], minlength=len(forests.parent)) > 0
    found: IntArray = roots[written & (mixed[of] | forks[roots])]
    return found


def check_token_texts(forests: Forests) -> Iterator[Finding]:
    """Steps whose token texts do not join up to the text that is recorded beside them."""
    rows = [
        row + int(forests.offset[number])
        for number, forest in enumerate(forests)
        if forest.tokens is not None and forest.tokens.text is not None
        for row in range(len(forest))
        if not joins_up(forest, row)
    ]
    if rows:
        yield Finding(
            "token-text",
            f"the token texts of {counted(len(rows), 'step')} do not join up to the step's text",
            node_places(forests, np.array(rows)),
            "record decoded tokens: signals on them may be misplaced",
        )


def check_token_numbers(forests: Forests) -> Iterator[Finding]:
    """Tokens whose numbers cannot be: a probability above 1, an uncertainty below 0."""
    owner = forests.token_node
    for name, impossible in (
        ("logprob", forests.token_column("logprob") > ROUNDED),
        ("entropy", forests.token_column("entropy") < -ROUNDED),
    ):
        rows = np.unique(owner[impossible])
        if len(rows):
            yield Finding(
                f"impossible-{name}",
                f"{counted(int(impossible.sum()), 'token has', 'tokens have')} an impossible {name}",
                node_places(forests, rows),
                "record natural logarithms of probabilities",
            )


def joins_up(forest: Forest, row: int) -> bool:
    """Whether the texts of a step's tokens are its text, marks of an end aside, or its text and observation."""
    tokens = forest.tokens
    if tokens is None or tokens.text is None:
        return True
    span = slice(int(tokens.start[row]), int(tokens.start[row + 1]))
    texts = tokens.text[span]
    if not texts or not any(texts):
        return True
    own = texts if tokens.part is None else [one for one, part in zip(texts, tokens.part[span], strict=True) if part]
    text = forest.text[row]
    if "".join(texts) == text + forest.observation[row]:
        return True
    joined = "".join(own)
    return joined == text or (joined.startswith(text) and END_MARKS.fullmatch(joined[len(text) :]) is not None)


def claim_differs(forests: Forests, method: str, credit: FloatArray) -> BoolArray:
    """Where a claimed credit is not the recomputed one, beyond rounding. `[N]`"""
    claim = claimed(forests, method)
    differs: BoolArray = ~np.isnan(claim) & ~np.isclose(claim, credit, rtol=RELATIVE, atol=ABSOLUTE)
    return differs


def check_claims(forests: Forests, naming: Naming) -> Iterator[Finding]:
    """Claimed credit that does not recompute with the method's default parameters."""
    for method in dict.fromkeys(name for forest in forests for name in forest.claimed):
        if method not in METHODS:
            yield audited(forests, audit_of(forests, method), naming)
            continue
        try:
            credit = compute(forests, method).credit
        except MethodError as error:
            yield Finding(
                "claimed-credit",
                f"credit claimed for {naming.method(method)} cannot be checked: {error.found}",
                (),
                "complete the data",
            )
            continue
        wrong = np.flatnonzero(claim_differs(forests, method, credit))
        if len(wrong):
            total = int((~np.isnan(claimed(forests, method))).sum())
            found = audit_of(forests, method)
            yield Finding(
                "claimed-credit",
                f"{counted_of(len(wrong), 'value', total=total)} claimed for {naming.method(method)} "
                f"{'does' if len(wrong) == 1 else 'do'} not recompute"
                + (f" with its defaults: {found.in_words(naming)}" if found.explained else ""),
                node_places(forests, wrong),
                "trust the recomputed values, or check which parameters the file used",
            )


def audited(forests: Forests, found: Audit, naming: Naming) -> Finding:
    """What numbers that are claimed for no method by name turn out to be."""
    if not found.explained:
        words = f"the file does not say which method made its {naming.claim(found.name)}: {found.in_words(naming)}"
        todo = f"name the method in the file; {naming.command(AUDIT)} compares with all that are known"
        return Finding("claimed-credit", words, (), todo)
    words = f"{found.name} in the file: {found.in_words(naming)}"
    if not len(found.rows):
        return Finding("claimed-credit-explained", words, (), "")
    places = node_places(forests, found.rows)
    return Finding("claimed-credit", words, places, f"{naming.command(AUDIT)} lists the values that differ")
