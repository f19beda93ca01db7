"""SkyRL: `dumped_evals/global_step_N_evals/<data source>.jsonl`, one rollout of an evaluation a line.

Fields are those of `skyrl/train/utils/trainer_utils.py`, `dump_per_dataset_eval_results`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import fsum
from typing import Any

from treecore.core.columns import Status
from treecore.formats.fields import needed, number_in, object_in
from treecore.formats.messages import answered, asked
from treecore.formats.notes import Notes
from treecore.formats.paths import step_in_path
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import as_text, rest_of, row_keys, rows
from treecore.formats.source import Source
from treecore.formats.token_lists import numbers_in

KEYS = frozenset({"input_prompt", "output_response", "score"})
USED = KEYS | {"data_source", "env_class", "env_extras", "env_metrics"}
STEP = re.compile(r"global_step_(\d+)_evals")
ENDS = {"stop": Status.TERMINATED, "length": Status.TRUNCATED}
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
    """A rollout a line; those of one file with the same prompt are a group."""
    source.beside("aggregated_results.jsonl")
    notes.guess("rollouts of one evaluation with the same prompt are one group")
    step = step_in_path(source, STEP)
    for fields, where in rows(source):
        prompt, extra = asked(needed(fields, "input_prompt", where=where))
        turns = answered(needed(fields, "output_response", where=where))
        score = score_of(fields, notes, where)
        if isinstance(fields.get("score"), list):
            turns[-1].extra["score"] = fields["score"]
        turns[-1].status = ENDS.get(as_text(fields.get("stop_reason")))
        more = object_in(fields, "env_extras", where=where)
        metrics = object_in(fields, "env_metrics", where=where)
        yield (
            Rollout(
                prompt=prompt,
                turns=turns,
                group=(source.place, prompt),
                training_step=step,
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
