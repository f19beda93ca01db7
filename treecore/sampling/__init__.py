"""Sampling runs: a task, a policy and a sampler brought together into forests.

`rollout` returns the forests, `rollout_to_file` writes each the moment it is finished and can go on after a crash.
Importing this loads no model library; running does.
"""

from __future__ import annotations

from treecore.sampling.progress import Progress
from treecore.sampling.run_file import rollout_to_file
from treecore.sampling.run_memory import rollout
from treecore.sampling.summary import Summary

__all__ = ["Progress", "Summary", "rollout", "rollout_to_file"]
