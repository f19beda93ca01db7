"""Samplers: each decides where the next branches of a forest grow. They know no model and no task.

Importing this package registers every sampler; a new one is a module and one more line here.
"""

from __future__ import annotations

from treecore.samplers import (  # noqa: F401  (registers the samplers)
    chains,
    fixed_width,
    mcts,
    monte_carlo,
    random_expansion,
    reverse_curriculum,
    surprisal,
    tool_entropy,
)
from treecore.samplers.registry import (
    SAMPLERS,
    Expand,
    Growing,
    Growth,
    Recite,
    Request,
    Sampler,
    get_sampler,
    sampler,
)

DEFAULT_SAMPLER = "random_expansion"

__all__ = [
    "DEFAULT_SAMPLER",
    "SAMPLERS",
    "Expand",
    "Growing",
    "Growth",
    "Recite",
    "Request",
    "Sampler",
    "get_sampler",
    "sampler",
]
