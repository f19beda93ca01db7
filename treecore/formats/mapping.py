"""Any table as rollouts, by naming its columns: which one is the prompt, the answer, the reward and so on."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from treecore.errors import FormatError
from treecore.formats.messages import chat, is_chat, prompt_of, turns_of
from treecore.formats.native_values import shown
from treecore.formats.notes import Notes
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import Row, as_number, as_text, csv_rows, is_table, rest_of, rows
from treecore.formats.source import Source

USUAL: Mapping[str, tuple[str, ...]] = {
    "prompt": ("prompt", "question", "problem", "query", "input", "instruction", "messages"),
    "answer": ("completion", "response", "output", "generation", "generated_text", "prediction", "solution", "answer"),
    "reward": (
        "reward",
        "score",
        "rewards",
        "acc",
        "accuracy",
        "correct",
        "is_correct",
        "symbolic_correct",
        "pass",
        "label",
    ),
    "group": ("group", "group_id", "uid", "prompt_id", "question_id", "problem_id", "example_id", "task_id"),
    "step": ("training_step", "global_step", "step", "iteration"),
    "reference": (
        "reference",
        "ground_truth",
        "gold",
        "target",
        "expected",
        "expected_answer",
        "gts",
        "reference_answer",
        "answer",
    ),
    "advantage": ("advantage", "advantages"),
    "rollout": ("rollout", "rollout_id", "trajectory_id", "sample_idx"),
}
"""What a column can be -> names that are usual for it, the best first. `step` is the training step; rows of one
`rollout` are its turns, in their order."""
NEEDED = ("prompt", "answer")
SURE: Mapping[str, tuple[str, ...]] = {
    "prompt": ("prompt", "question", "problem", "query", "instruction"),
    "answer": ("completion", "response", "generation", "generated_text", "output"),
    "reward": ("reward", "score", "acc", "accuracy", "correct", "is_correct", "symbolic_correct"),
}
"""Roles without which a table is not read unasked -> names that leave no doubt, as long as there is one of them."""
GUESSED = ("group", "step", "reference", "advantage")
"""Roles that are guessed then too."""
TRUE, FALSE = ("true", "yes", "correct", "pass", "passed", "c"), ("false", "no", "incorrect", "fail", "failed", "i")
PROSE, WORDS = 20, 4
"""Characters or words from which on a text is taken for a prompt or an answer."""
PREVIEW = 3
"""Rows that are shown before a table is read."""


def guess_columns(
    names: Iterable[str], known: Mapping[str, str] | None = None, rows: Sequence[Mapping[str, Any]] = ()
) -> dict[str, str]:
    """What columns of these names may be: role -> name. A column has one role; those without a guess are left out.

    Args:
        known: roles that are certain already.
        rows: the first ones; what names do not tell of prompt, answer and reward is guessed by values.
    """
    found = dict(known or {})
    left = {name.lower(): name for name in names if name not in found.values()}
    for role, usual in USUAL.items():
        if role in found:
            continue
        if (name := next((name for name in usual if name in left), None)) is not None:
            found[role] = left.pop(name)
    return {**_by_values(list(left.values()), rows, {*found}), **found}


def _by_values(names: Sequence[str], rows: Sequence[Mapping[str, Any]], known: Collection[str]) -> dict[str, str]:
    """Of the columns with long texts the answer is the one that differs most, else the last, and the prompt the
    first of the others; the reward is the first that says right or wrong.

    Args:
        known: roles that are not asked for.
    """
    values = {name: [_found(row, name) for row in rows] for name in names}
    found: dict[str, str] = {}
    texts = [name for name in names if values[name] and all(_is_prose(value) for value in values[name])]
    if "answer" not in known and texts and (len(texts) > 1 or "prompt" in known):
        found["answer"] = max(texts, key=lambda name: (len(set(map(str, values[name]))), texts.index(name)))
        texts.remove(found["answer"])
    if "prompt" not in known and texts:
        found["prompt"] = texts[0]
    if "reward" not in known:
        marks = [name for name in names if values[name] and all(_is_mark(value) for value in values[name])]
        found |= {"reward": marks[0]} if marks else {}
    return found


def _is_prose(value: Any) -> bool:
    return is_chat(value) or (isinstance(value, str) and (len(value) >= PROSE or len(value.split()) >= WORDS))


def _is_mark(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and value.strip().lower() in (*TRUE, *FALSE))


def certain_columns(names: Iterable[str]) -> dict[str, str]:
    """Role -> column, where the names alone leave no doubt what is asked, answered and rewarded; {} otherwise.

    A column of the very name of its role is it, whatever others there are.
    """
    names = list(names)
    found: dict[str, str] = {}
    for role, usual in SURE.items():
        fit = [name for name in names if name.lower() in usual]
        exact = [name for name in fit if name.lower() == role]
        if len(exact or fit) != 1:
            return {}
        found[role] = (exact or fit)[0]
    guessed = guess_columns(names, found)
    return {role: name for role, name in guessed.items() if role in (*SURE, *GUESSED)}


def preview(source: Source) -> list[dict[str, Any]]:
    """The first rows of a table, as they are.

    Raises:
        FormatError: it is none.
    """
    return [row.fields for row in islice(table(source), PREVIEW)]


def table(source: Source) -> Iterator[Row]:
    """Rows of JSON lines, a JSON list, Parquet or CSV.

    Raises:
        FormatError: see `rows` and `csv_rows`.
    """
    return rows(source) if is_table(source) else csv_rows(source)


def read_table(source: Source, columns: Mapping[str, str], notes: Notes) -> Iterator[Rollout]:
    """Rollouts of a table.

    Args:
        columns: role (see `USUAL`) -> name of a column; `a.b` is field `b` of the object in column `a`.

    Raises:
        FormatError: no such role, the prompt or the answer is not named, a column that no row has, a reward that is no
            number.
    """
    _check(columns, source.name)
    unseen = dict(columns)
    turns: dict[Hashable, Rollout] = {}
    for number, (fields, where) in enumerate(table(source)):
        values = {role: _found(fields, name) for role, name in columns.items()}
        unseen = {role: name for role, name in unseen.items() if values[role] is None}
        rollout = _rollout(values, where)
        rollout.last.extra |= rest_of(fields, set(columns.values()))
        key = number if values.get("rollout") is None else (rollout.training_step, as_text(values["rollout"]))
        if key in turns and values.get("group") is None:
            rollout.group = turns[key].group
        if key in turns:
            turns[key].turns += rollout.turns
        else:
            turns[key] = rollout
    if unseen:
        role, name = next(iter(unseen.items()))
        raise FormatError(
            f"no row has a value in column {name!r}, which was named as the {role}",
            where=source.name,
            todo=f"the columns are {', '.join(sorted(source_columns(source))[:20])}",
        )
    for rollout in turns.values():
        for turn in rollout.turns[:-1]:
            if turn.reward == turn.reward:
                turn.columns["turn_reward"] = turn.reward
                turn.reward = float("nan")
        yield rollout
    for role, name in columns.items():
        notes.recognise(f"column {name!r} is the {role}")


def source_columns(source: Source) -> list[str]:
    """Names of the columns of a table."""
    return list(next(iter(preview(source)), {}))


def _check(columns: Mapping[str, str], where: str) -> None:
    if wrong := [role for role in columns if role not in USUAL]:
        raise FormatError(f"a column cannot be a {wrong[0]!r}", where=where, todo=f"it can be {', '.join(USUAL)}")
    if lacking := [role for role in NEEDED if role not in columns]:
        found, todo = f"no column is named as the {lacking[0]}", "name it"
        raise FormatError(found, where=where, todo=todo, command=f"--map {lacking[0]}=COLUMN")


def _found(fields: Mapping[str, Any], name: str) -> Any:
    """A column's value, or that of a field inside it; None where there is none."""
    value: Any = fields
    if name in fields:
        return fields[name]
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _rollout(values: Mapping[str, Any], where: str) -> Rollout:
    answer, asked = values["answer"], values["prompt"]
    if is_chat(asked):
        parted = chat(asked) if answer is None else None
        prompt, extra = (parted.prompt, parted.extra) if parted else prompt_of(asked)
        turns = parted.turns if parted else []
    else:
        prompt, extra, turns = as_text(asked), {}, []
    if is_chat(answer):
        turns = turns_of(answer)
    elif answer is not None or not turns:
        turns = [Turn(text=as_text(answer))]
    rollout = Rollout(prompt=prompt, turns=turns or [Turn()], prompt_extra=extra, where=where)
    rollout.scored(_number(values, "reward", where=where))
    if (advantage := _number(values, "advantage", where=where)) is not None:
        rollout.last.claimed["advantage"] = advantage
    if values.get("group") is not None:
        rollout.group = as_text(values["group"])
        rollout.label = rollout.group[:80]
    rollout.reference = as_text(values.get("reference"))
    step = _number(values, "step", where=where)
    rollout.training_step = int(step) if step is not None and 0 <= step < 2**53 else -1
    return rollout


def _number(values: Mapping[str, Any], role: str, *, where: str) -> float | None:
    """A number, also one that is written as text; None where it is absent.

    Raises:
        FormatError: it is something else.
    """
    value = values.get(role)
    if isinstance(value, str):
        word = value.strip().lower()
        if word in ("", "nan", "none", "null"):
            return None
        if word in TRUE or word in FALSE:
            return float(word in TRUE)
        try:
            value = float(word)
        except ValueError:
            raise _no_number(role, value, where) from None
    try:
        return as_number(value)
    except ValueError:
        raise _no_number(role, value, where) from None


def _no_number(role: str, value: Any, where: str) -> FormatError:
    return FormatError(f"the {role} {shown(value)} is no number", where=where, todo="name another column")
