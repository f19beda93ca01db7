"""Annotate forests in memory: group them by model, continue them, add what comes out. Knows no files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from treecore.annotate.kinds import continuations, get_kind
from treecore.annotate.sources import Batch, batches
from treecore.core.forest import Forest
from treecore.errors import MethodError, TreecoreError
from treecore.policies import LoadOptions, Policy, policy_of
from treecore.protocols import Task
from treecore.registry.params import Value
from treecore.rollouts.continuation import ContinuationScheduler, ContinuationSource
from treecore.rollouts.plan import RolloutPlan
from treecore.rollouts.prepare import versions
from treecore.rollouts.progress import Progress
from treecore.samplers.registry import Sampler


@dataclass(frozen=True)
class Annotation:
    """What is to be added, checked.

    Attributes:
        kind: a name of `KINDS`.
        settings: its parameters, typed or as text.
        seed: of everything drawn; the content of a forest makes its streams its own.
        node: go on only from the steps on the way to this node.
        keep: keep the continuations in the forests.
        task, model: in place of those that the forests name; `model` may be a loaded policy.
        trust: run code that the forests name, a task, verifier or tool `module:name`; only where you know who wrote
            them.
        load: how models are loaded; `dtype` when None is what the model that wrote the forest computed in.
        source: what errors call the file of the forests.
    """

    kind: str
    settings: Mapping[str, Any]
    seed: int = 0
    node: str | None = None
    keep: bool = False
    task: str | Task | None = None
    model: str | Policy | None = None
    trust: bool = False
    load: LoadOptions = field(default_factory=LoadOptions)
    source: str = ""

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise MethodError(f"seed={self.seed} is below 0", todo="change it")
        object.__setattr__(self, "settings", get_kind(self.kind).parse(self.settings))

    @cached_property
    def sampler(self) -> Sampler:
        return get_kind(self.kind)

    @property
    def model_name(self) -> str | None:
        """Name of the model in place of the forests' own."""
        return self.model if self.model is None or isinstance(self.model, str) else str(self.model.describe()["model"])

    def policy(self, name: str, dtype: str | None = None) -> Policy:
        """A policy by name.

        Args:
            dtype: numbers that it computed in, where no others are asked for.

        Raises:
            PolicyError: it cannot be loaded, or is loaded already and was to be loaded in some way.
        """
        if self.model is None or isinstance(self.model, str):
            return policy_of(name, replace(self.load, dtype=self.load.dtype or dtype))
        return policy_of(self.model, self.load)

    def said(self, forest: Forest) -> dict[str, Any]:
        """What an annotated forest says was done, beside numbers: equal for equal annotations of equal forests."""
        fields = {"kind": self.kind, "parameters": dict(self.settings), "seed": self.seed, "node": self.node}
        return {
            **fields,
            "keep": self.keep,
            "model": self.model_name or forest.policy.get("model"),
            "dtype": self.load.dtype,
            "of": forest.digest,
        }


def annotate(
    forests: Sequence[Forest],
    annotation: Annotation,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Iterator[Forest]:
    """Annotated forests in the order in which they are finished; the same annotation gives the same numbers.

    A forest's `provenance["annotations"]` gets an entry: the annotation, the digest of the forest as it was (`of`),
    the policy, and what it cost.

    Args:
        forests: as they were recorded, with token ids.
        annotation: what to add.
        on_progress: called about ten times a second; counts over all forests.
        should_stop: asked before every decoding step; True leaves unfinished forests out.

    Raises:
        MethodError, PolicyError, TaskError: a forest that cannot be continued; nothing is sampled then.
    """
    try:
        yield from _annotated(forests, annotation, on_progress, should_stop)
    except TreecoreError as error:
        raise error.at(annotation.source) if annotation.source else error from error.__cause__


def _annotated(
    forests: Sequence[Forest],
    annotation: Annotation,
    on_progress: Callable[[Progress], None] | None,
    should_stop: Callable[[], bool] | None,
) -> Iterator[Forest]:
    ready = batches(
        forests,
        load=annotation.policy,
        task=annotation.task,
        model=annotation.model_name,
        node=annotation.node,
        trust=annotation.trust,
    )
    k = int(annotation.settings["k"])
    sizes = [sum(continuations(source, annotation.kind, k) for source in batch.sources) for batch in ready]
    seen = Seen(total=sum(sizes), prompts=len(forests), on_progress=on_progress)
    for batch, size in zip(ready, sizes, strict=True):
        scheduler = ContinuationScheduler(
            plan_of(batch, annotation),
            batch.sources,
            total=size,
            keep=annotation.keep,
            about=partial(about, annotation, batch),
            on_progress=None if on_progress is None else seen.report,
            should_stop=should_stop,
        )
        yield from scheduler.run()
        seen.next_batch(done=size, forests=len(batch.sources))


def plan_of(batch: Batch, annotation: Annotation) -> RolloutPlan:
    """What the driver needs to know of one batch."""
    settings: Mapping[str, Value] = annotation.settings
    return RolloutPlan(
        task=batch.task,
        policy=batch.policy,
        sampler=annotation.sampler,
        settings=settings,
        prompts=[source.prompt for source in batch.sources],
        seed=annotation.seed,
        temperature=batch.provenance.temperature,
        top_p=batch.provenance.top_p,
        meta=lambda prompt: {"id": prompt.id},
        provenance=versions(),
    )


def about(
    annotation: Annotation, batch: Batch, source: ContinuationSource, numbers: Mapping[str, Any]
) -> dict[str, Any]:
    """The entry of one forest's provenance."""
    policy = {**batch.policy.describe(), "temperature": batch.provenance.temperature, "top_p": batch.provenance.top_p}
    return {**annotation.said(source.forest), "policy": policy, **numbers, "versions": versions()}


class Seen:
    """Adds up the reports of batches that run one after the other.

    Args:
        total: trajectories of all.
        prompts: forests of all.
        on_progress: whom to tell.
    """

    def __init__(self, *, total: int, prompts: int, on_progress: Callable[[Progress], None] | None) -> None:
        self.total, self.prompts, self.on_progress = total, prompts, on_progress
        self.done = self.forests = self.tokens = self._tokens = 0

    def report(self, progress: Progress) -> None:
        """Pass on a report of the present batch."""
        self._tokens = progress.tokens
        assert self.on_progress is not None
        self.on_progress(
            replace(
                progress,
                done=self.done + progress.done,
                total=self.total,
                forests=self.forests + progress.forests,
                prompts=self.prompts,
                tokens=self.tokens + progress.tokens,
            )
        )

    def next_batch(self, *, done: int, forests: int) -> None:
        """The present batch is over."""
        self.done, self.forests, self.tokens = self.done + done, self.forests + forests, self.tokens + self._tokens
        self._tokens = 0
