"""Tree-GRPO: trajectories judged inside their tree and across the trees of the prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from treecore.core.batch import Forests
from treecore.methods.laws import Laws, Scales, Vanishing
from treecore.methods.ops.groups import normalise, on_leaves
from treecore.methods.outcome import STEP_LINE, STEP_SYMBOLS, from_leaves
from treecore.methods.registry import Credit, credit_method
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds, Value

PAPER = Citation(
    "Ji et al.",
    2025,
    "Tree Search for LLM Agent Reinforcement Learning",
    "arXiv:2509.21240",
    "numbers as the released code computes them",
    where="equations 6 and 7",
)


INTRA = r"A_i^{\mathrm{intra}}"
INTER = r"A_i^{\mathrm{inter}}"
COMBINED = {"sum": f"{INTRA} + {INTER}", "intra": INTRA, "inter": INTER, "two_norm": INTRA}


def formula(params: Mapping[str, Value]) -> str:
    """The equations of one variant."""
    variant = str(params["variant"])
    inter = rf"{INTER} = \frac{{R_i - \mu}}{{\sigma + \epsilon}}"
    judged = INTER if variant == "two_norm" else "R_i"
    intra = rf"{INTRA} = \frac{{{judged} - \mu_{{t}}}}{{\sigma_{{t}} + \epsilon}}"
    parts = {"intra": [intra], "inter": [inter], "two_norm": [inter, intra]}.get(variant, [intra, inter])
    return "\n".join([*parts, f"A_i = {COMBINED[variant]}", STEP_LINE])


@credit_method(
    laws=Laws(
        shift_free={},
        scales=Scales(0, {"epsilon": 0.0}),
        vanishing=(
            Vanishing("inter", "prompt"),
            Vanishing("intra", "tree"),
        ),
    ),
    title="Tree-GRPO",
    alone=(
        "Inside its tree the only scored leaf is measured against mean 0 and standard deviation 1, and so is the only "
        "one of a prompt among all: its reward stays as it is."
    ),
    family="tree",
    over="trees",
    formula=formula,
    symbols={
        INTRA: "intra",
        INTER: "inter",
        "R_i": "reward",
        r"\mu_{t}": "tree_mean",
        r"\sigma_{t}": "tree_std",
        r"\mu": "group_mean",
        r"\sigma": "group_std",
        r"\epsilon": "param:epsilon",
        **STEP_SYMBOLS,
    },
    citation=PAPER,
    departures=(
        "Computed in float64, so groups of equal rewards give exactly 0 where the released float32 code leaks up "
        "to 0.007. The released code gives every token of a trajectory the leaf's number; the step's credit here is "
        "the mean, and its gradient weight the sum, of the trajectories that share it, which is what duplicated "
        "prefixes amount to in the batch."
    ),
)
def tree_grpo(
    forests: Forests,
    *,
    variant: Literal["sum", "intra", "inter", "two_norm"] = "sum",
    epsilon: Annotated[float, Bounds(0, 1)] = 1e-6,
    ddof: Annotated[int, Bounds(0, 1)] = 1,
) -> Credit:
    """Was this trajectory better than its relatives in the tree, and than all trajectories of the prompt?

    Each trajectory is normalised twice: among the leaves of its own tree (intra), which share its early steps, and
    among all leaves of the prompt (inter). The two are added. Siblings share everything up to their fork, so where
    their outcomes differ, the difference lands on the step where they part.

    Args:
        variant: what becomes the advantage: `sum` of both (the released scripts), `intra` or `inter` alone, or
            `two_norm`, prompt first and then tree, one after the other.
        epsilon: added to each standard deviation.
        ddof: what is taken off n in the standard deviation: 1 (the sample's, as released) or 0 (the population's).

    Returns:
        leaves: `advantage`, `intra`, `inter` and the statistics behind them (`tree_mean`, `tree_std`, `tree_size`,
        `group_mean`, `group_std`, `group_size`). A tree with one scored leaf keeps its raw reward as
        `intra`, a prompt with one leaf its raw reward as `inter`.
        nodes: mean (`credit`) and sum (`gradient_weight`) of the advantages beneath.
    """
    scored = forests.scored
    tree, reward = forests.tree[scored], forests.reward[scored]
    inter = normalise(reward, forests.forest_of[scored], len(forests), epsilon=epsilon, ddof=ddof)
    base = inter.advantage if variant == "two_norm" else reward
    intra = normalise(base, tree, forests.n_trees, epsilon=epsilon, ddof=ddof)
    advantage = {
        "sum": inter.advantage + intra.advantage,
        "intra": intra.advantage,
        "inter": inter.advantage,
        "two_norm": intra.advantage,
    }[variant]
    columns = {
        "intra": intra.advantage,
        "inter": inter.advantage,
        "tree_mean": intra.mean,
        "tree_std": intra.std,
        "tree_size": intra.count,
        "group_mean": inter.mean,
        "group_std": inter.std,
        "group_size": inter.count,
    }
    leaves = {name: on_leaves(forests, values) for name, values in columns.items()}
    return from_leaves(forests, on_leaves(forests, advantage), leaves)
