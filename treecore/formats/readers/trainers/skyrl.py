"""SkyRL: `dumped_evals/global_step_N_evals/<data source>.jsonl`, a line a rollout, or a step.

Fields are those of `skyrl/train/utils/trainer_utils.py`, `dump_per_dataset_eval_results`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import fsum
from typing import Any

from treecore.formats.endings import ending
from treecore.formats.fields import needed, number_in, object_in
from treecore.formats.messages import answered, asked
from treecore.formats.notes import Notes
from treecore.formats.paths import step_in_path
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import Row, as_text, rest_of, row_keys, rows
from treecore.formats.source import Source
from treecore.formats.token_lists import numbers_in

KEYS = frozenset({"input_prompt", "output_response", "score"})
TRAJECTORY, LAST = "trajectory_id", "is_last_step"
USED = KEYS | {"data_source", "env_class", "env_extras", "env_metrics", TRAJECTORY, LAST}
STEP = re.compile(r"global_step_(\d+)_evals")
ANSWERS = ("ground_truth", "answer", "target")


def looks_like_skyrl(source: Source) -> bool:
    """Rows with the three fields that every rollout has."""
    return row_keys(source) >= KEYS


@rollout_format(
    name="skyrl",
    title="SkyRL evaluations",
    extensions=(".jsonl",),
    detect=looks_like_skyrl,
    written_by="SkyRL with trainer.dump_eval_results=true: dumped_evals/global_step_N_evals/*.jsonl; give the folder",
    lost="nothing of the file; dumped_data of training is pickle, which is refused",
    fields=USED | {"stop_reason"},
)
def read_skyrl(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a line, or several lines of its steps; those of one file with the same prompt are a group."""
    source.beside("aggregated_results.jsonl")
    notes.guess("rollouts of one evaluation with the same prompt are one group")
    step = step_in_path(source, STEP)
    for part in trajectories_in(rows(source)):
        if len(part) > 1:
            notes.recognise("lines whose prompt goes on from the line before are the steps of one rollout")
        yield rollout_of(part, source.place, step, notes)


def trajectories_in(table: Iterable[Row]) -> Iterator[list[Row]]:
    """The lines of each rollout: one, or one a step, which with step-wise trajectories repeats all before it."""
    steps: list[Row] = []
    for row in table:
        if steps and not goes_on(row.fields, before=steps[-1].fields):
            yield steps
            steps = []
        steps.append(row)
    if steps:
        yield steps


def goes_on(fields: Mapping[str, Any], *, before: Mapping[str, Any]) -> bool:
    """Whether a line is the step after another: by the name of its trajectory, else by the text of its prompt."""
    if (name := fields.get(TRAJECTORY)) is not None:
        return bool(name == before.get(TRAJECTORY)) and before.get(LAST) is not True
    return bool(heard_since(fields, before=before)) and fields.get("env_extras") == before.get("env_extras")


def heard_since(fields: Mapping[str, Any], *, before: Mapping[str, Any]) -> str:
    """What a prompt has after the prompt and the response of the line before; "" where it does not go on from there."""
    asked_then, said, asked_now = before.get("input_prompt"), before.get("output_response"), fields.get("input_prompt")
    if not (isinstance(asked_then, str) and isinstance(said, str) and isinstance(asked_now, str) and said):
        return ""
    whole = asked_then + said
    return asked_now[len(whole) :] if asked_now.startswith(whole) else ""


def rollout_of(steps: Sequence[Row], place: str, training_step: int, notes: Notes) -> Rollout:
    """One rollout by its lines."""
    first, (fields, where) = steps[0], steps[-1]
    prompt, extra = asked(needed(first.fields, "input_prompt", where=first.where))
    turns: list[Turn] = []
    for row, following in zip(steps, [*steps[1:], None], strict=True):
        turns += answered(needed(row.fields, "output_response", where=row.where))
        if isinstance(row.fields.get("score"), list):
            turns[-1].extra["score"] = row.fields["score"]
        score = score_of(row.fields, notes, row.where)
        if following is not None:
            turns[-1].observation = heard_since(following.fields, before=row.fields)
        if score is not None and len(steps) > 1:
            turns[-1].columns["turn_reward"] = score
    turns[-1].status = ending(fields.get("stop_reason"))
    more = object_in(fields, "env_extras", where=where)
    metrics = object_in(fields, "env_metrics", where=where)
    return (
        Rollout(
            prompt=prompt,
            turns=turns,
            group=(place, prompt),
            training_step=training_step,
            reference=reference_of(more, where),
            task=as_text(fields.get("data_source") or fields.get("env_class")),
            prompt_extra=extra | ({"env_extras": more} if more else {}),
            where=where,
        )
        .scored(score)
        .keep(rest_of(fields, USED) | {f"metric.{name}": value for name, value in metrics.items()})
    )


def score_of(fields: Mapping[str, Any], notes: Notes, where: str) -> float | None:
    """The reward: a number, or the sum of a number for each token; None where there is none."""
    if not isinstance(fields.get("score"), list):
        return number_in(fields, "score", where=where)
    notes.recognise("the reward is the sum of the scores of the tokens, which are kept beside it")
    given = [value for value in numbers_in(fields, "score", where=where) if value == value]
    return fsum(given) if given else None


def reference_of(more: Mapping[str, Any], where: str) -> str:
    """The expected answer, where the data set has one under a name that most have."""
    places = (object_in(more, "reward_spec", where=where), object_in(more, "extra_info", where=where), more)
    return next((as_text(place[name]) for name in ANSWERS for place in places if place.get(name) is not None), "")
