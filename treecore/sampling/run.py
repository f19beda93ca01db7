"""From names and numbers to a checked plan, and the call that samples it."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from treecore.errors import MethodError, PolicyError, TaskError, boundary
from treecore.forest import Forest
from treecore.policies import Policy, load_policy
from treecore.policies.base import ChatPolicy
from treecore.protocols import Prompt, Task
from treecore.samplers import get_sampler
from treecore.sampling.driver import Driver, Plan
from treecore.sampling.progress import Progress
from treecore.tasks import get_task

PACKAGES = ("torch", "transformers")


def rollout(
    *,
    task: str | Task = "multihop",
    model: str | Policy = "tiny",
    sampler: str = "random_expansion",
    prompts: int | Sequence[Prompt] = 1,
    question: str | None = None,
    seed: int = 0,
    temperature: float = 1.0,
    top_p: float = 1.0,
    device: str | None = None,
    reward_scheme: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    **sampler_settings: Any,
) -> list[Forest]:
    """Sample one forest a prompt; the same arguments give the same forests.

    Args:
        task: name of a bundled task, or a task.
        model: `tiny`, a local folder, a hub name, or a policy that is loaded already.
        sampler: a name of `treecore.samplers.SAMPLERS`.
        prompts: how many of the task's own prompts, or the prompts themselves.
        question: one prompt asked by the user, in place of `prompts`.
        seed: of the prompts and of everything drawn.
        temperature: of the sampling law; 0 takes the likeliest token.
        top_p: mass of the likeliest tokens that may be drawn.
        device: where to load the model; the best one present when None.
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
    plan = make_plan(
        task=task, model=model, sampler=sampler, prompts=prompts, question=question, seed=seed,
        temperature=temperature, top_p=top_p, device=device, reward_scheme=reward_scheme, settings=sampler_settings,
    )  # fmt: skip
    return in_order(plan.prompts, Driver(plan, on_progress=on_progress, should_stop=should_stop).run())


def in_order(prompts: Sequence[Prompt], forests: Iterator[Forest]) -> list[Forest]:
    """Forests sorted as their prompts are."""
    place = {prompt.id: number for number, prompt in enumerate(prompts)}
    return sorted(forests, key=lambda forest: place[forest.id])


def make_plan(
    *,
    task: str | Task,
    model: str | Policy,
    sampler: str,
    prompts: int | Sequence[Prompt],
    question: str | None,
    seed: int,
    temperature: float,
    top_p: float,
    device: str | None,
    reward_scheme: str | None,
    settings: dict[str, Any],
) -> Plan:
    """Check everything that can be checked before the model is loaded, then load it. Arguments as in `rollout`.

    Raises:
        MethodError, PolicyError, TaskError: see `rollout`.
    """
    chosen = get_sampler(sampler)
    values = chosen.parse(settings)
    check_law(temperature, top_p, seed)
    work = find_task(task, reward_scheme)
    asked = find_prompts(work, prompts, question, seed)
    policy = load_policy(model, device=device) if isinstance(model, str) else model
    asked = [as_read(prompt, policy) for prompt in asked]
    described = {**policy.describe(), "temperature": float(temperature), "top_p": float(top_p)}
    sampled = {"name": chosen.name, "parameters": values, "seed": seed}
    sampled |= {"bias": chosen.bias} if chosen.bias else {}
    about = {"reward_scheme": getattr(work, "reward_scheme", None), "task_settings": getattr(work, "settings", None)}

    def meta(prompt: Prompt) -> dict[str, Any]:
        return {
            "id": prompt.id,
            "prompt": prompt.question,
            "task": work.name,
            "reference": prompt.reference,
            "policy": described,
            "sampler": sampled,
            "extra": {"input": str(prompt.text)} | {key: value for key, value in about.items() if value is not None},
        }

    return Plan(
        task=work, policy=policy, sampler=chosen, settings=values, prompts=asked, seed=seed,
        temperature=float(temperature), top_p=float(top_p), meta=meta, provenance=versions(),
    )  # fmt: skip


def as_read(prompt: Prompt, policy: Policy) -> Prompt:
    """The prompt with the text that the model reads: that of its chat template where the prompt is a chat.

    Raises:
        PolicyError: the model has no chat template and the prompt has no other text, or the template refuses it.
    """
    text = policy.chat_text(prompt.messages) if prompt.messages and isinstance(policy, ChatPolicy) else None
    if text is not None:
        return replace(prompt, text=text)
    if prompt.messages and not prompt.text:
        raise PolicyError("the model has no chat template that can be used here", todo="ask without chat")
    return prompt


def check_law(temperature: float, top_p: float, seed: int) -> None:
    """The sampling law makes sense.

    Raises:
        MethodError: it does not.
    """
    if not (math.isfinite(temperature) and temperature >= 0):
        raise MethodError(f"temperature={temperature} is not a number of at least 0", todo="change it")
    if not 0 < top_p <= 1:
        raise MethodError(f"top_p={top_p} is not above 0 and at most 1", todo="change it")
    if seed < 0:
        raise MethodError(f"seed={seed} is below 0", todo="change it")


def find_task(task: str | Task, reward_scheme: str | None) -> Task:
    """The task itself.

    Raises:
        TaskError: no such task or scheme, or a scheme beside a task that is made already.
    """
    if isinstance(task, str):
        return get_task(task) if reward_scheme is None else get_task(task, reward_scheme=reward_scheme)
    if reward_scheme is not None:
        raise TaskError("a reward scheme for a task that is made already", todo="make the task with that scheme")
    return task


def find_prompts(task: Task, prompts: int | Sequence[Prompt], question: str | None, seed: int) -> list[Prompt]:
    """What is to be answered, one id each.

    Raises:
        TaskError: none, too many, or two with the same id.
    """
    with boundary(TaskError, f"task '{task.name}'"):
        if question is not None:
            found = [task.ask(question)]
        elif isinstance(prompts, int):
            if prompts < 1:
                raise TaskError(f"{prompts} prompts asked", todo="ask for at least 1")
            found = task.prompts(prompts, seed=seed)
        else:
            found = list(prompts)
    if not found:
        raise TaskError("no prompts to sample for", todo="give at least one")
    if len({prompt.id for prompt in found}) < len(found):
        raise TaskError("two prompts with the same id", todo="give each prompt an id of its own")
    return found


def versions() -> dict[str, str]:
    """Versions of what samples; packages that are not installed are left out."""
    from treecore import __version__

    found = {"treecore": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
