"""Checks that any task can be put through: its verifier accepts its own gold, and prompts are deterministic."""

from __future__ import annotations

from treecore.core.numerals import counted
from treecore.errors import TaskError
from treecore.protocols import Prompt, Step, Task


def check_task(task: Task, n: int, seed: int) -> None:
    """Replay the gold trajectory of `n` prompts through the environment and the verifier.

    Raises:
        TaskError: prompts repeat or change, the environment disagrees with gold, or gold does not earn 1.
    """
    prompts = task.prompts(n, seed=seed)
    if prompts != task.prompts(n, seed=seed):
        raise TaskError(f"two draws with seed {seed} differ", where=task.name)
    if len({prompt.id for prompt in prompts}) != n or len({prompt.text for prompt in prompts}) != n:
        raise TaskError(f"{n} prompts with seed {seed} are not all different", where=task.name)
    for prompt in prompts:
        _check_gold(task, prompt, task.gold(prompt))


def _check_gold(task: Task, prompt: Prompt, gold: list[Step]) -> None:
    where = f"{task.name}, {prompt.id}"
    if not 0 < len(gold) <= task.max_steps:
        raise TaskError(
            f"gold has {counted(len(gold), 'step')}, {counted(task.max_steps, 'is', 'are')} allowed", where=where
        )
    for place, step in enumerate(gold):
        turn = task.respond(prompt, gold[:place], step.text)
        if turn.observation != step.observation or turn.done != (place == len(gold) - 1):
            raise TaskError(f"the environment disagrees with gold at step {place}", where=where)
        if not step.text.endswith(task.stop):
            raise TaskError(f"gold step {place} does not end with a stop string", where=where)
    earned = task.reward(prompt, gold)
    if earned != 1.0:
        raise TaskError(f"gold earned {earned}, not 1", where=where)
