"""Recorded forests of a toy model whose task knows its prompts by their question."""

from __future__ import annotations

from typing import Any

from toy import ToyTask, toy_policy

from treecore.errors import TaskError
from treecore.protocols import Prompt
from treecore.rollouts import rollout

POLICY = toy_policy()


class Asked(ToyTask):
    """Knows its prompts by their question."""

    def ask(self, question: str) -> Prompt:
        for prompt in self.prompts(10, seed=3):
            if prompt.question == question:
                return prompt
        raise TaskError(f"{question!r} is not one of its questions")


RUN: dict[str, Any] = {"task": Asked(), "model": POLICY, "prompts": 3, "m": 2, "n": 2, "seed": 3}
FORESTS = rollout(**RUN)
