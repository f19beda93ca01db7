"""Models that write steps. Importing this package loads no model library; `load_policy` does.

A policy keeps a tree of `State`s, one for every place where writing may go on, and grows `Branch`es from them. It
knows tokens and text; it knows no task, no reward and no sampler.
"""

from __future__ import annotations

from treecore.policies.base import Branch, Completion, FinishReason, Policy, Session, State, TokenUsage
from treecore.policies.load_options import LoadOptions
from treecore.policies.loading import load_policy, policy_of

__all__ = [
    "Branch",
    "Completion",
    "FinishReason",
    "LoadOptions",
    "Policy",
    "Session",
    "State",
    "TokenUsage",
    "load_policy",
    "policy_of",
]
