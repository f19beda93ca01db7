"""`RolloutConfig`, all arguments of one run: made once by whoever starts it, then carried whole. Nothing is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from treecore.policies import LoadOptions, Policy
from treecore.policies.load_options import LOAD_OPTIONS
from treecore.protocols import Prompt, Task

ENGINES = ("local", "ray")
MAX_RECORD = {"top_tokens": 20}
"""What may be recorded on request, and the most of it."""


@dataclass(frozen=True)
class RolloutConfig:
    """One run. `treecore.rollouts.prepare.prepare` says whether it fits together.

    Attributes:
        task: name of a bundled task, a file of questions, `module:factory`, or a task.
        task_options: of the task that is named, as `treecore.tasks.get_task` takes them.
        model: `tiny`, a local folder, a hub name, or a policy that is loaded already.
        sampler: a name of `treecore.samplers.SAMPLERS`.
        sampler_settings: the sampler's parameters, typed or as text.
        prompts: how many of the task's own prompts, or the prompts themselves.
        question: one prompt asked by the user, in place of `prompts`.
        seed: of the prompts and of everything drawn.
        temperature: of sampling; 0 takes the likeliest token.
        top_p: mass of the likeliest tokens that may be drawn.
        reward_scheme: one that the task lists; its default when None.
        record: what is recorded beside the usual: `top_tokens`, how many of the likeliest tokens with their log
            probabilities at each token. Texts are the same with it and without.
        load: how a model that is named is loaded.
        engine: one of `ENGINES`: `local`, this computer; or `ray`, the workers of a Ray cluster, which load task and
            model by name.
        workers: models that sample side by side. With `local`, processes of this computer, this one included, for a
            small model on a CPU; when None, one a core where the job is so long that it pays. With `ray` one a GPU, or
            one a computer without any, when None.
        ray_address: of a cluster that runs already, with `ray` only; one is started here when None.
    """

    task: str | Task = "multihop"
    task_options: Mapping[str, Any] | None = None
    model: str | Policy = "tiny"
    sampler: str = "random_expansion"
    sampler_settings: Mapping[str, Any] = field(default_factory=dict)
    prompts: int | Sequence[Prompt] = 1
    question: str | None = None
    seed: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    reward_scheme: str | None = None
    record: Mapping[str, int] = field(default_factory=dict)
    load: LoadOptions = field(default_factory=LoadOptions)
    engine: str = "local"
    workers: int | None = None
    ray_address: str | None = None

    def with_options(self, **options: Any) -> Self:
        """A copy with other values.

        Args:
            options: fields of this or of `LoadOptions`, by name; every other name is a setting of the sampler.
        """
        names = {one.name for one in fields(self)}
        own = {name: value for name, value in options.items() if name in names}
        load = {name: value for name, value in options.items() if name in LOAD_OPTIONS}
        settings = {name: value for name, value in options.items() if name not in names.union(LOAD_OPTIONS)}
        changed = replace(self, **own)
        return replace(
            changed,
            load=replace(changed.load, **load),
            sampler_settings={**changed.sampler_settings, **settings},
        )
