"""Sampling runs: a task, a policy and a sampler brought together into forests.

`rollout` returns the forests, `rollout_to_file` writes each the moment it is finished and can go on after a crash.
Importing this loads no model library; running does.
"""

from __future__ import annotations

from treecore.rollouts.api import rollout
from treecore.rollouts.config import RolloutConfig
from treecore.rollouts.output.to_file import rollout_to_file
from treecore.rollouts.progress import Progress
from treecore.rollouts.summary import Summary

__all__ = ["Progress", "RolloutConfig", "Summary", "rollout", "rollout_to_file"]
