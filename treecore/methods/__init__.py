"""Credit methods: each turns the outcomes of a batch of forests into a signal for every step.

Importing this package registers every method; a new module is one more line here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.methods import (  # noqa: F401  (registers the methods)
    at2po,
    confidence,
    expert,
    gigpo,
    labels,
    monte_carlo,
    omegaprm,
    outcome,
    prefix_sharing,
    rare_success,
    reinforce,
    search,
    segments,
    siblings,
    step_labels,
    tools,
    tree_diff,
    tree_grpo,
    treerl,
)
from treecore.methods.registry import METHODS, Credit, Method, credit_method, get_method
from treecore.registry.citation import Citation
from treecore.registry.params import Value

DEFAULT_METHOD = "tree_grpo"
"""The method that a view shows before anyone has chosen."""
FLAT_METHOD = "grpo"
"""The same for groups of separate answers: what looks at trees would see one tree, and add one comparison twice."""
WITHOUT_REWARDS = ("step_labels", "vineppo", "deepconf")
"""Methods that read what files without rewards may hold, the plainest first."""
COMPARED = ("grpo", "sibling")
"""The two that are compared before anyone has chosen: one that judges whole trajectories, one that judges steps."""
SIDE_BY_SIDE = ("grpo", "rloo", "tree_grpo", "treerl", "spo_tree", "sibling")
"""The columns of a comparison before anyone has chosen: two that look at the whole group, at relatives too, and at the
fork alone."""

__all__ = [
    "COMPARED",
    "DEFAULT_METHOD",
    "FLAT_METHOD",
    "METHODS",
    "SIDE_BY_SIDE",
    "Citation",
    "Credit",
    "Method",
    "compute",
    "credit_method",
    "get_method",
    "method_for",
]


def compute(forests: Forest | Forests | Sequence[Forest], method: str, **settings: Any) -> Credit:
    """Credit of every step of `forests` by one method; all forests are one batch.

    Args:
        forests: one forest, several, or a `Forests` batch.
        method: a name of `METHODS`.
        settings: the method's parameters, typed or as text.

    Raises:
        MethodError: unknown method or parameter, or data that lacks what the method needs.
    """
    batch = forests if isinstance(forests, Forests) else Forests(forests)
    return get_method(method).compute(batch, settings)


def method_for(forests: Forests, wanted: str = DEFAULT_METHOD, params: Mapping[str, Value] | None = None) -> str:
    """A method that can run on `forests`: `wanted` with these parameters if it can or none can, else another."""
    if not get_method(wanted).lacking(forests, params):
        return wanted
    others = (DEFAULT_METHOD, *WITHOUT_REWARDS)
    return next((name for name in others if not get_method(name).lacking(forests)), wanted)
