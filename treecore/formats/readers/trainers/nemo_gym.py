"""NeMo Gym: the output of `ng_collect_rollouts`, one rollout a line: a request, a response, a reward.

Fields are those of `nemo_gym/rollout_collection.py` and of the answers of its agents.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Hashable, Iterator, Mapping, Set
from typing import Any

from treecore.core.columns import Status
from treecore.formats.fields import first_of, number_in, object_in, wrong
from treecore.formats.notes import Notes
from treecore.formats.readers.trainers.responses import items_in, prompt_in, turns_in
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import as_text, rest_of, row_keys, rows
from treecore.formats.source import Source

KEYS = frozenset({"responses_create_params", "response"})
INDEX, NUMBER = "_ng_task_index", "_ng_rollout_index"
USED = KEYS | {"reward", INDEX, NUMBER, "agent_ref"}
REFERENCES = ("expected_answer", "ground_truth", "answer", "target")
SCORE = re.compile(r"reward|score|accura|correct|pass(?:ed|_rate)?$|resolved", re.I)
"""Names of numbers that are what a verifier gave; other numbers are of the data set."""
BESIDE = ("_materialized_inputs.jsonl", "_aggregate_metrics.json", "_agent_metrics.json")
"""Ends of names of what is written beside the rollouts and holds none."""
SHARD = re.compile(r"(?:^|(?<=/))(?:shard|rank|chunk|part|worker)[-_]?\d{1,9}(?:/|$)", re.I)
"""A folder that holds a part of a run."""
RUNS = "runs of NeMo Gym in"
"""Under which a folder keeps what tasks and rollouts each of its runs has."""
FAILED = "rollouts that failed"
"""Read from a file of their own, a line an attempt; their rewards are placeholders."""
SAMPLING = ("temperature", "top_p", "max_output_tokens", "seed")


def looks_like_nemo_gym(source: Source) -> bool:
    """Rows with a request and its response, and a reward or the number of a task."""
    keys = row_keys(source)
    return keys >= KEYS and bool(keys & {"reward", INDEX})


@rollout_format(
    name="nemo_gym",
    title="NeMo Gym rollouts",
    extensions=(".jsonl",),
    detect=looks_like_nemo_gym,
    written_by="NeMo Gym: `gym eval run` (earlier `ng_collect_rollouts`) with +output_jsonl_fpath=FILE",
    lost="token ids of prompts, ids of items",
    fields=USED,
)
def read_nemo_gym(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a line; those of one task are a group, also where shards of a run lie in several files."""
    stem = source.place.rpartition("/")[2].removesuffix(".jsonl")
    for name in BESIDE:
        source.beside(f"{stem}{name}")
    failed = source.beside(f"{stem}_failures.jsonl")
    if failed is not None and not looks_like_nemo_gym(failed):
        notes.drop(FAILED, sum(1 for _ in failed.texts()))
    done: list[Rollout] = []
    numbers: list[Hashable] = []
    for fields, where in rows(source):
        if fields.get("_ng_failure_class") is not None:
            notes.drop(FAILED)
            continue
        done.append(rollout_of(fields, notes, where))
        numbers.append(as_text(fields.get(NUMBER)))
    run = run_of(source, {(one.group, number) for one, number in zip(done, numbers, strict=True)})
    for rollout in done:
        rollout.group = None if rollout.group is None else (*run, rollout.group)
        yield rollout


def run_of(source: Source, found: Set[Hashable]) -> tuple[str, int]:
    """The folder of a file and the number of its run there: shards of one run have no rollout of a task twice."""
    folder = SHARD.sub("", posixpath.dirname(source.place))
    if source.folder is None:
        return folder, 0
    runs: list[set[Hashable]] = source.folder.found.setdefault(f"{RUNS} {folder}", [])
    number = next((number for number, run in enumerate(runs) if run.isdisjoint(found)), len(runs))
    if number == len(runs):
        runs.append(set())
    runs[number] |= found
    return folder, number


def rollout_of(fields: Mapping[str, Any], notes: Notes, where: str) -> Rollout:
    """One rollout; its group is the task that it names, None where it names none."""
    request, response = (object_in(fields, name, where=where) for name in ("responses_create_params", "response"))
    given = request.get("input")
    if isinstance(given, list) and not all(isinstance(one, dict) for one in given):
        raise wrong("input", given, "text or a list of objects", where=where)
    prompt, extra = prompt_in(given)
    if instructions := as_text(request.get("instructions")):
        extra["system"] = "\n\n".join(filter(None, (instructions, extra.get("system", ""))))
    turns, rest = turns_in(items_in(response, "output", where=where), where), rest_of(fields, USED)
    if response.get("status") == "incomplete":
        turns[-1].status = Status.TRUNCATED
    agent = as_text(object_in(fields, "agent_ref", where=where).get("name"))
    group: Hashable = None
    if fields.get(INDEX) is not None:
        group = (agent, as_text(fields[INDEX]), prompt)
    else:
        notes.guess("rollouts with the same prompt are one group")
    reference = first_of(rest, REFERENCES)
    policy = {"model": response.get("model")} | {name: request.get(name) for name in SAMPLING}
    if request.get("tools"):
        extra["tools"] = request["tools"]
    rollout = Rollout(
        prompt=prompt,
        turns=turns,
        group=group,
        reference=as_text(rest.pop(reference, "")),
        task=agent,
        prompt_extra=extra,
        policy={name: value for name, value in policy.items() if value is not None},
        where=where,
    ).scored(number_in(fields, "reward", where=where))
    scores = {name: value for name, value in rest.items() if is_score(name, value)}
    if usage := response.get("usage"):
        rollout.last.extra["usage"] = usage
    rollout.last.extra |= {name: value for name, value in rest.items() if name not in scores}
    return rollout.keep(scores)


def is_score(name: str, value: Any) -> bool:
    """Whether a field is a number that a verifier gave."""
    return isinstance(value, bool | int | float) and SCORE.search(name) is not None
