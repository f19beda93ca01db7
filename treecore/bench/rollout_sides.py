"""The ways to sample the same work, on one core and on all: the engine with trees and without, and `generate`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from treecore.bench.measure import Spent, once
from treecore.bench.rollout_count import count_forests, count_rows, passes
from treecore.bench.rollout_generate import Generate, SamplingParams, Setup
from treecore.core.forest import Forest
from treecore.errors import MethodError
from treecore.protocols import Prompt
from treecore.rollouts import rollout
from treecore.rollouts.local.capacity import processes
from treecore.rollouts.local.pool import pool_of
from treecore.samplers import get_sampler
from treecore.tasks import get_task
from treecore.tasks.dataset.rows import Row as Question
from treecore.tasks.dataset.task import DatasetTask, Options

SIDES = {
    "tree": "the engine growing this sampler's trees: what branches share is computed and drawn once",
    "chains": "the engine writing as many separate answers (sampler 'chains'): only the prompt is computed once, and a "
    "place in the batch that becomes free is taken by the next answer",
    "generate": "model.generate of transformers, num_return_sequences as many, on the same loaded model",
}


@dataclass(frozen=True)
class Work:
    """What every side does.

    Attributes:
        task: whose prompts are asked; nothing else of it is used.
        prompts, seed: how many, and which.
        sampler, settings: of the trees.
        steps: how steps are cut, see `treecore.tasks.steps`.
        stop: strings that end a trajectory.
        max_new: most tokens of a trajectory.
        temperature, top_p: of sampling.
        repeats: timed runs of each side, of which the fastest counts.
        rows: of a batch of `generate`; several are tried when 0.
    """

    task: str = "countdown"
    prompts: int = 64
    seed: int = 0
    sampler: str = "random_expansion"
    settings: Mapping[str, Any] = field(default_factory=dict)
    steps: str = "line"
    stop: tuple[str, ...] = ("</answer>",)
    max_new: int = 128
    temperature: float = 1.0
    top_p: float = 1.0
    repeats: int = 3
    rows: int = 0


@dataclass(frozen=True)
class Share:
    """How much of the machine a side may use.

    Attributes:
        name: for people.
        workers: processes of the engine; None to leave it to the engine.
        threads: numbers of threads of torch that `generate` is tried with, None for as it is set.
    """

    name: str
    workers: int | None
    threads: tuple[int | None, ...]


def shares_of(policy: Any, prompts: int) -> list[Share]:
    """One core and all of them for a model that alone keeps one busy; the machine as it is for others."""
    if not policy.one_core:
        return [Share("machine", None, (None,))]
    number = min(processes(), prompts)
    return [Share("one core", 1, (1,)), *([Share("all cores", number, (number,))] if number > 1 else [])]


@dataclass
class Trial:
    """One way of running `generate`, once."""

    setup: Setup
    spent: Spent | None = None
    row: dict[str, Any] = field(default_factory=dict)
    error: str | None = None

    def as_json(self, *, chosen: bool) -> dict[str, Any]:
        wall, cpu = self.spent or (None, None)
        return {**asdict(self.setup), "seconds": wall, "cpu_seconds": cpu, "error": self.error, "chosen": chosen}


class Sides:
    """The three ways to sample the same work.

    Args:
        policy: a loaded policy of transformers.
        work: what to sample.
        values: all parameters of the work's sampler.
        per_prompt: trajectories of each prompt.
    """

    def __init__(self, policy: Any, work: Work, values: Mapping[str, Any], per_prompt: int) -> None:
        self.policy, self.work, self.per_prompt = policy, work, per_prompt
        self.plans: dict[str, tuple[str, Mapping[str, Any]]] = {
            "tree": (work.sampler, values),
            "chains": ("chains", get_sampler("chains").parse({"m": per_prompt})),
        }
        self.task = plain_task(work)
        self.prompts = self.task.prompts(work.prompts, seed=work.seed)
        self.prompt_ids = [policy.encode_prompt(prompt.text) for prompt in self.prompts]
        params = SamplingParams(per_prompt, work.max_new, work.stop, work.temperature, work.top_p, work.seed)
        self.generate, self.setup = Generate(policy, self.prompt_ids, params), Setup(policy.max_sequences, None)
        self.trials: dict[Setup, Trial] = {}

    def setups(self, share: Share, *, static: bool) -> list[Setup]:
        """Ways of running `generate` on a share of the machine: batch sizes, threads, kinds of cache."""
        total, most = len(self.prompts) * self.per_prompt, self.policy.max_sequences
        sizes = (self.work.rows,) if self.work.rows else (most // 2, most, -(-total // 2), total)
        return [
            Setup(rows, number, cache)
            for cache in ((None, "static") if static else (None,))
            for number in share.threads
            for rows in sorted({min(max(size, self.per_prompt), total) for size in sizes})
        ]

    def attempt(self, setup: Setup) -> None:
        """Run `generate` in one way; one that fails, for lack of memory say, tells why."""
        drawn: list[Any] = []
        try:
            if setup.cache or not self.trials:
                self.generate.run(setup)
            spent = once(lambda: drawn.append(self.generate.run(setup)))
        except (RuntimeError, ValueError) as error:
            self.trials[setup] = Trial(setup, error=f"{type(error).__name__}: {error}"[:200])
            return
        self.trials[setup] = Trial(setup, spent, self._drawn_row(drawn[0]))

    def best(self, share: Share) -> Trial:
        """The fastest way that a share of the machine allows: fewer threads are allowed too.

        On a CPU it is the one with the fewest CPU seconds a thread: what else is running does not decide.

        Raises:
            MethodError: none worked.
        """
        import torch

        on_cpu, set_threads, most = self.policy.model.device.type == "cpu", torch.get_num_threads(), share.workers or 0
        allowed = [one for one in self.trials.values() if one.setup.threads is None or one.setup.threads <= most]
        cost = {
            one.setup: one.spent.cpu / (one.setup.threads or set_threads) if on_cpu else one.spent.wall
            for one in allowed
            if one.spent is not None
        }
        if not cost:
            raise MethodError(f"generate cannot be run: {allowed[0].error}", todo="ask for fewer prompts")
        return self.trials[min(cost, key=lambda setup: cost[setup])]

    def run(self, name: str, share: Share) -> Any:
        """One run of a side."""
        return self.generate.run(self.best(share).setup) if name == "generate" else self.grow(name, share.workers)

    def time(self, name: str, share: Share) -> Spent:
        """Seconds of one run, those of worker processes included."""
        return once(partial(self.run, name, share), cpu=self._clock)

    def _clock(self) -> float:
        workers = pool_of(self.policy).workers if self.policy.one_core else []
        return time.process_time() + sum(worker.cpu for worker in workers)

    def get_ready(self, share: Share) -> None:
        """Start the workers of a share."""
        if (share.workers or 1) > 1:
            pool = pool_of(self.policy)
            pool.start(self.policy, share.workers or 1)
            pool.wait_until_ready()

    def grow(self, name: str, workers: int | None = None) -> list[Forest]:
        """One run of a side of the engine."""
        sampler, values = self.plans[name]
        forests: list[Forest] = rollout(
            task=self.task,
            model=self.policy,
            sampler=sampler,
            prompts=self.prompts,
            seed=self.work.seed,
            temperature=self.work.temperature,
            top_p=self.work.top_p,
            workers=workers,
            **values,
        )
        return forests

    def count(self, name: str) -> dict[str, Any]:
        """What a side does, from one run that is not timed; passes are those of one process."""
        if name == "generate":
            return self._drawn_row(self.generate.run(self.setup))
        with passes(self.policy) as shapes:
            counts = count_forests(self.grow(name, 1 if self.policy.one_core else None), self.work.max_new)
        return self._row(name, counts, shapes)

    def _drawn_row(self, drawn: Any) -> dict[str, Any]:
        return self._row("generate", count_rows(drawn.rows, self.work.max_new), drawn.shapes)

    def _row(self, name: str, counts: Any, shapes: Sequence[tuple[int, int]]) -> dict[str, Any]:
        expected = len(self.prompts) * self.per_prompt
        if counts.trajectories != expected:
            raise MethodError(
                f"side {name!r} gave {counts.trajectories} trajectories, not {expected}", todo="use another sampler"
            )
        return {
            "side": name,
            "what": SIDES[name],
            **asdict(counts),
            "mean_tokens": counts.tokens_in_trajectories / counts.trajectories,
            "passes": len(shapes),
            "positions": sum(rows * width for rows, width in shapes),
            "largest_batch": max(rows for rows, _ in shapes),
        }


def plain_task(work: Work) -> DatasetTask:
    """The prompts of a task, answered without its environment: until a stop string, an end token or enough tokens."""
    asked: Sequence[Prompt] = get_task(work.task).prompts(work.prompts, seed=work.seed)
    rows = [Question(one.id, one.text or one.question, (one.reference or "-",), {}, work.task) for one in asked]
    options = Options(
        verifier="contains",
        chat="off",
        steps=work.steps,
        stop="\n".join(work.stop),
        max_step_tokens=work.max_new,
        max_steps=work.max_new,
        max_tokens=work.max_new,
        shuffle=False,
    )
    return DatasetTask(rows, name=work.task, title=f"Prompts of {work.task}", options=options)
