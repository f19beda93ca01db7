"""Bundled tasks: a prompt, an environment and an exact verifier each. They know no model and no tree."""

from __future__ import annotations

from treecore.tasks.registry import TASKS, get_task

__all__ = ["TASKS", "get_task"]
