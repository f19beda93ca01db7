"""Models that write steps. Importing this package loads no model library; `load_policy` does.

A policy keeps a tree of `State`s, one for every place where writing may go on, and grows `Branch`es from them. It
knows tokens and text; it knows no task, no reward and no sampler.
"""

from __future__ import annotations

from treecore.policies.base import Branch, End, Policy, Session, State, Tally, Written

__all__ = ["Branch", "End", "Policy", "Session", "State", "Tally", "Written", "load_policy"]


def load_policy(model: str, *, device: str | None = None, dtype: str | None = None) -> Policy:
    """A policy by name: `tiny` (bundled), a local folder, or a model name of the Hugging Face hub.

    Args:
        model: what to load.
        device: `cpu`, `cuda`, `cuda:1`, `mps`; the best one present when None.
        dtype: `float32`, `bfloat16` or `float16`; float32 on a CPU, the model's own elsewhere when None.

    Raises:
        PolicyError: it cannot be loaded, or its attention keeps no plain list of keys and values.
    """
    from treecore.policies.transformers_local import TransformersPolicy

    return TransformersPolicy.load(model, device=device, dtype=dtype)
