"""`treecore.rollout_to_file`: write each forest as soon as it is finished, so that a stopped run can be resumed.

When all are finished the lines are put in the order of the prompts. What is sampled is the plan's business, by whom the
engine's; which forests of the file are the run's own is decided by `treecore.rollouts.output.resume`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from treecore.core.forest import Forest
from treecore.formats.native_write import encode
from treecore.rollouts.config import RolloutConfig
from treecore.rollouts.engine import Engine
from treecore.rollouts.failures import FailureStreak
from treecore.rollouts.open_engine import open_engine
from treecore.rollouts.output.existing_file import FileContents, ResumePlan, check_name
from treecore.rollouts.output.jsonl_file import JsonlFile
from treecore.rollouts.output.resume import places_to_keep, what_it_holds
from treecore.rollouts.prepare import prepare, ready
from treecore.rollouts.progress import Progress
from treecore.rollouts.summary import Summary, summarise

TRAJECTORY_BYTES = 4096
"""Disk that a trajectory takes: some sixty tokens of its own."""


def rollout_to_file(
    path: str | os.PathLike[str],
    config: RolloutConfig | None = None,
    *,
    resume: bool = False,
    overwrite: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    **options: Any,
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
        config, on_progress, should_stop, options: as in `rollout`.

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
    prepared = prepare((config or RolloutConfig()).with_options(**options))
    with JsonlFile(target, needs=prepared.trajectories * TRAJECTORY_BYTES) as file:
        held = FileContents(file)
        if not (resume or overwrite):
            held.refuse_unless_empty(lambda: what_it_holds(held, prepared.draft()))
        drafted = held.kept(
            lambda: places_to_keep(held, prepared.draft(), drafted=True), resume=resume, overwrite=overwrite
        )
        if not ready(prepared, should_stop):
            return summarise(drafted.forests, seconds=0.0, fresh=[])
        with open_engine(prepared) as engine:
            kept = held.kept(lambda: places_to_keep(held, engine.plan), resume=resume, overwrite=overwrite)
            return sampled(file, engine, kept, on_progress=on_progress, should_stop=should_stop)


def sampled(
    file: JsonlFile,
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
    streak = FailureStreak(str(file.path))
    for forest in run:
        file.append(encode(forest))
        fresh.append(forest)
        streak.look(forest)
    summary = summarise([*kept.forests, *fresh], seconds=time.monotonic() - began, fresh=fresh)
    if len(fresh) == len(missing):
        place = {prompt.id: number for number, prompt in enumerate(plan.prompts)}
        file.arrange([place[forest.id] for forest in (*kept.forests, *fresh)])
    return summary
