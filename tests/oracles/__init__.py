"""Every credit method the slow, obvious way, over step objects: what tests compare methods with, and what their speed
is measured against.

An oracle walks to the leaves beneath every step whenever it needs them and reads as the definition does. It looks up
what a whole prompt shares once, so that it takes minutes, not days, on large forests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from oracles import confidence, expert, labels, monte_carlo, outcome, prefixes, search, tools, trees
from oracles.nodes import NAN, Columns, StateWalk, Walk, from_leaves, recorded
from treecore.methods.registry import SIGNALS, get_method

Oracle = Callable[[Walk], list[float] | Columns]

CREDIT: Mapping[str, Oracle] = {
    "deepconf": lambda walk: confidence.deepconf_credit(walk, 32),
    "srl": expert.srl,
    "gigpo": trees.gigpo_credit,
    "vineppo": lambda walk: monte_carlo.vineppo(walk, "monte_carlo"),
    "spo_chain": lambda walk: monte_carlo.spo_chain(walk, "monte_carlo", 0.9),
    "math_shepherd": lambda walk: labels.signed(labels.math_shepherd(walk, "tree", "hard")),
    "stepwiser": lambda walk: labels.signed(labels.stepwiser(walk, "tree", "rel_effective", alpha=0.4, n=4, gamma=0.8)),
    "step_labels": lambda walk: labels.step_labels(walk, "product", 1.0),
    "genprm": lambda walk: labels.signed(labels.genprm(walk, "tree", 0.8)),
    "omegaprm": search.omegaprm_credit,
    "reinforce_pp": lambda walk: outcome.mean_of_tokens(walk, baseline=False),
    "reinforce_pp_baseline": lambda walk: outcome.mean_of_tokens(walk, baseline=True),
    "deepsearch": lambda walk: search.deepsearch(walk, 0.1, "none", 1e-6),
    "rest_mcts": search.rest_mcts_credit,
    "spo_tree": lambda walk: trees.spo_tree(walk, "none"),
    "sibling": lambda walk: trees.sibling(walk, "continue"),
    "toolpo": tools.mean_of_tokens,
    "tree_diff": lambda walk: trees.tree_diff(walk, 0.1),
    "treerl": trees.treerl,
    "treerl_paper": trees.treerl_paper,
    "lambda_grpo": prefixes.lambda_grpo,
    "tempo": prefixes.tempo,
    "at2po": lambda walk: prefixes.at2po(walk, "leaf_mean", "node_value", normalize=True),
}
ADVANTAGE: Mapping[str, Callable[[Walk], outcome.ByLeaf]] = {
    "grpo": lambda walk: outcome.flat(walk, "grpo"),
    "dr_grpo": lambda walk: outcome.flat(walk, "dr_grpo"),
    "rloo": lambda walk: outcome.flat(walk, "rloo"),
    "opo": lambda walk: outcome.flat(walk, "opo"),
    "grpo_passk": lambda walk: outcome.flat(walk, "grpo_passk"),
    "max_rl": lambda walk: outcome.flat(walk, "max_rl"),
    "gpg": outcome.gpg,
    "treepo": lambda walk: trees.treepo(walk, "group_size", True),
    "tree_grpo": lambda walk: outcome.tree_grpo(walk, "sum"),
}


def has_oracle(method: str) -> bool:
    """Whether `method` has a slow version."""
    return method in CREDIT or method in ADVANTAGE


def slow_credit(walk: Walk, method: str) -> Columns:
    """Step columns of `method` at its default settings: `credit`, `value` and `n_leaves` of recorded leaves; of methods
    that judge trajectories also `gradient_weight` and `stderr`; of some what the credit is made of.

    Raises:
        KeyError: no oracle of that name.
    """
    if get_method(method).over != "states":
        return one(walk, method)
    states = StateWalk(walk.forests)
    columns = one(states, method)
    for name in SIGNALS:
        if name in columns:
            columns[name] = [NAN if node.parent is None else columns[name][node.row] for node in states.nodes]
    return states.told(columns)


def one(walk: Walk, method: str) -> Columns:
    """The columns on what the method works on: the batch, or its states."""
    if method in ADVANTAGE:
        return from_leaves(walk, ADVANTAGE[method](walk))
    found = CREDIT[method](walk)
    return {**(found if isinstance(found, dict) else {"credit": found}), **recorded(walk)}
