"""A run straight into a file: every finished forest is a whole line at once, and a broken run can go on.

Knows lines and what makes two runs the same; what is sampled is the plan's business.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from treecore.errors import FormatError, MethodError
from treecore.forest import Forest
from treecore.formats import read
from treecore.formats.native_write import encode
from treecore.policies import Policy
from treecore.protocols import Prompt, Task
from treecore.sampling.driver import Driver, Plan
from treecore.sampling.progress import Progress
from treecore.sampling.run import make_plan
from treecore.sampling.summary import Summary, summarise


def rollout_to_file(
    path: str | os.PathLike[str],
    *,
    resume: bool = False,
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
) -> Summary:
    """Sample as `rollout` does and append each finished forest to a `.forest.jsonl` file, in the order of finishing.

    A line is on the disk before the next is begun, so whatever kills the run leaves whole lines and at most one torn
    one. `Progress` counts what is sampled now.

    Args:
        path: the file. Without `resume` a finished run is replaced, an unfinished run of the same settings is not.
        resume: keep the forests that are there, drop a torn last line, sample only the prompts that are missing.

    Returns:
        Numbers over all forests of the file; the speed is that of this call.

    Raises:
        FormatError: the file cannot be written, is not one of these, or holds an unfinished run and `resume` is False.
        MethodError: the file to resume was sampled with other settings.
        PolicyError, TaskError: see `rollout`.
    """
    plan = make_plan(
        task=task, model=model, sampler=sampler, prompts=prompts, question=question, seed=seed,
        temperature=temperature, top_p=top_p, device=device, reward_scheme=reward_scheme, settings=sampler_settings,
    )  # fmt: skip
    target = Path(path)
    if target.name.lower().endswith(".gz"):
        raise FormatError("a run cannot be written compressed", where=str(target), todo="name it .forest.jsonl")
    if not resume:
        refuse_loss(target, plan)
    kept = resumed(target, plan) if resume else []
    have = {forest.id for forest in kept}
    plan = replace(plan, prompts=[prompt for prompt in plan.prompts if prompt.id not in have])
    began, fresh = time.monotonic(), list[Forest]()
    with opened(target, "ab" if kept else "wb") as file:
        for forest in Driver(plan, on_progress=on_progress, should_stop=should_stop).run():
            file.write(encode(forest) + b"\n")
            file.flush()
            os.fsync(file.fileno())
            fresh.append(forest)
    return summarise([*kept, *fresh], seconds=time.monotonic() - began, fresh=fresh)


@contextmanager
def opened(path: Path, mode: str) -> Iterator[IO[bytes]]:
    """The file, with errors of the disk told as ours."""
    try:
        with path.open(mode) as file:
            yield file
    except OSError as error:
        raise FormatError(
            f"cannot be written ({error.strerror or error})", where=str(path), todo="choose another place"
        ) from None


def refuse_loss(path: Path, plan: Plan) -> None:
    """Do not write over an unfinished run of the same plan, nor over what is no file of forests.

    Raises:
        FormatError: it would be lost.
    """
    if not path.is_file():
        return
    try:
        forests = whole_lines(path)
    except FormatError:
        lost = "the file exists and holds no forests"
        raise FormatError(lost, where=str(path), todo="write to another file, or delete it first") from None
    have = {forest.id for forest in forests}
    missing = [prompt for prompt in plan.prompts if prompt.id not in have]
    if forests and missing and not any(differs(forest, plan) for forest in forests):
        raise FormatError(
            f"an unfinished run: {len(forests)} forests are there, {len(missing)} are missing", where=str(path),
            todo="go on with --resume, or delete the file to start over",
        )  # fmt: skip


def whole_lines(path: Path) -> list[Forest]:
    """Forests of the whole lines of a file; a torn last line is left out.

    Raises:
        FormatError: the whole lines are not native forests.
    """
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    return read(whole, name=str(path)) if whole.strip() else []


def resumed(path: Path, plan: Plan) -> list[Forest]:
    """Forests of an earlier run of the same plan; a torn last line is cut off the file.

    Raises:
        FormatError: the whole lines are not native forests.
        MethodError: the settings were others.
    """
    if not path.exists():
        return []
    forests = whole_lines(path)
    for forest in forests:
        if reason := differs(forest, plan):
            raise MethodError(
                f"the file was sampled with {reason}", where=f"{path}, forest {forest.id!r}",
                todo="repeat those settings, or write to another file",
            )  # fmt: skip
    data = path.read_bytes()
    with opened(path, "r+b") as file:
        file.truncate(data.rfind(b"\n") + 1)
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
