"""Tree-diff: the second reward mode in the Tree-GRPO code base, which scores steps by value and progress."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from treecore.core.batch import Forests
from treecore.core.outcomes import gap
from treecore.methods.laws import Laws, Scales
from treecore.methods.ops.groups import at_parent, back_up, leaf_standard_error
from treecore.methods.outcome import VALUE_LINE, VALUE_SYMBOLS
from treecore.methods.registry import Credit, credit_method
from treecore.methods.tree_grpo import PAPER
from treecore.registry.params import Bounds


@credit_method(
    laws=Laws(scales=Scales(1, {"margin": 0.0})),
    title="Tree-diff",
    family="tree",
    over="trees",
    formula="\n".join([VALUE_LINE, r"C(s) = \frac{\max(V(s) - V(p) - \delta, 0) + V(s)}{\sqrt{n(s)}}"]),
    symbols={"C(s)": "credit", "V(p)": "parent_value", r"\delta": "param:margin", **VALUE_SYMBOLS},
    citation=PAPER._replace(
        note="the `tree_diff` reward mode of the released code, not the published method", where=""
    ),
    departures=(
        "The released code spreads these scores over tokens with a shift by one step at each end; here a step's own "
        "score stays on the step."
    ),
)
def tree_diff(forests: Forests, *, margin: Annotated[float, Bounds(0, 1)] = 0.1) -> Credit:
    """Does this step lead to good ends, and did it raise the odds?

    A step's value is the mean reward of the leaves beneath it. The score is that value plus whatever it gained on the
    step before beyond a margin, divided by the root of the number of leaves, so that early steps, which many
    trajectories share, do not count too often. There is no baseline: good trees score high throughout.

    Args:
        margin: gain in value that is not rewarded.

    Returns:
        nodes: `credit` (NaN at empty roots, which nobody chose, and where no scored leaf is), `value`, `parent_value`,
        `n_leaves`, `stderr`. A step on an unbranched stretch, and a root that is a step, gains nothing and keeps its
        value.
    """
    backup = back_up(forests, forests.reward)
    above = np.where(forests.is_prompt, np.nan, backup.mean)
    above = np.where(forests.parent >= 0, at_parent(forests, backup.mean), above)
    gain = gap(backup.mean, above) - margin
    root_n = np.sqrt(np.where(backup.count > 0, backup.count, np.nan))
    error = leaf_standard_error(forests, forests.reward, backup=backup)
    nodes = {
        "credit": (np.maximum(gain, 0.0) + backup.mean) / root_n,
        "value": backup.mean,
        "parent_value": above,
        "n_leaves": backup.count,
        "stderr": error * np.where(np.isnan(gain), np.nan, np.where(gain > 0, 2.0, 1.0)) / root_n,
    }
    return Credit(forests, nodes, {"reward": forests.reward})
