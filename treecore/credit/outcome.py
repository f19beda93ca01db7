"""Outcome methods: each trajectory is judged by its reward against the other trajectories of the prompt.

They know nothing of the tree. A step's credit is the mean of the advantages of the trajectories through it.
"""

from __future__ import annotations

from typing import Annotated

from treecore.credit.registry import Citation, Credit, credit_method
from treecore.credit.values import back_up, leaf_standard_error, normalise, on_leaves
from treecore.forests import Forests
from treecore.params import Bounds
from treecore.topology import FloatArray

VALUE_LINE = r"V(s) = \frac{1}{n(s)} \sum_{i \in s} R_i"
VALUE_SYMBOLS = {"V(s)": "value", "n(s)": "n_leaves", r"\sum_{i \in s} R_i": "leaves:reward"}
STEP_LINE = r"C(s) = \frac{1}{n(s)} \sum_{i \in s} A_i"
STEP_SYMBOLS = {
    "C(s)": "credit",
    "n(s)": "n_leaves",
    r"\sum_{i \in s} A_i": "leaves:advantage",
    "A_i": "advantage",
}


def from_leaves(forests: Forests, advantage: FloatArray, leaves: dict[str, FloatArray]) -> Credit:
    """Credit of every step from the advantages of the trajectories through it.

    Args:
        advantage: `[N]`, NaN off the scored leaves.
        leaves: the other leaf columns that the formula names.

    Returns:
        `credit` is the mean and `gradient_weight` the sum of the advantages beneath; `value` the mean reward.
    """
    backup = back_up(forests, advantage)
    nodes = {
        "credit": backup.mean,
        "gradient_weight": backup.total,
        "value": back_up(forests, forests.reward).mean,
        "n_leaves": backup.count,
        "stderr": leaf_standard_error(forests, advantage),
    }
    return Credit(forests, nodes, {"advantage": advantage, "reward": forests.reward, **leaves})


@credit_method(
    title="GRPO",
    family="outcome",
    formula="\n".join([r"A_i = \frac{R_i - \mu}{\sigma + \epsilon}", STEP_LINE]),
    symbols={
        "R_i": "reward",
        r"\mu": "group_mean",
        r"\sigma": "group_std",
        r"\epsilon": "param:epsilon",
        **STEP_SYMBOLS,
    },
    citation=Citation("Shao et al.", 2024, "DeepSeekMath", "arXiv:2402.03300", "computed as in verl"),
)
def grpo(forests: Forests, *, epsilon: Annotated[float, Bounds(0, 1)] = 1e-6) -> Credit:
    """Was this rollout better than the others of the same prompt?

    Every trajectory gets its reward minus the mean of all trajectories of the prompt, in units of their sample
    standard deviation. All its steps share that one number: the method does not look at where trajectories part.

    Args:
        epsilon: added to the standard deviation.

    Returns:
        leaves: `advantage`, `group_mean`, `group_std`, `group_size`; a prompt with one trajectory keeps its raw
        reward (mean 0, std 1). nodes: mean (`credit`) and sum (`gradient_weight`) of the advantages beneath.
    """
    scored = forests.scored
    result = normalise(forests.reward[scored], forests.forest_of[scored], len(forests), epsilon=epsilon)
    columns = {"group_mean": result.mean, "group_std": result.std, "group_size": result.count}
    advantage = on_leaves(forests, result.advantage)
    return from_leaves(forests, advantage, {name: on_leaves(forests, values) for name, values in columns.items()})
