"""Decide which forests of an existing file belong to the run that resumes it, and say what the others are.

Knows what makes two runs the same; writes nothing and samples nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from treecore.core.forest import Forest
from treecore.errors import MethodError
from treecore.formats.torn import SAMPLED
from treecore.protocols import Prompt
from treecore.rollouts.failures import model_failed
from treecore.rollouts.output.existing_file import FileContents
from treecore.rollouts.plan import RolloutPlan

OTHER = "give another name, or replace the file with --overwrite"


def places_to_keep(held: FileContents, plan: RolloutPlan, *, drafted: bool = False) -> list[int]:
    """Places of the forests of this run, the first of each prompt in which the model did not fail.

    Args:
        held: of the file.
        plan: all that was asked for.
        drafted: the model is not loaded, so it is compared as far as it is known.

    Raises:
        MethodError: a forest is of another run.
    """
    todo = "repeat those settings, write to another file, or replace this one with --overwrite"
    wanted = {prompt.id: prompt for prompt in plan.prompts}
    for forest in held.forests:
        where = f"{held.path}, forest {forest.id!r}"
        if reason := origin(forest):
            raise MethodError(f"no rollout wrote this: {reason}", where=where, todo=OTHER)
        if reason := differs(forest, plan, wanted.get(forest.id), drafted=drafted):
            raise MethodError(f"the file was sampled with {reason}", where=where, todo=todo)
    if strange := list(dict.fromkeys(one.id for one in held.forests if one.id not in wanted)):
        raise MethodError(
            f"the file has forests of other prompts than the {len(wanted)} of this run, {len(strange)} in number",
            where=f"{held.path}, forest {strange[0]!r}",
            todo="ask for as many prompts as before",
        )
    good: dict[str, int] = {}
    for place, forest in enumerate(held.forests):
        if not model_failed(forest):
            good.setdefault(forest.id, place)
    return list(good.values())


def what_it_holds(held: FileContents, plan: RolloutPlan) -> tuple[str, str]:
    """What the forests are to a run that is not to resume them, before its model is loaded; what can be done."""
    forests = held.forests
    number, wanted = len(forests), {prompt.id: prompt for prompt in plan.prompts}
    if reason := next(filter(None, map(origin, forests)), ""):
        return f"{number} forest{'s' if number > 1 else ''} of another origin: {reason}", OTHER
    finished = f"{number} finished forest{'s' if number > 1 else ''}"
    reasons = (differs(one, plan, wanted.get(one.id), drafted=True) for one in forests)
    if reason := next(filter(None, reasons), ""):
        return f"{finished} of another run: {reason}", OTHER
    if missing := len(wanted.keys() - {forest.id for forest in forests}):
        todo = "continue with --resume, give another name, or start over with --overwrite"
        return f"an unfinished run: {finished}, {missing} of {len(wanted)} are missing", todo
    return f"this run is finished and there already: {finished}", OTHER


def origin(forest: Forest) -> str:
    """Why no rollout can have written this; empty when one can."""
    if not forest.sampler.keys() >= SAMPLED:
        return "no sampler is recorded"
    return "there are annotations" if forest.provenance.get("annotations") else ""


def differs(forest: Forest, plan: RolloutPlan, prompt: Prompt | None, *, drafted: bool = False) -> str:
    """The first thing in which `forest` differs from what `plan` would give; empty when nothing does.

    The device is not compared, nor what the policy calls `observed`, nor are settings of the task that the file does
    not know, because an older version wrote it.

    Args:
        forest: whose `origin` is a rollout.
        plan: of the run.
        prompt: of the forest's id, if the plan has one.
        drafted: the model is not loaded, so only what is known of it is compared; or it has read no prompts yet, so
            what it calls `asked_as` is not.
    """
    wanted = plan.meta(prompt or plan.prompts[0])
    loose = {"device", *plan.policy.observed, *(plan.policy.asked_as if drafted else ())}
    settings = forest.extra.get("task_settings") or {}
    asked = {name: value for name, value in wanted["extra"].get("task_settings", {}).items() if name in settings}
    pairs = [
        ("task", forest.task, wanted["task"]),
        ("reward_scheme", forest.extra.get("reward_scheme"), wanted["extra"].get("reward_scheme")),
        *compare(settings, asked),
        *compare(without(forest.sampler, "parameters"), without(wanted["sampler"], "parameters")),
        *compare(forest.sampler["parameters"], wanted["sampler"]["parameters"]),
        *(pair for pair in compare(forest.policy, wanted["policy"], common=drafted) if pair[0] not in loose),
    ]
    if reason := next((f"{name}={found!r}, not {want!r}" for name, found, want in pairs if found != want), ""):
        return reason
    same = prompt is None or (forest.prompt, forest.reference) == (prompt.question, prompt.reference)
    return "" if same else "another question or answer of this id"


def compare(found: Mapping[str, Any], wanted: Mapping[str, Any], *, common: bool = False) -> list[tuple[str, Any, Any]]:
    """Name, found value and wanted value of every key of either, or of those that both have.

    Wanted values are compared as they would come back from a file.
    """
    names = [name for name in dict.fromkeys([*wanted, *found]) if not common or (name in wanted and name in found)]
    read = orjson.loads(orjson.dumps(wanted, option=orjson.OPT_SERIALIZE_NUMPY))
    return [(name, found.get(name), read.get(name)) for name in names]


def without(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A copy that lacks one key."""
    return {key: value for key, value in values.items() if key != name}
