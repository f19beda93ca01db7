"""What the columns of any table may be: which one is the prompt, the answer, the reward and so on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from treecore.formats.messages import is_chat
from treecore.formats.rows import csv_rows, is_table, rows
from treecore.formats.source import Source
from treecore.formats.token_lists import ids_of

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
    "group": (
        "group",
        "group_id",
        "group_index",
        "group_idx",
        "grp",
        "grp_id",
        "gid",
        "uid",
        "prompt_id",
        "prompt_index",
        "prompt_idx",
        "question_id",
        "question_idx",
        "query_id",
        "qid",
        "problem_id",
        "example_id",
        "task_id",
    ),
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
    "ids": (
        "completion_ids",
        "completion_token_ids",
        "response_ids",
        "response_token_ids",
        "output_ids",
        "output_token_ids",
        "generation_token_ids",
        "token_ids",
    ),
}
"""What a column can be -> names that are usual for it, the best first. `step` is the training step; rows of one
`rollout` are its turns, in their order; `ids` are those of the tokens of the answer."""
NEEDED = ("prompt", "answer")
SURE: Mapping[str, tuple[str, ...]] = {
    "prompt": ("prompt", "question", "problem", "query", "instruction"),
    "answer": ("completion", "response", "generation", "generated_text", "output"),
    "reward": ("reward", "score", "acc", "accuracy", "correct", "is_correct", "symbolic_correct"),
}
"""Roles without which a table is not read unasked -> names that leave no doubt, as long as there is one of them."""
GUESSED = ("group", "step", "reference", "advantage", "ids")
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
        held = (name for name in usual if name in left and (role != "ids" or _are_ids(rows, left[name])))
        if (name := next(held, None)) is not None:
            found[role] = left.pop(name)
    return {**_by_values(list(left.values()), rows, {*found}), **found}


def _by_values(names: Sequence[str], rows: Sequence[Mapping[str, Any]], known: Collection[str]) -> dict[str, str]:
    """Of the columns with long texts the answer is the one that differs most, else the last, and the prompt the
    first of the others; the reward is the first that says right or wrong.

    Args:
        known: roles that are not asked for.
    """
    values = {name: [field_in(row, name) for row in rows] for name in names}
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


def _are_ids(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    """Whether no row has anything else than token ids there."""
    return all(value in (None, "") or ids_of(value) is not None for row in rows for value in [field_in(row, name)])


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


def said_of(name: str, *, role: str) -> str:
    """What a column is, as a clause."""
    return f"column {name!r} {'holds the token ids' if role == 'ids' else f'is the {role}'}"


def field_in(fields: Mapping[str, Any], name: str) -> Any:
    """A column's value, or that of a field inside it; None where there is none."""
    value: Any = fields
    if name in fields:
        return fields[name]
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def preview(source: Source) -> list[dict[str, Any]]:
    """The first rows of a table, as they are.

    Raises:
        FormatError: it is none.
    """
    return [row.fields for row in islice(rows(source) if is_table(source) else csv_rows(source), PREVIEW)]
