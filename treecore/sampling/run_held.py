"""What a file holds already, compared with the run that is to go there: what is kept, and what must not be lost.

Knows what makes two runs the same; writes nothing and samples nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from treecore.errors import FormatError, MethodError
from treecore.forest import Forest
from treecore.formats import read
from treecore.formats.native_write import encode
from treecore.protocols import Prompt
from treecore.sampling.driver import Plan
from treecore.sampling.failures import model_failed
from treecore.sampling.lines import LineFile, is_json, one_a_line

OTHER = "give another name, or replace the file with --overwrite"


@dataclass(frozen=True)
class Kept:
    """What a run goes on with.

    Attributes:
        forests: one a prompt.
        lines: theirs; None where they are all that the file has, so that it can stay as it is.
        size: bytes of the whole lines of the file.
        dropped: prompts that are sampled again.
    """

    forests: Sequence[Forest] = ()
    lines: Sequence[bytes] | None = ()
    size: int = 0
    dropped: frozenset[str] = frozenset()

    def begin(self, file: LineFile, *, total: int) -> None:
        """Go on in the file. Errors as in `LineFile.keep`."""
        if self.lines is None:
            file.keep(self.size, total=total)
        else:
            file.replace(self.lines, total=total)


class Held:
    """The forests of a file.

    Args:
        file: open, and not changed yet.

    Raises:
        FormatError: it holds something else.
    """

    def __init__(self, file: LineFile) -> None:
        self.path, self.whole, self.torn = file.path, file.whole(), file.torn()
        self.unended = is_json(self.torn)
        self.data = self.whole + self.torn if self.unended else self.whole
        self.forests = forests_in(self.data, self.path)

    @property
    def empty(self) -> bool:
        """Nothing is there that could be lost."""
        return not self.whole.strip() and not self.torn

    def kept(self, plan: Plan, *, drafted: bool = False) -> Kept:
        """What a run of this plan goes on with: the first forest of each prompt in which the model did not fail.

        Args:
            plan: all that was asked for.
            drafted: the model is not loaded, so it is compared as far as it is known.

        Raises:
            MethodError: they are of another run.
        """
        todo = "repeat those settings, write to another file, or replace this one with --overwrite"
        wanted = {prompt.id: prompt for prompt in plan.prompts}
        for forest in self.forests:
            where = f"{self.path}, forest {forest.id!r}"
            if reason := origin(forest):
                raise MethodError(f"no rollout wrote this: {reason}", where=where, todo=OTHER)
            if reason := differs(forest, plan, wanted.get(forest.id), drafted=drafted):
                raise MethodError(f"the file was sampled with {reason}", where=where, todo=todo)
        if strange := list(dict.fromkeys(one.id for one in self.forests if one.id not in wanted)):
            raise MethodError(
                f"the file has forests of other prompts than the {len(wanted)} of this run, {len(strange)} in number",
                where=f"{self.path}, forest {strange[0]!r}", todo="ask for as many prompts as before",
            )  # fmt: skip
        good: dict[str, int] = {}
        for place, forest in enumerate(self.forests):
            if not model_failed(forest):
                good.setdefault(forest.id, place)
        as_it_is = len(good) == len(self.forests) and self.one_a_line and not self.unended
        return Kept(
            forests=[self.forests[place] for place in good.values()],
            lines=None if as_it_is else [self.lines[place] for place in good.values()],
            size=len(self.whole),
            dropped=frozenset(forest.id for forest in self.forests) - good.keys(),
        )

    def refuse(self, plan: Plan) -> None:
        """Do not write over anything. Arguments as in `kept`, before the model is loaded.

        Raises:
            FormatError: something is there; says what it is.
        """
        if not self.empty:
            found, todo = self._told(plan)
            raise FormatError(found, where=str(self.path), todo=todo)

    def _told(self, plan: Plan) -> tuple[str, str]:
        """What is there, and what can be done."""
        if not self.forests:
            return "the torn beginning of a forest is there", "go on with --resume, or replace it with --overwrite"
        number, wanted = len(self.forests), {prompt.id: prompt for prompt in plan.prompts}
        if reason := next(filter(None, map(origin, self.forests)), ""):
            return f"{number} forest{'s' if number > 1 else ''} of another origin: {reason}", OTHER
        told = f"{number} finished forest{'s' if number > 1 else ''}"
        reasons = (differs(one, plan, wanted.get(one.id), drafted=True) for one in self.forests)
        if reason := next(filter(None, reasons), ""):
            return f"{told} of another run: {reason}", OTHER
        if missing := len(wanted.keys() - {forest.id for forest in self.forests}):
            todo = "go on with --resume, give another name, or start over with --overwrite"
            return f"an unfinished run: {told}, {missing} of {len(wanted)} are missing", todo
        return f"this run is finished and there already: {told}", OTHER

    @cached_property
    def one_a_line(self) -> bool:
        """Whether every forest is a line of its own."""
        return one_a_line(self.data, len(self.forests))

    @cached_property
    def lines(self) -> list[bytes]:
        """A line without its end for each of the forests, as it stands in the file where each has one."""
        if not self.one_a_line:
            return [encode(forest) for forest in self.forests]
        return [line for line in self.data.split(b"\n") if line.strip()]


def forests_in(data: bytes, path: Path) -> list[Forest]:
    """Forests of these bytes.

    Raises:
        FormatError: something else is there.
    """
    if not data.strip():
        return []
    try:
        return list(read(data, name=str(path)))
    except FormatError as error:
        raise FormatError(
            f"the file exists and holds no forests that can be read ({error.found})", where=error.where or str(path),
            todo="write to another file, or delete it first",
        ) from None  # fmt: skip


def origin(forest: Forest) -> str:
    """Why no rollout can have written this; empty when one can."""
    if not {"name", "seed", "parameters"} <= forest.sampler.keys():
        return "no sampler is recorded"
    return "there are annotations" if forest.provenance.get("annotations") else ""


def differs(forest: Forest, plan: Plan, prompt: Prompt | None, *, drafted: bool = False) -> str:
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
    loose = {"device", *getattr(plan.policy, "observed", ())}
    loose |= getattr(plan.policy, "asked_as", set()) if drafted else set()
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
