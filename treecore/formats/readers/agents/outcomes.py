"""Which tasks of SWE-bench and its kind were solved, from the reports that stand beside trajectories.

Shapes: lists of ids (`resolved_ids` and others of `swebench/harness/reporting.py` and sb-cli), an object by id with
`resolved`, or rows with `instance_id`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from treecore.errors import FormatError
from treecore.formats.folder import Folder
from treecore.formats.rows import rows
from treecore.formats.source import Source, open_source

SOLVED = ("resolved_ids", "resolved")
TRIED = ("submitted_ids", "completed_ids", "unresolved_ids", "empty_patch_ids", "error_ids", "generated", "applied")
SCORES = ("resolved", "reward", "score")
USUAL = ("results.json", "results.jsonl", "report.json", "evals.json")
"""Names under which reports are looked for beside a file that was given alone."""
LOGS = "logs/run_evaluation/"
"""Where `swebench.harness.run_evaluation` keeps RUN/MODEL/INSTANCE/report.json, below the folder that it is run in."""
MAX_REPORT, MAX_REPORTS = 20_000_000, 5_000
"""Bytes of a report, and number of files that may be one."""


def outcome_of(source: Source, instance: str) -> float | None:
    """1.0 or 0.0, or the score, of an instance; None where no report beside the file knows it.

    The report that lies nearest above the file counts; below a folder above it those that SWE-bench's harness keeps of
    each instance, where they agree.
    """
    if source.folder is None or not instance:
        return None
    reports = {
        name: known[instance]
        for name, known in sorted(known_reports(source.folder, source.place).items())
        if instance in known
    }
    place = posixpath.dirname(source.place)
    while reports:
        logs = posixpath.join(place, LOGS)
        named = [name for name in reports if posixpath.dirname(name) == place][:1] or [
            name for name in reports if name.startswith(logs)
        ]
        if named:
            source.folder.asked.update(named)
            found = {reports[name] for name in named}
            return found.pop() if len(found) == 1 else None
        if not place:
            break
        place = posixpath.dirname(place)
    return None


def known_reports(folder: Folder, place: str) -> dict[str, dict[str, float]]:
    """Reports of a folder: path -> instance -> outcome; of one that cannot be listed those of usual names."""
    if folder.names and "outcomes" in folder.found:
        found: dict[str, dict[str, float]] = folder.found["outcomes"]
        return found
    near = [folder.beside(place, relative=up + name) for up in ("", "../") for name in USUAL]
    names = [one for one in folder.names if one.endswith((".json", ".jsonl")) and not one.endswith(".traj.json")]
    reports: dict[str, dict[str, float]] = {}
    for name in names[:MAX_REPORTS] if folder.names else filter(None, near):
        with suppress(FormatError, KeyError):
            data = folder.fetch(name)
            if len(data) <= MAX_REPORT and b'"' in data and (b'"resolved' in data or b'"instance_id"' in data):
                reports[name] = dict(outcomes(open_source(data, name=name)))
    folder.found["outcomes"] = reports
    return reports


def outcomes(source: Source) -> Iterator[tuple[str, float]]:
    """Instance and outcome of everything that a report tells."""
    for fields, _ in rows(source):
        if isinstance(instance := fields.get("instance_id"), str):
            if (score := score_in(fields)) is not None:
                yield instance, score
        elif lists := [name for name in SOLVED if isinstance(fields.get(name), list)]:
            for name in TRIED:
                yield from ((one, 0.0) for one in names_in(fields.get(name)))
            yield from ((one, 1.0) for one in names_in(fields[lists[0]]))
        else:
            for name, inner in fields.items():
                if isinstance(inner, dict) and (score := score_in(inner)) is not None:
                    yield name, score


def names_in(value: Any) -> list[str]:
    """The texts of a list."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def score_in(fields: Mapping[str, Any]) -> float | None:
    """The score of one instance, None where it has none."""
    value = next((fields[name] for name in SCORES if isinstance(fields.get(name), bool | int | float)), None)
    return None if value is None or not abs(value) < 1e100 else float(value)
