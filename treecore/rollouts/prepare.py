"""Prepare a run: check its `RolloutConfig`, look up task, sampler, prompts; a loaded model makes it a plan."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Self

from treecore.core.numerals import counted
from treecore.errors import PolicyError, TaskError, boundary
from treecore.policies import Policy
from treecore.policies.base import AskingPolicy, ChatPolicy, complete_policy
from treecore.protocols import Prompt, Task
from treecore.registry.params import Value
from treecore.rollouts.config import RolloutConfig
from treecore.rollouts.config_checks import check_engine, check_kinds, check_record, check_sampling
from treecore.rollouts.plan import RolloutPlan, check_chance
from treecore.samplers import get_sampler
from treecore.samplers.registry import Sampler
from treecore.tasks import get_task
from treecore.tasks.checked import with_optional

PACKAGES = ("torch", "transformers")


@dataclass(frozen=True)
class DescribedPolicy:
    """A model that is not loaded here: what is known of it."""

    description: Mapping[str, Any]
    observed: frozenset[str] = frozenset()
    asked_as: frozenset[str] = frozenset()

    def describe(self) -> Mapping[str, Any]:
        return self.description


@dataclass(frozen=True)
class PreparedRollout:
    """A run, all of it checked that needs no model.

    Attributes:
        config: what it was asked for.
        task: the task itself.
        sampler, settings: who decides where to grow, with all its parameters.
        prompts: as the task gave them.
    """

    config: RolloutConfig
    task: Task
    sampler: Sampler
    settings: Mapping[str, Value]
    prompts: Sequence[Prompt]

    @property
    def trajectories(self) -> int:
        """How many there will surely be, unless the run is stopped."""
        return len(self.prompts) * self.sampler.trajectories(self.settings)

    def share(self, prompts: Sequence[Prompt]) -> Self:
        """The same run for some of its prompts, without its model, which another process has."""
        return replace(self, config=replace(self.config, model="", prompts=(), question=None), prompts=prompts)

    def draft(self) -> RolloutPlan:
        """The plan as far as it is known before the model is loaded, for comparing."""
        model = self.config.model
        known: Any = DescribedPolicy({"model": model}) if isinstance(model, str) else complete_policy(model)
        return self.plan(known, self.prompts)

    def plan(self, policy: Policy, prompts: Sequence[Prompt]) -> RolloutPlan:
        """What a policy is to sample.

        Args:
            policy: what answers; only its description is asked for here.
            prompts: some of the prompts, perhaps `as_read`.
        """
        config = self.config
        described = {**policy.describe(), "temperature": config.temperature, "top_p": config.top_p}
        sampled = {"name": self.sampler.name, "parameters": dict(self.settings), "seed": config.seed}
        bias = self.sampler.bias_with(self.settings)
        sampled |= {"bias": bias} if bias else {}
        sampled |= {"record": dict(config.record)} if config.record else {}
        about = {
            "reward_scheme": self.task.reward_scheme,
            "task_settings": self.task.settings,
        }

        def meta(prompt: Prompt) -> dict[str, Any]:
            return {
                "id": prompt.id,
                "prompt": prompt.question,
                "task": self.task.name,
                "reference": prompt.reference,
                "policy": described,
                "sampler": sampled,
                "extra": {"input": prompt.text} | {key: value for key, value in about.items() if value is not None},
            }

        return RolloutPlan(
            task=self.task,
            policy=policy,
            sampler=self.sampler,
            settings=self.settings,
            prompts=prompts,
            seed=config.seed,
            temperature=config.temperature,
            top_p=config.top_p,
            meta=meta,
            provenance=versions(),
            record=config.record,
        )


def prepare(config: RolloutConfig) -> PreparedRollout:
    """Check everything that can be checked before the model is loaded.

    Raises:
        MethodError, PolicyError, TaskError: see `treecore.rollout`.
    """
    check_engine(config)
    check_kinds(config)
    check_sampling(temperature=config.temperature, top_p=config.top_p, seed=config.seed)
    sampling: dict[str, Any] = {"temperature": float(config.temperature), "top_p": float(config.top_p)}
    config = replace(config, seed=int(config.seed), record=check_record(config.record), **sampling)
    sampler = get_sampler(config.sampler)
    settings = sampler.parse(config.sampler_settings)
    check_chance(sampler, settings, config.temperature)
    task = find_task(config)
    return PreparedRollout(config, task, sampler, settings, find_prompts(task, config))


def as_read(prompt: Prompt, policy: Policy) -> Prompt:
    """The prompt with the text that the model reads: that of its chat template where the prompt is a chat.

    Raises:
        PolicyError: the model has no chat template and the prompt has no other text, or the template refuses it.
    """
    chat = policy.chat_text(prompt.messages) if prompt.messages and isinstance(policy, ChatPolicy) else None
    if chat is not None:
        return replace(prompt, text=chat.text, rendered=chat)
    if prompt.messages and not prompt.text:
        raise PolicyError("the model has no chat template that can be used here", todo="ask without chat")
    return prompt


def ready(prepared: PreparedRollout, should_stop: Callable[[], bool] | None) -> bool:
    """See to it that a policy that has to ask first has done so; False where the run was stopped before.

    Raises:
        PolicyError: there is no answer to be had.
    """
    model = prepared.config.model
    if should_stop is None or not isinstance(model, AskingPolicy):
        return True
    return not any(prompt.messages for prompt in prepared.prompts) or model.ask_for_chats(should_stop)


def find_task(config: RolloutConfig) -> Task:
    """The task itself.

    Raises:
        TaskError: no such task or option, or options beside a task that is made already.
    """
    scheme = {} if config.reward_scheme is None else {"reward_scheme": config.reward_scheme}
    options = {**(config.task_options or {}), **scheme}
    if isinstance(config.task, str):
        return get_task(config.task, **options)
    if options:
        raise TaskError(f"a {next(iter(options))} for a task that is made already", todo="make the task with it")
    return with_optional(config.task, "the task that is given")


def find_prompts(task: Task, config: RolloutConfig) -> list[Prompt]:
    """What is to be answered, one id each.

    Raises:
        TaskError: none, too many, or two with the same id.
    """
    prompts = config.prompts
    with boundary(TaskError, f"task '{task.name}'"):
        if config.question is not None:
            found = [task.ask(config.question)]
        elif isinstance(prompts, Sequence):
            found = list(prompts)
        else:
            if prompts < 1:
                raise TaskError(f"{counted(prompts, 'prompt')} asked", todo="ask for at least 1")
            found = task.prompts(int(prompts), seed=config.seed)
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
