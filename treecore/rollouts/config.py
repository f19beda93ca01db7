"""From names and numbers to a checked plan. Loads no model and samples nothing."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from treecore.errors import PolicyError, TaskError, boundary
from treecore.policies import Policy
from treecore.policies.base import AskingPolicy, ChatPolicy
from treecore.protocols import Prompt, Task
from treecore.registry.params import Value
from treecore.rollouts.arguments import check_kinds, check_law
from treecore.rollouts.scheduler import Plan, check_chance
from treecore.samplers import get_sampler
from treecore.samplers.registry import Sampler
from treecore.tasks import get_task

PACKAGES = ("torch", "transformers")


@dataclass(frozen=True)
class Described:
    """A model that is not loaded here: what is known of it."""

    description: Mapping[str, Any]

    def describe(self) -> Mapping[str, Any]:
        return self.description


@dataclass(frozen=True)
class Ask:
    """What was asked for, all of it checked that needs no model.

    Attributes:
        task: the task; `named` with `options` is what made it, None where it came as an object.
        model: a name, or a policy that is loaded already.
        sampler, settings: who decides where to grow, with all its parameters.
        prompts: as the task gave them.
        seed, temperature, top_p: as in `rollout`.
    """

    task: Task
    named: str | None
    options: Mapping[str, Any]
    model: str | Policy
    sampler: Sampler
    settings: Mapping[str, Value]
    prompts: Sequence[Prompt]
    seed: int
    temperature: float
    top_p: float

    @property
    def trajectories(self) -> int:
        """How many there will surely be, unless the run is stopped."""
        return len(self.prompts) * self.sampler.trajectories(self.settings)

    def draft(self) -> Plan:
        """The plan as far as it is known before the model is loaded, for comparing."""
        known: Any = Described({"model": self.model}) if isinstance(self.model, str) else self.model
        return self.plan(known, self.prompts)

    def plan(self, policy: Policy, prompts: Sequence[Prompt]) -> Plan:
        """What a policy is to sample.

        Args:
            policy: what answers; only its description is asked for here.
            prompts: some of the prompts, perhaps `as_read`.
        """
        described = {**policy.describe(), "temperature": self.temperature, "top_p": self.top_p}
        sampled = {"name": self.sampler.name, "parameters": dict(self.settings), "seed": self.seed}
        bias = self.sampler.bias_with(self.settings)
        sampled |= {"bias": bias} if bias else {}
        about = {
            "reward_scheme": getattr(self.task, "reward_scheme", None),
            "task_settings": getattr(self.task, "settings", None),
        }

        def meta(prompt: Prompt) -> dict[str, Any]:
            return {
                "id": prompt.id,
                "prompt": prompt.question,
                "task": self.task.name,
                "reference": prompt.reference,
                "policy": described,
                "sampler": sampled,
                "extra": {"input": str(prompt.text)}
                | {key: value for key, value in about.items() if value is not None},
            }

        return Plan(
            task=self.task, policy=policy, sampler=self.sampler, settings=self.settings, prompts=prompts,
            seed=self.seed, temperature=self.temperature, top_p=self.top_p, meta=meta, provenance=versions(),
        )  # fmt: skip


def check(
    *,
    task: str | Task,
    task_options: Mapping[str, Any] | None,
    model: str | Policy,
    sampler: str,
    prompts: int | Sequence[Prompt],
    question: str | None,
    seed: int,
    temperature: float,
    top_p: float,
    reward_scheme: str | None,
    settings: dict[str, Any],
) -> Ask:
    """Check everything that can be checked before the model is loaded. Arguments as in `rollout`.

    Raises:
        MethodError, PolicyError, TaskError: see `rollout`.
    """
    check_kinds(
        task=task, task_options=task_options, model=model, sampler=sampler, prompts=prompts, question=question,
        reward_scheme=reward_scheme,
    )  # fmt: skip
    check_law(temperature, top_p, seed)
    seed = int(seed)
    chosen = get_sampler(sampler)
    values = chosen.parse(settings)
    check_chance(chosen, values, float(temperature))
    options = {**(task_options or {}), **({} if reward_scheme is None else {"reward_scheme": reward_scheme})}
    work = find_task(task, options)
    return Ask(
        task=work, named=task if isinstance(task, str) else None, options=options, model=model, sampler=chosen,
        settings=values, prompts=find_prompts(work, prompts, question, seed), seed=seed,
        temperature=float(temperature), top_p=float(top_p),
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


def ready(ask: Ask, should_stop: Callable[[], bool] | None) -> bool:
    """See to it that a policy that has to ask first has done so; False where the run was stopped before.

    Raises:
        PolicyError: there is no answer to be had.
    """
    if should_stop is None or not isinstance(ask.model, AskingPolicy):
        return True
    return not any(prompt.messages for prompt in ask.prompts) or ask.model.ask_for_chats(should_stop)


def find_task(task: str | Task, options: Mapping[str, Any]) -> Task:
    """The task itself.

    Raises:
        TaskError: no such task or option, or options beside a task that is made already.
    """
    if isinstance(task, str):
        return get_task(task, **options)
    if options:
        raise TaskError(f"a {next(iter(options))} for a task that is made already", todo="make the task with it")
    return task


def find_prompts(task: Task, prompts: int | Sequence[Prompt], question: str | None, seed: int) -> list[Prompt]:
    """What is to be answered, one id each.

    Raises:
        TaskError: none, too many, or two with the same id.
    """
    with boundary(TaskError, f"task '{task.name}'"):
        if question is not None:
            found = [task.ask(question)]
        elif isinstance(prompts, Sequence):
            found = list(prompts)
        else:
            if prompts < 1:
                raise TaskError(f"{prompts} prompts asked", todo="ask for at least 1")
            found = task.prompts(int(prompts), seed=seed)
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
