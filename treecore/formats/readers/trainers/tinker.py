"""tinker-cookbook: `*_rollout_summaries.jsonl` of a run, one rollout a line: rewards and lengths; texts in logs only.

Fields are those of `tinker_cookbook/rl/rollout_logging.py`, `serialize_rollout_summaries`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from treecore.formats.endings import ending
from treecore.formats.fields import list_in, n_tokens_of, number_in, object_in, training_step_in, wrong
from treecore.formats.notes import Notes
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import as_text, rest_of, row_keys, rows
from treecore.formats.source import Source

KEYS = frozenset({"group_idx", "traj_idx", "total_reward", "steps"})
USED = KEYS | {"split", "iteration", "schema_version", "tags", "trajectory_metrics"}
OF_STEP = frozenset({"step_idx", "ac_len", "reward", "logs", "metrics"})
PROMPTS = ("problem", "question", "prompt", "task", "observation")
ANSWERS = ("response", "completion", "action", "output", "answer")
REFERENCES = ("reference answer", "reference_answer", "ground_truth", "target")
"""Keys of logs, in lower case, under which environments put their texts."""


def looks_like_tinker(source: Source) -> bool:
    """Rows of a group with steps and a total reward."""
    return row_keys(source) >= KEYS


@rollout_format(
    name="tinker",
    title="tinker-cookbook rollout summaries",
    extensions=(".jsonl",),
    detect=looks_like_tinker,
    written_by="tinker-cookbook's rl.train: iteration_N/*_rollout_summaries.jsonl in the folder of the run",
    lost="nothing of the file; it has no tokens, and texts only where the environment logs them",
    fields=USED | {"final_reward", "final_ob_len", "sampling_client_step"},
)
def read_tinker(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a line; those of one group of an iteration are a group."""
    for fields, where in rows(source):
        yield _rollout(fields, notes, where)


def _rollout(fields: Mapping[str, Any], notes: Notes, where: str) -> Rollout:
    turns, first = list[Turn](), dict[str, Any]()
    for number, step in enumerate(list_in(fields, "steps", where=where)):
        place = f"{where}, steps[{number}]"
        if not isinstance(step, dict):
            raise wrong("steps", step, "a list of objects", where=where)
        logs = object_in(step, "logs", where=place)
        first = first or logs
        turns.append(_turn(step, logs=logs, where=place))
    if turns:
        turns[-1].status = ending(turns[-1].extra.get("stop_reason"))
    group, split = as_text(fields.get("group_idx")), as_text(fields.get("split"))
    tags = list_in(fields, "tags", where=where)
    prompt = logged(first, PROMPTS)
    if not prompt:
        notes.drop("texts of prompts, which the file does not hold")
    if not any(turn.text for turn in turns):
        notes.drop("texts of rollouts, which the file does not hold")
    rollout = Rollout(
        prompt=prompt or f"{' '.join([split, 'group', group]).strip()}, prompt not recorded",
        turns=turns or [Turn()],
        group=(split, group),
        training_step=training_step_in(fields, "iteration"),
        reference=logged(first, REFERENCES),
        task=as_text(tags[0]) if tags else "",
        prompt_extra={"split": split, "tags": tags} if tags else {"split": split},
        where=where,
    ).scored(number_in(fields, "total_reward", where=where))
    _measure(rollout.last, object_in(fields, "trajectory_metrics", where=where))
    return rollout.keep(rest_of(fields, USED))


def _turn(step: Mapping[str, Any], *, logs: Mapping[str, Any], where: str) -> Turn:
    """One step: as long as it says, with the text that its environment logged."""
    turn = Turn(text=logged(logs, ANSWERS), extra=rest_of(step, OF_STEP) | ({"logs": logs} if logs else {}))
    turn.n_tokens, reward = n_tokens_of(number_in(step, "ac_len", where=where)), number_in(step, "reward", where=where)
    if reward is not None:
        turn.columns["turn_reward"] = reward
    _measure(turn, object_in(step, "metrics", where=where))
    return turn


def _measure(turn: Turn, metrics: Mapping[str, Any]) -> None:
    """Put metrics beside a turn: numbers as columns, other values as they came."""
    for name, value in metrics.items():
        if isinstance(value, bool | int | float):
            turn.columns[f"metric.{name}"] = float(value)
        elif value is not None:
            turn.extra[name] = value


def logged(logs: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The text that logs hold under the first of these names; "" for none."""
    texts = {name.lower(): value for name, value in logs.items() if isinstance(value, str)}
    return next((texts[name] for name in names if name in texts), "")
