"""A run straight into a file: every finished forest is a whole line at once, and a broken run can go on.

When all are finished the lines are put in the order of the prompts. Knows what makes two runs the same; what is sampled
is the plan's business, by whom the engine's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from treecore.errors import FormatError, MethodError
from treecore.forest import Forest
from treecore.formats import read
from treecore.formats.native_write import encode
from treecore.policies import Policy
from treecore.protocols import Prompt, Task
from treecore.sampling.driver import Plan
from treecore.sampling.engine import Engine, Machine, opened
from treecore.sampling.lines import LineFile
from treecore.sampling.progress import Progress
from treecore.sampling.run import check
from treecore.sampling.summary import Summary, summarise

TRAJECTORY_BYTES = 4096
"""Disk that a trajectory takes: some sixty tokens of its own."""


def rollout_to_file(
    path: str | os.PathLike[str],
    *,
    resume: bool = False,
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
        path: the file. Without `resume` a finished run is replaced, an unfinished run of the same settings is not.
        resume: keep the forests that are there, drop a torn last line, sample only the prompts that are missing.

    Returns:
        Numbers over all forests of the file; the speed is that of this call.

    Raises:
        FormatError: the file cannot be written, is not one of these, is being written by another run, or holds an
            unfinished run and `resume` is False.
        MethodError: the file to resume was sampled with other settings.
        PolicyError, TaskError: see `rollout`.
        Stopped: a KeyboardInterrupt; says how many forests are there.
    """
    target = Path(path)
    if target.name.lower().endswith(".gz"):
        raise FormatError("a run cannot be written compressed", where=str(target), todo="name it .forest.jsonl")
    machine = Machine(device, dtype, batch_tokens, static, engine, workers, ray_address)
    ask = check(
        task=task, task_options=task_options, model=model, sampler=sampler, prompts=prompts, question=question,
        seed=seed, temperature=temperature, top_p=top_p, reward_scheme=reward_scheme, settings=sampler_settings,
    )  # fmt: skip
    with LineFile(target, needs=ask.trajectories * TRAJECTORY_BYTES) as file, opened(ask, machine) as hands:
        return sampled(file, hands, resume=resume, on_progress=on_progress, should_stop=should_stop)


def sampled(
    file: LineFile,
    engine: Engine,
    *,
    resume: bool,
    on_progress: Callable[[Progress], None] | None,
    should_stop: Callable[[], bool] | None,
) -> Summary:
    """Let the engine sample what the file lacks. Arguments and errors as in `rollout_to_file`."""
    plan, whole = engine.plan, file.whole()
    kept = resumed(file.path, whole, plan) if resume else []
    if not resume:
        refuse_loss(file.path, whole, plan)
    have = {forest.id for forest in kept}
    began, fresh = time.monotonic(), list[Forest]()
    missing = [prompt for prompt in plan.prompts if prompt.id not in have]
    run = engine.run(replace(plan, prompts=missing), on_progress=on_progress, should_stop=should_stop)
    file.keep(len(whole) if kept else 0, total=len(kept) + len(missing))
    for forest in run:
        file.append(encode(forest))
        fresh.append(forest)
    summary = summarise([*kept, *fresh], seconds=time.monotonic() - began, fresh=fresh)
    if len(fresh) == len(missing):
        place = {prompt.id: number for number, prompt in enumerate(plan.prompts)}
        file.arrange([place.get(forest.id, len(place)) for forest in (*kept, *fresh)])
    return summary


def refuse_loss(path: Path, whole: bytes, plan: Plan) -> None:
    """Do not write over an unfinished run of the same plan, nor over what is no file of forests.

    Args:
        path: of the file.
        whole: its whole lines.
        plan: of the run that is to be written there.

    Raises:
        FormatError: it would be lost.
    """
    if not whole.strip():
        return
    try:
        forests = read(whole, name=str(path))
    except FormatError:
        lost = "the file exists and holds no forests"
        raise FormatError(lost, where=str(path), todo="write to another file, or delete it first") from None
    have = {forest.id for forest in forests}
    missing = [prompt for prompt in plan.prompts if prompt.id not in have]
    if missing and not any(differs(forest, plan) for forest in forests):
        raise FormatError(
            f"an unfinished run: {len(forests)} forests are there, {len(missing)} are missing", where=str(path),
            todo="go on with --resume, or delete the file to start over",
        )  # fmt: skip


def resumed(path: Path, whole: bytes, plan: Plan) -> list[Forest]:
    """Forests of an earlier run of the same plan. Arguments as in `refuse_loss`.

    Raises:
        FormatError: the whole lines are not native forests.
        MethodError: the settings were others.
    """
    forests = read(whole, name=str(path)) if whole.strip() else []
    for forest in forests:
        if reason := differs(forest, plan):
            raise MethodError(
                f"the file was sampled with {reason}", where=f"{path}, forest {forest.id!r}",
                todo="repeat those settings, or write to another file",
            )  # fmt: skip
    return forests


def differs(forest: Forest, plan: Plan) -> str:
    """The first setting in which `forest` differs from what `plan` would give; empty when none does."""
    wanted = plan.meta(plan.prompts[0])
    pairs = [
        ("task", forest.task, wanted["task"]),
        ("reward_scheme", forest.extra.get("reward_scheme"), wanted["extra"].get("reward_scheme")),
        *compare(forest.extra.get("task_settings", {}), wanted["extra"].get("task_settings", {})),
        *compare(without(forest.sampler, "parameters"), without(wanted["sampler"], "parameters")),
        *compare(forest.sampler.get("parameters", {}), wanted["sampler"]["parameters"]),
        *compare(without(forest.policy, "device"), without(wanted["policy"], "device")),
    ]
    return next((f"{name}={found!r}, not {want!r}" for name, found, want in pairs if found != want), "")


def compare(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Name, found value and wanted value of every key of either."""
    return [(name, found.get(name), wanted.get(name)) for name in dict.fromkeys([*wanted, *found])]


def without(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A copy that lacks one key."""
    return {key: value for key, value in values.items() if key != name}
