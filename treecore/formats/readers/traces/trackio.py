"""trackio: traces of runs, as `trackio list traces --json` gives them, as Parquet of its storage, or as logged.

Fields are those of `trackio/trace.py` and of the table `traces`; `metadata` is what the trainer put there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from treecore.formats.fields import number_of, training_step_in
from treecore.formats.messages import chat
from treecore.formats.nested_json import list_within, object_within
from treecore.formats.notes import Notes
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import Row, as_text, rest_of, row_keys, rows
from treecore.formats.source import Source

TRACE = "trackio.trace"
OF_FILE = frozenset({"project", "run", "traces"})
OF_ROW = frozenset({"messages", "metadata", "spans"})
USED = OF_ROW | {"_type", "step", "run", "run_name", "id", "search_text", "summary", "log_id"}
GROUPS = ("group_id", "group", "prompt_id")
PLAIN = ("reward", "advantage", "model", "reference", "answer", "ground_truth", *GROUPS)
REFERENCES = ("reference", "ground_truth", "answer")


def looks_like_trackio(source: Source) -> bool:
    """The traces of a run, or rows that each are one."""
    keys = row_keys(source)
    if keys >= OF_FILE:
        return isinstance(source.head.get("traces"), list)
    if "_type" in keys and "messages" in keys:
        return source.head.get("_type") == TRACE
    return keys >= OF_ROW and ("_type" in keys or bool(keys & {"run", "run_id", "run_name"}))


@rollout_format(
    name="trackio",
    title="trackio traces",
    extensions=(".json", ".parquet"),
    detect=looks_like_trackio,
    written_by="trackio.Trace, as trainers log it: `trackio list traces --json`, or the Parquet file PROJECT_traces",
    lost="nothing",
    fields=OF_FILE | OF_ROW | {"run_id", "key", "summary"},
)
def read_traces(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a trace; those of one step with one `group_id` of their metadata, else one prompt, are a group."""
    for fields, where in traces_of(source, notes):
        yield rollout_of(fields, notes, where)


def traces_of(source: Source, notes: Notes) -> Iterator[Row]:
    """All traces of a file."""
    for fields, where in rows(source):
        if "traces" not in fields:
            yield Row(fields, where)
            continue
        notes.drop_fields(rest_of(fields, OF_FILE))
        for number, trace in enumerate(list_within(fields, "traces", where=where)):
            yield Row(trace, f"{where}, traces[{number}]")


def rollout_of(fields: Mapping[str, Any], notes: Notes, where: str) -> Rollout:
    """One trace."""
    prompt, extra, turns = chat(list_within(fields, "messages", where=where))
    metadata, spans = object_within(fields, "metadata", where=where), list_within(fields, "spans", where=where)
    rollout = Rollout(
        prompt=prompt,
        turns=turns or [Turn()],
        training_step=training_step_in(fields, "step"),
        prompt_extra=extra,
        where=where,
    )
    if spans:
        rollout.last.extra["spans"] = spans
    rollout.last.extra |= {"trace_id": fields["id"]} if fields.get("id") is not None else {}
    rollout.keep(rest_of(fields, USED))
    return described(rollout, metadata, as_text(fields.get("run_name") or fields.get("run")), notes)


def described(rollout: Rollout, metadata: Mapping[str, Any], run: str, notes: Notes) -> Rollout:
    """The same rollout with what the metadata of its trace says: reward, advantage, group, and the rest as it came.

    Args:
        run: its name; rollouts of several runs are no group.
    """
    where = rollout.where
    group = named(metadata, GROUPS)
    rollout.group = (run, group or rollout.prompt)
    notes.guess("traces of one group_id are one group" if group else "traces of one step and prompt are one group")
    rollout.reference = named(metadata, REFERENCES)
    parts = metadata.get("rewards")
    functions = parts if isinstance(parts, dict) else {}
    rollout.scored(
        number_of(metadata.get("reward"), "metadata.reward", where=where),
        {name: number_of(value, f"metadata.rewards.{name}", where=where) for name, value in functions.items()},
    )
    if (advantage := number_of(metadata.get("advantage"), "metadata.advantage", where=where)) is not None:
        rollout.last.claimed["advantage"] = advantage
    if (model := metadata.get("model")) is not None:
        rollout.policy["model"] = model
    return rollout.keep(rest_of(metadata, {*PLAIN, *(["rewards"] if functions else [])}))


def named(metadata: Mapping[str, Any], names: Sequence[str]) -> str:
    """What stands under the first of these names that is there, as text."""
    return next((as_text(metadata[name]) for name in names if metadata.get(name) is not None), "")
