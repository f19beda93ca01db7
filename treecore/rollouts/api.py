"""A run whose forests are handed back as a list. What is sampled is the plan's business, by whom the engine's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from treecore.core.forest import Forest
from treecore.policies import Policy
from treecore.protocols import Prompt, Task
from treecore.rollouts.config import check, ready
from treecore.rollouts.engine import Machine, opened
from treecore.rollouts.progress import Progress


def rollout(
    *,
    task: str | Task = "multihop",
    task_options: Mapping[str, Any] | None = None,
    model: str | Policy = "tiny",
    sampler: str = "random_expansion",
    prompts: int | Sequence[Prompt] = 1,
    question: str | None = None,
    seed: int = 0,
    temperature: float = 1.0,
    top_p: float = 1.0,
    device: str | None = None,
    dtype: str | None = None,
    batch_tokens: int | None = None,
    static: bool = False,
    engine: str = "local",
    workers: int | None = None,
    ray_address: str | None = None,
    reward_scheme: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    **sampler_settings: Any,
) -> list[Forest]:
    """Sample one forest a prompt; the same arguments give the same forests.

    Args:
        task: name of a bundled task, a file of questions, `module:factory`, or a task.
        task_options: of the task that is named, as `treecore.tasks.get_task` takes them.
        model: `tiny`, a local folder, a hub name, or a policy that is loaded already.
        sampler: a name of `treecore.samplers.SAMPLERS`.
        prompts: how many of the task's own prompts, or the prompts themselves.
        question: one prompt asked by the user, in place of `prompts`.
        seed: of the prompts and of everything drawn.
        temperature: of the sampling law; 0 takes the likeliest token.
        top_p: mass of the likeliest tokens that may be drawn.
        device, dtype, batch_tokens, static: how a model is loaded; see `treecore.policies.load_policy`.
        engine: `local`, this computer; or `ray`, the workers of a Ray cluster, which load task and model by name.
        workers: models that sample side by side; see `treecore.rollouts.engine.Machine`.
        ray_address: of a cluster that runs already, with `ray` only.
        reward_scheme: one that the task lists; its default when None.
        on_progress: called after every wave and about ten times a second.
        should_stop: asked before every decoding step; when it says True, only finished forests are returned.
        sampler_settings: the sampler's parameters, typed or as text.

    Returns:
        Forests in the order of the prompts.

    Raises:
        MethodError, PolicyError, TaskError: an argument that does not fit, a model that cannot be used, a task that
            has no such prompts. A step that fails later is a failed node.
    """
    machine = Machine(device, dtype, batch_tokens, static, engine, workers, ray_address)
    ask = check(
        task=task, task_options=task_options, model=model, sampler=sampler, prompts=prompts, question=question,
        seed=seed, temperature=temperature, top_p=top_p, reward_scheme=reward_scheme, settings=sampler_settings,
    )  # fmt: skip
    place = {prompt.id: number for number, prompt in enumerate(ask.prompts)}
    if not ready(ask, should_stop):
        return []
    with opened(ask, machine) as runner:
        forests = list(runner.run(runner.plan, on_progress=on_progress, should_stop=should_stop))
    return sorted(forests, key=lambda forest: place[forest.id])
