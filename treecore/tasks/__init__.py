"""Tasks: prompts, an environment and an exact verifier each. They know no model and no tree.

Some are bundled; `get_task` also makes one from a file of questions and answers, or from a function of the user.
"""

from __future__ import annotations

from treecore.tasks.registry import MORE_TASKS, TASKS, get_task, known_tasks, task_params

__all__ = ["MORE_TASKS", "TASKS", "get_task", "known_tasks", "task_params"]
