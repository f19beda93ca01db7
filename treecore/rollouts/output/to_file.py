"""A run straight into a file: every finished forest is a whole line at once, and a broken run can go on.

When all are finished the lines are put in the order of the prompts. What is sampled is the plan's business, by whom the
engine's; what of a file that was there before is the run's own is told by `run_held`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from treecore.core.forest import Forest
from treecore.formats.native_write import encode
from treecore.policies import Policy
from treecore.protocols import Prompt, Task
from treecore.rollouts.config import check, ready
from treecore.rollouts.engine import Engine, Machine, opened
from treecore.rollouts.failures import Patience
from treecore.rollouts.output.contents import FileContents, ResumePlan, check_name
from treecore.rollouts.output.forest_log import LineFile
from treecore.rollouts.output.resume import own, told
from treecore.rollouts.progress import Progress
from treecore.rollouts.summary import Summary, summarise

TRAJECTORY_BYTES = 4096
"""Disk that a trajectory takes: some sixty tokens of its own."""


def rollout_to_file(
    path: str | os.PathLike[str],
    *,
    resume: bool = False,
    overwrite: bool = False,
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
) -> Summary:
    """Sample as `rollout` does and append each finished forest to a `.forest.jsonl` file.

    A line is on the disk before the next is begun, so whatever kills the run leaves whole lines and at most one torn
    one. They come in the order of finishing; when the last is there, they are put in the order of the prompts.
    `Progress` counts what is sampled now.

    Args:
        path: the file, which is refused if it holds anything, unless `resume` or `overwrite`.
        resume: keep the forests of this run that are there, one a prompt; drop a torn last line; sample the prompts
            that are missing, then those again in which the model or its server failed.
        overwrite: replace forests that are there once the first new one is on the disk; with `resume`, only those of
            another run.

    Returns:
        Numbers over all forests of the file; the speed is that of this call.

    Raises:
        FormatError: the file cannot be written, has another ending than `.jsonl`, is being written by another run, or
            holds something that is neither to be resumed nor to be overwritten, or no forests at all.
        MethodError: the file to resume was sampled with other settings.
        PolicyError: see `rollout`; or every trajectory of three forests in a row failed, because the model did.
        TaskError: see `rollout`.
        Stopped: a KeyboardInterrupt; says how many forests are there.
    """
    target = Path(path)
    check_name(target)
    machine = Machine(device, dtype, batch_tokens, static, engine, workers, ray_address)
    ask = check(
        task=task, task_options=task_options, model=model, sampler=sampler, prompts=prompts, question=question,
        seed=seed, temperature=temperature, top_p=top_p, reward_scheme=reward_scheme, settings=sampler_settings,
    )  # fmt: skip
    with LineFile(target, needs=ask.trajectories * TRAJECTORY_BYTES) as file:
        held = FileContents(file)
        if not (resume or overwrite):
            held.refuse(lambda: told(held, ask.draft()))
        drafted = held.kept(lambda: own(held, ask.draft(), drafted=True), resume=resume, overwrite=overwrite)
        if not ready(ask, should_stop):
            return summarise(drafted.forests, seconds=0.0, fresh=[])
        with opened(ask, machine) as runner:
            kept = held.kept(lambda: own(held, runner.plan), resume=resume, overwrite=overwrite)
            return sampled(file, runner, kept, on_progress=on_progress, should_stop=should_stop)


def sampled(
    file: LineFile,
    engine: Engine,
    kept: ResumePlan,
    *,
    on_progress: Callable[[Progress], None] | None,
    should_stop: Callable[[], bool] | None,
) -> Summary:
    """Let the engine sample what is not kept. Arguments and errors as in `rollout_to_file`."""
    plan, have = engine.plan, {forest.id for forest in kept.forests}
    began, fresh = time.monotonic(), list[Forest]()
    missing = sorted((one for one in plan.prompts if one.id not in have), key=lambda one: one.id in kept.dropped)
    run = engine.run(replace(plan, prompts=missing), on_progress=on_progress, should_stop=should_stop)
    kept.begin(file, total=len(have) + len(missing))
    patience = Patience(str(file.path))
    for forest in run:
        file.append(encode(forest))
        fresh.append(forest)
        patience.look(forest)
    summary = summarise([*kept.forests, *fresh], seconds=time.monotonic() - began, fresh=fresh)
    if len(fresh) == len(missing):
        place = {prompt.id: number for number, prompt in enumerate(plan.prompts)}
        file.arrange([place[forest.id] for forest in (*kept.forests, *fresh)])
    return summary
