"""How fast trees are sampled: the engine against `model.generate` of transformers, on one model in one run.

Three sides write the same number of trajectories of the same prompts under the same law: a sampler's trees, the engine
without trees, and `generate`. What sharing gives is thus apart from what the engine gives. There is no verdict here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from treecore.bench.measure import Spent, machine, once
from treecore.bench.rollout_count import bandwidth, count_forests, count_rows, passes, ratios, speeds
from treecore.bench.rollout_generate import Drawn, Generate, Law, Setup
from treecore.bench.rollout_model import device_facts, loaded_policy, memory_bandwidth, model_facts, random_policy
from treecore.errors import MethodError
from treecore.forest import Forest
from treecore.protocols import Prompt
from treecore.samplers import get_sampler
from treecore.sampling import rollout
from treecore.tasks import get_task
from treecore.tasks.dataset import DatasetTask, Options
from treecore.tasks.rows import Row as Question

OnProgress = Callable[[str, int, int], None]
SIDES = {
    "tree": "the engine growing this sampler's trees: what branches share is computed and drawn once",
    "chains": "the engine writing as many separate answers (sampler 'chains'): only the prompt is computed once, and a "
    "place in the batch that becomes free is taken by the next answer",
    "generate": "model.generate of transformers, num_return_sequences as many, on the same loaded model",
}
CONDITIONS = (
    "same model, prompts, number of trajectories, temperature, top-p, end tokens, stop strings and most new tokens; "
    "other random numbers",
    "generate: prompts of like length in a batch, left padding, keys and values cached, a row over at its end token, a "
    "batch when all its rows are; batch size and threads are the fastest of those tried",
    "generate is timed up to token ids; the engine up to finished forests: text, log probability, entropy and "
    "confidence of every token, steps, rewards",
    "every side ran before it was timed; sides take turns; each figure is of its fastest run; loading is not timed",
    "tokens_computed went through the model because something follows them; positions also counts padding and rows "
    "that are over; tokens_sampled were drawn; tokens_in_trajectories are those of all answers, shared ones each time",
)


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
        temperature, top_p: the law.
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


def bench_rollout(
    work: Work,
    *,
    model: str = "tiny",
    config: Mapping[str, str] | None = None,
    device: str | None = None,
    dtype: str | None = None,
    options: Mapping[str, Any] | None = None,
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """All figures, JSON-ready.

    Args:
        work: what to sample.
        model: as in `treecore.rollout`; not used with `config`.
        config: fields of a configuration to make a model of random weights by; a loaded model when None.
        device, dtype: of the model.
        options: more keywords of the policy, such as `batch_tokens` and `static`.
        on_progress: called with what comes next, how much is done, and how much there is.

    Raises:
        MethodError: the sampler's number of trajectories is not known before, or is too large for separate chains.
        PolicyError, TaskError: the model cannot be used; no such task, or too many prompts.
    """
    sampler = get_sampler(work.sampler)
    values = sampler.parse(work.settings)
    if sampler.open_ended:
        raise MethodError(f"sampler '{sampler.name}' does not say how many trajectories it gives", todo="use another")
    per_prompt = sampler.trajectories(values)
    host, chosen, steps = machine(), dict(options or {}), Steps(on_progress, 3 * work.repeats + 4)
    steps.next("loading the model")
    if config is None:
        policy = loaded_policy(model, device=device, dtype=dtype, options=chosen)
    else:
        policy = random_policy(config=config, device=device, dtype=dtype, seed=work.seed, options=chosen)
    sides = Sides(policy, work, values, per_prompt)
    steps.next("trying batch sizes of generate")
    tried = sides.try_setups(static=bool(chosen.get("static")))
    runs: dict[str, list[Spent]] = {name: [] for name in SIDES}
    rows = {}
    for name in SIDES:
        steps.next(f"warming up, {name}")
        rows[name] = sides.count(name)
    for _ in range(work.repeats):
        for name in SIDES:
            steps.next(f"timing, {name}")
            runs[name].append(once(partial(sides.run, name)))
    facts = model_facts(policy)
    memory = memory_bandwidth(policy.model.device)
    for name, row in rows.items():
        row.update(speeds(row, runs[name]))
        row.update(bandwidth(row, facts, memory))
    return {
        "bench": "rollout",
        "machine": {**host, **device_facts(policy), "load_after": machine()["load_before"]},
        "model": facts,
        "settings": {**asdict(work), "settings": values, "stop": list(work.stop), "trajectories_per_prompt": per_prompt,
                     "prompt_tokens": sum(map(len, sides.prompt_ids)), "engine_slots": policy.slots, **chosen},
        "conditions": list(CONDITIONS),
        "generate_tried": tried,
        "memory": memory,
        "sides": rows,
        "ratio": ratios(rows),
    }  # fmt: skip


class Steps:
    """Counts what is under way for whoever looks on."""

    def __init__(self, on_progress: OnProgress | None, total: int) -> None:
        self.on_progress, self.total, self.done = on_progress, total, 0

    def next(self, what: str) -> None:
        if self.on_progress is not None:
            self.on_progress(what, self.done, self.total)
        self.done += 1


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
        law = Law(per_prompt, work.max_new, work.stop, work.temperature, work.top_p, work.seed)
        self.generate, self.setup = Generate(policy, self.prompt_ids, law), Setup(policy.slots, None)

    def try_setups(self, *, static: bool) -> list[dict[str, Any]]:
        """Run `generate` in several ways and keep the fastest; those that fail, for lack of memory say, tell why.

        On a CPU the fastest is the one with the fewest CPU seconds a thread: what else is running does not decide.
        """
        import torch

        total = len(self.prompts) * self.per_prompt
        slots = self.policy.slots
        sizes = (self.work.rows,) if self.work.rows else (slots // 2, slots, 4 * slots, total)
        on_cpu, n_threads = self.policy.model.device.type == "cpu", torch.get_num_threads()
        threads = (None, 1) if on_cpu and n_threads > 1 else (None,)
        setups = [
            Setup(rows, number, cache)
            for cache in ((None, "static") if static else (None,))
            for number in threads
            for rows in sorted({min(max(size, self.per_prompt), total) for size in sizes})
        ]
        tried: list[dict[str, Any]] = []
        cost: dict[Setup, float] = {}
        for setup in setups:
            try:
                if setup.cache or not cost:
                    self.generate.run(setup)
                spent = once(partial(self.generate.run, setup))
            except (RuntimeError, ValueError) as error:
                told = f"{type(error).__name__}: {error}"[:200]
                tried.append({**asdict(setup), "seconds": None, "cpu_seconds": None, "error": told})
                continue
            cost[setup] = spent.cpu / (setup.threads or n_threads) if on_cpu else spent.wall
            tried.append({**asdict(setup), "seconds": spent.wall, "cpu_seconds": spent.cpu, "error": None})
        if not cost:
            raise MethodError(f"generate cannot be run: {tried[0]['error']}", todo="ask for fewer prompts")
        self.setup = min(cost, key=lambda setup: cost[setup])
        chosen = asdict(self.setup)
        return [{**row, "chosen": chosen.items() <= row.items()} for row in tried]

    def run(self, name: str) -> Drawn | list[Forest]:
        """One run of a side."""
        return self.generate.run(self.setup) if name == "generate" else self.grow(name)

    def grow(self, name: str) -> list[Forest]:
        """One run of a side of the engine."""
        sampler, values = self.plans[name]
        forests: list[Forest] = rollout(
            task=self.task, model=self.policy, sampler=sampler, prompts=self.prompts, seed=self.work.seed,
            temperature=self.work.temperature, top_p=self.work.top_p, **values,
        )  # fmt: skip
        return forests

    def count(self, name: str) -> dict[str, Any]:
        """What a side does, from one run that is not timed."""
        if name == "generate":
            drawn = self.generate.run(self.setup)
            counted, shapes = count_rows(drawn.rows, self.work.max_new), drawn.shapes
        else:
            with passes(self.policy) as shapes:
                counted = count_forests(self.grow(name), self.work.max_new)
        expected = len(self.prompts) * self.per_prompt
        if counted.trajectories != expected:
            raise MethodError(
                f"side {name!r} gave {counted.trajectories} trajectories, not {expected}", todo="use another sampler"
            )
        return {
            "side": name,
            "what": SIDES[name],
            **asdict(counted),
            "mean_tokens": counted.tokens_in_trajectories / counted.trajectories,
            "passes": len(shapes),
            "positions": sum(rows * width for rows, width in shapes),
            "largest_batch": max(rows for rows, _ in shapes),
        }


def plain_task(work: Work) -> DatasetTask:
    """The prompts of a task, answered without its environment: until a stop string, an end token or enough tokens."""
    asked: Sequence[Prompt] = get_task(work.task).prompts(work.prompts, seed=work.seed)
    rows = [Question(one.id, one.text or one.question, (one.reference or "-",), {}, work.task) for one in asked]
    options = Options(
        verifier="contains", chat="off", steps=work.steps, stop="\n".join(work.stop), max_step_tokens=work.max_new,
        max_steps=work.max_new, max_tokens=work.max_new, shuffle=False,
    )  # fmt: skip
    return DatasetTask(rows, name=work.task, title=f"Prompts of {work.task}", options=options)
