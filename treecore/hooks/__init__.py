"""Write native forests while a trainer trains: a line a prompt and step, to open, follow and index at once.

`record_rewards` wraps the reward functions of TRL; `ForestFile.add` takes the lists that any other trainer has
(docs/hooks.md shows where in verl, Tree-GRPO, TreeRL and OpenRLHF). Imports no trainer and no torch.
"""

from __future__ import annotations

from treecore.hooks.forest_file import ForestFile, TrainerBatch
from treecore.hooks.trl import record_rewards
from treecore.hooks.verl import verl_batch

__all__ = ["ForestFile", "TrainerBatch", "record_rewards", "verl_batch"]
