"""Annotate a file into another: each forest is written as soon as it is finished, so that a stopped run can be resumed.

When all are finished the lines are put in the order of the input.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from treecore.annotate.run import Annotation, annotate
from treecore.annotate.sources import named
from treecore.core.forest import Forest
from treecore.core.numerals import counted
from treecore.errors import MethodError
from treecore.formats.native_write import encode
from treecore.rollouts.output.existing_file import FileContents, check_name
from treecore.rollouts.output.jsonl_file import JsonlFile
from treecore.rollouts.progress import Progress
from treecore.rollouts.summary import or_null, total

ADDED_BYTES = 1024
"""Disk that an annotated forest takes beside what it took before."""


@dataclass(frozen=True)
class AnnotationSummary:
    """What an annotation gave and what it cost, over all forests of the file.

    Attributes:
        forests, steps: forests annotated, and their nodes that have a value.
        continuations: trajectories sampled.
        tokens_generated: drawn from the model.
        tokens_computed: gone through the model, recorded steps included. A count that a file does not tell is NaN.
        mean_value: over the nodes that have one; NaN when none has.
        seconds: of this run alone, where it continued an earlier one.
        failed: continuations that were not scored, because the model, the task or its verifier failed.
        first_failure: where and why the first of them did; empty when none failed.
    """

    forests: int
    steps: int
    continuations: float
    tokens_generated: float
    tokens_computed: float
    mean_value: float
    seconds: float
    failed: float = 0
    first_failure: str = ""

    def as_json(self) -> dict[str, Any]:
        """JSON-ready; what is not there is null."""
        return or_null(asdict(self))


def annotate_file(
    forests: Sequence[Forest],
    path: str | os.PathLike[str],
    annotation: Annotation,
    *,
    resume: bool = False,
    overwrite: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> AnnotationSummary:
    """Annotate as `annotate` does and append each finished forest to a `.forest.jsonl` file.

    Args:
        forests: as they were recorded.
        path: the file; nothing in it is lost unless `overwrite`.
        resume: keep the forests that are there, drop a torn last line, annotate only those that are missing.
        overwrite: replace what is there, once the first forest is annotated.

    Raises:
        FormatError: the file cannot be written, is being written by another run, is not one of these, or holds
            anything while neither `resume` nor `overwrite` is set.
        MethodError: the file to resume holds something else than this annotation of these forests.
        PolicyError, TaskError: see `annotate`.
        Stopped: a KeyboardInterrupt; says how many forests are there.
    """
    target = Path(path)
    check_name(target, "an annotation")
    with JsonlFile(target, needs=len(forests) * ADDED_BYTES) as file:
        held = FileContents(file)
        if not (resume or overwrite):
            held.refuse_unless_empty(lambda: what_it_holds(held, forests, annotation))
        kept = held.kept(lambda: places_to_keep(held, forests, annotation), resume=resume, overwrite=overwrite)
        left = missing(forests, done=kept.forests)
        began, done = time.monotonic(), list(kept.forests)
        kept.begin(file, total=len(forests))
        if left:
            for forest in annotate(left, annotation, on_progress=on_progress, should_stop=should_stop):
                file.append(encode(forest))
                done.append(forest)
        summary = summarise(done, seconds=time.monotonic() - began)
        if len(done) == len(forests):
            place = {forest.digest: number for number, forest in enumerate(forests)}
            file.arrange([place[origin(forest)] for forest in done])
    return summary


def places_to_keep(held: FileContents, forests: Sequence[Forest], annotation: Annotation) -> Sequence[int]:
    """Places of all forests of the file, which are of this annotation.

    Args:
        held: of the file.
        forests, annotation: as in `annotate_file`.

    Raises:
        MethodError: they are of another annotation, or of other forests.
    """
    expected = Counter(encoded(annotation.said(forest)) for forest in forests)
    for forest in held.forests:
        expected[encoded(entry_of(forest, annotation))] -= 1
    if any(count < 0 for count in expected.values()):
        raise MethodError(
            "the file holds another annotation, or other forests",
            where=str(held.path),
            todo="repeat the settings and the input, write to another file, or replace this one with --overwrite",
        )
    return range(len(held.forests))


def what_it_holds(held: FileContents, forests: Sequence[Forest], annotation: Annotation) -> tuple[str, str]:
    """What the forests of the file are to an annotation that does not continue them, and what can be done."""
    todo = "write to another file, or replace this one with --overwrite"
    try:
        there = len(places_to_keep(held, forests, annotation))
    except MethodError:
        return "the file holds something else than this annotation", todo
    part = "an unfinished annotation" if there < len(forests) else "a finished annotation"
    return (
        f"{part}: {there:,} of {counted(len(forests), 'forest is', 'forests are')} there",
        f"continue with --resume, {todo}",
    )


def entry_of(forest: Forest, annotation: Annotation) -> dict[str, Any]:
    """What the last annotation of a forest says was done, in the fields of `Annotation.said`; empty without one."""
    entries = forest.provenance.get("annotations") or [{}]
    return {name: entries[-1].get(name) for name in annotation.said(forest)} if isinstance(entries[-1], dict) else {}


def encoded(fields: dict[str, Any]) -> str:
    """Fields as one text that can be compared."""
    return repr(sorted(fields.items(), key=lambda item: item[0]))


def missing(forests: Sequence[Forest], *, done: Sequence[Forest]) -> list[Forest]:
    """Forests that are not done yet, equal ones counted."""
    have = Counter(origin(forest) for forest in done)
    left = []
    for forest in forests:
        have[forest.digest] -= 1
        if have[forest.digest] < 0:
            left.append(forest)
    return left


def origin(forest: Forest) -> str:
    """Digest of the forest that an annotated one was made from."""
    return str(forest.provenance["annotations"][-1]["of"])


def summarise(forests: Sequence[Forest], *, seconds: float) -> AnnotationSummary:
    """Numbers over annotated forests."""
    last = [forest.provenance["annotations"][-1] for forest in forests]
    values = [forest.columns["mc_value"] for forest in forests if "mc_value" in forest.columns]
    failures = [
        f"{named(forest)}: {entry['first_failure']}"
        for forest, entry in zip(forests, last, strict=True)
        if "first_failure" in entry
    ]
    known = np.concatenate([one[~np.isnan(one)] for one in values]) if values else np.empty(0)
    return AnnotationSummary(
        forests=len(forests),
        steps=len(known),
        continuations=total(last, "trajectories"),
        tokens_generated=total(last, "tokens_generated"),
        tokens_computed=total(last, "tokens_computed"),
        mean_value=float(known.mean()) if len(known) else float("nan"),
        seconds=round(seconds, 3),
        failed=total([{"failed": 0, **entry} for entry in last], "failed"),
        first_failure=next(iter(failures), ""),
    )
