"""inspect_ai logs: a sample and epoch is a rollout, the epochs of a sample are a group.

Fields are those of `inspect_ai/log/_log.py`, `EvalLog` and `EvalSample`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from treecore.core.columns import Status
from treecore.errors import FormatError
from treecore.formats.fields import object_in
from treecore.formats.messages import is_chat, prompt_of
from treecore.formats.notes import Notes
from treecore.formats.readers.inspect_ai.container import LOG_FIELDS, Sample, header, is_log, samples
from treecore.formats.readers.inspect_ai.scores import chosen_score, outcome
from treecore.formats.readers.inspect_ai.turns import grown, parted
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import as_text
from treecore.formats.source import Source

KEPT = ("scores", "epoch", "error", "limit", "total_time", "uuid")
"""Fields of a sample that are kept beside the last turn of its main line."""


@rollout_format(
    name="inspect_ai",
    title="inspect_ai log",
    extensions=(".eval", ".json"),
    detect=is_log,
    written_by="Inspect (inspect_ai): `inspect eval`, in the folder `logs`; with --epochs a sample is a group",
    lost="events other than branches, the store, requests as they were sent, ids of messages, usage by model",
    fields=LOG_FIELDS | {"samples", "results", "stats", "reductions"},
)
def read_inspect_ai(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout for each sample and epoch, with the branches that its events record."""
    log = header(source)
    about = object_in(log, "eval", where=source.name)
    chosen = chosen_score(log, source.name)
    found = 0
    for sample in samples(source):
        found += 1
        yield rollout_of(sample, about, chosen, notes)
    if not found:
        raise FormatError("the log holds no samples", where=source.name, todo="write it with samples, --log-samples")


def rollout_of(sample: Sample, about: Mapping[str, Any], chosen: str, notes: Notes) -> Rollout:
    """One sample in one epoch."""
    fields, where = sample.fields, sample.where
    parts = parted(fields, where)
    given = fields.get("input")
    asked = parts.prompt or (
        given if isinstance(given, list) and is_chat(given) else [{"role": "user", "content": given}]
    )
    prompt, extra = prompt_of(asked)
    turns, end = grown(sample, parts, notes)
    scored = outcome(fields, chosen, notes, where)
    end.extra |= {name: fields[name] for name in KEPT if fields.get(name) not in (None, [], {})}
    if fields.get("error"):
        end.status = Status.FAILED
    elif fields.get("limit"):
        end.status = Status.TRUNCATED
    beside = {name: fields[name] for name in ("choices", "metadata") if fields.get(name)}
    return Rollout(
        prompt=prompt,
        turns=turns,
        group=(as_text(about.get("eval_id")), as_text(fields.get("id"))),
        label=as_text(fields.get("id")),
        reference=reference_of(fields.get("target")),
        task=as_text(about.get("task")),
        prompt_extra=extra | beside,
        policy=policy_of(about),
        where=where,
    ).scored(scored.reward, scored.parts, end)


def reference_of(target: Any) -> str:
    """The expected answer; one of several as JSON writes the list."""
    return as_text(target[0] if isinstance(target, list) and len(target) == 1 else target)


def policy_of(about: Mapping[str, Any]) -> dict[str, Any]:
    """The model and how it was sampled."""
    settings = about.get("model_generate_config")
    return {"model": as_text(about.get("model")), **(settings if isinstance(settings, dict) else {})}
