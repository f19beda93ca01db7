"""treecore: see, check and trust how an outcome reward becomes credit for each step of a reasoning tree.

Five nouns carry everything:

- a `Forest` is all that was sampled for one prompt: M trees, N steps, columns of numpy arrays;
- a credit method turns outcomes at the leaves into a `Credit`: one signal per step, with the numbers behind it;
- a `Task` has prompts, an environment and an exact verifier;
- a `Policy` is a model that writes steps;
- a `Sampler` decides where the next branch grows.

    import treecore as tc
    forests = tc.read("run.forest.jsonl")
    credit = tc.credit(forests, "tree_grpo", variant="sum")
    tc.figure(forests[0], credit)
    tc.show(forests[0], credit)
    tc.to_frame(forests[0], credit)
    tc.edit(forests[0], rewards={"5": 1.0}, prune=["7"])
    forests = tc.rollout(task="multihop", model="tiny", sampler="random_expansion", m=2, n=2, l=1, seed=0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from treecore.core.batch import Forests
from treecore.core.builder import ForestBuilder, StepTokens
from treecore.core.edit import edit
from treecore.core.forest import Forest, TokenTable
from treecore.core.prefixes import merge, unmerge
from treecore.errors import TreecoreError
from treecore.formats import read, write
from treecore.methods import METHODS, Credit, credit_method
from treecore.methods import compute as credit

if TYPE_CHECKING:
    from treecore.exports import export
    from treecore.rollouts import rollout
    from treecore.views.figure import figure
    from treecore.views.frame import from_networkx, to_frame, to_networkx
    from treecore.views.widget import show

__version__ = "0.1.0"
__all__ = [
    "METHODS",
    "Credit",
    "Forest",
    "ForestBuilder",
    "Forests",
    "StepTokens",
    "TokenTable",
    "TreecoreError",
    "credit",
    "credit_method",
    "edit",
    "export",
    "figure",
    "from_networkx",
    "merge",
    "read",
    "rollout",
    "show",
    "to_frame",
    "to_networkx",
    "unmerge",
    "write",
]

LAZY = {
    "export": "treecore.exports",
    "rollout": "treecore.rollouts",
    "figure": "treecore.views.figure",
    "show": "treecore.views.widget",
    "from_networkx": "treecore.views.frame",
    "to_frame": "treecore.views.frame",
    "to_networkx": "treecore.views.frame",
}


def __getattr__(name: str) -> Any:
    """Import what needs torch, pandas or plotly only when it is used."""
    if name in LAZY:
        from importlib import import_module

        return getattr(import_module(LAZY[name]), name)
    raise AttributeError(f"module 'treecore' has no attribute {name!r}")
