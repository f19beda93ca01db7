"""Any table as rollouts, by naming its columns. What columns may be is `mapping`'s."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np

from treecore.core.builder import NAN
from treecore.core.topology import FloatArray
from treecore.errors import FormatError
from treecore.formats.answers import Answers
from treecore.formats.endings import endings
from treecore.formats.field_table import NULL, NUMBERS, FieldTable, Place, texts_of
from treecore.formats.mapping import FALSE, NEEDED, TRUE, USUAL, field_in, said_of
from treecore.formats.message_columns import answers_of, prompts_of
from treecore.formats.messages import chat, is_chat
from treecore.formats.native_values import shown
from treecore.formats.nested_rows import fields_of, inner_names
from treecore.formats.notes import Notes
from treecore.formats.rollout import Rollout
from treecore.formats.rows import as_number, as_text, is_table
from treecore.formats.source import Source
from treecore.formats.token_advantages import TokenAdvantages
from treecore.formats.token_ids import TokenIds, are_sure, ids_in_column
from treecore.formats.whole_table import csv_table, field_table

REPLACED = "\ufffd"
NOTHING = ("", "nan", "none", "null")
"""Words for no number."""


def read_table(
    source: Source, columns: Mapping[str, str], notes: Notes, *, by_name: bool = False
) -> Iterator[Answers | Rollout]:
    """Rollouts of JSON lines, a JSON list, Parquet, Arrow or CSV.

    Args:
        columns: role (see `USUAL`) -> name of a column; `a.b` is field `b` of the object in column `a`.
        by_name: nobody named the columns; one that should hold token ids and does not is kept as it is.

    Raises:
        FormatError: no such role, the prompt or the answer is not named, a column that no row has, a reward that is no
            number.
    """
    _check(columns, source.name)
    table = field_table(source) if is_table(source) else csv_table(source)
    values = {role: _column(table, name) for role, name in columns.items()}
    for role, name in columns.items():
        if set(map(type, values[role])) <= {NULL}:
            raise FormatError(
                f"no row has a value in column {name!r}, which was named as the {role}",
                where=source.name,
                todo=f"the columns are {', '.join(sorted(table.names)[:20])}{inner_names(fields_of(source))}"
                if table.names
                else "give rows",
            )
    tokens = TokenAdvantages(values.get("advantage", ()), table)
    ids = None
    found = ids_in_column(values.get("ids", ()))
    if "ids" in columns and (not by_name or are_sure(found, tokens.lengths)):
        ids = TokenIds(columns["ids"], found, values.pop("ids"), table)
        table.let_go(columns["ids"])
    taken = {name for role, name in columns.items() if role != "ids" or ids is not None}
    if "advantage" in values:
        values["advantage"] = tokens.claims
    answers = _answers(table, values)
    if not is_table(source) and REPLACED.encode() not in source.data and any(REPLACED in one for one in answers.text):
        notes.drop(f"bytes that are not UTF-8; {REPLACED} stands in their place")
    answers.keep(table.rest({*taken, *tokens.used, *(ids.used if ids else ())}))
    if ids is not None:
        ids.give(answers, notes)
    if "rollout" in columns:
        tokens.leave_out(notes)
        yield from _in_turns(answers, values["rollout"])
    else:
        yield from tokens.claimed(answers, notes)
    for role, name in columns.items():
        if name in taken:
            (notes.guess if by_name else notes.recognise)(
                f"{said_of(name, role=role)}{', by its name' if by_name else ''}"
            )


def _check(columns: Mapping[str, str], where: str) -> None:
    if wrong := [role for role in columns if role not in USUAL]:
        raise FormatError(f"a column cannot be a {wrong[0]!r}", where=where, todo=f"it can be {', '.join(USUAL)}")
    if lacking := [role for role in NEEDED if role not in columns]:
        found, todo = f"no column is named as the {lacking[0]}", "name it"
        raise FormatError(found, where=where, todo=todo, command=f"--map {lacking[0]}=COLUMN")


def _column(table: FieldTable, name: str) -> list[Any]:
    """The values of a column, or of a field inside one; None where a row has none. `[N]`"""
    if name in table:
        return table[name]
    outer, _, inner = name.partition(".")
    return [field_in(value, inner) if isinstance(value, Mapping) else None for value in table[outer]]


def _answers(table: FieldTable, values: Mapping[str, list[Any]]) -> Answers:
    whole = {
        row: chat(asked)
        for row, (asked, answer) in enumerate(zip(values["prompt"], values["answer"], strict=True))
        if answer is None and is_chat(asked)
    }
    prompts, said = prompts_of(values["prompt"]), answers_of(values["answer"])
    answers = Answers(
        prompt=prompts.texts,
        text=said.texts,
        reward=_numbers(values, "reward", table),
        where=table.where,
        training_step=[int(step) if 0 <= step < 2**53 else -1 for step in _numbers(values, "step", table).tolist()],
        reference=texts_of(values["reference"]) if "reference" in values else (),
        prompt_extra=prompts.extra,
        turns=said.turns,
        status=endings(table),
    )
    for row, one in whole.items():
        prompts.texts[row] = one.prompt
        answers.prompt_extra[row] = one.extra
        if one.turns:
            answers.turns[row] = one.turns
    if "advantage" in values:
        answers.claimed["advantage"] = _numbers(values, "advantage", table)
    if "group" in values:
        answers.group = [None if value is None else as_text(value) for value in values["group"]]
        answers.label = [as_text(value)[:80] for value in values["group"]]
    return answers


def _in_turns(answers: Answers, names: list[Any]) -> Iterator[Rollout]:
    """The rollouts of a table in which rows of one name and training step are the turns of one."""
    found: dict[Hashable, Rollout] = {}
    for row, name in enumerate(names):
        rollout = answers.rollout(row)
        key = row if name is None else (rollout.training_step, as_text(name))
        if key in found:
            found[key].turns += rollout.turns
        else:
            found[key] = rollout
    for rollout in found.values():
        for turn in rollout.turns[:-1]:
            if turn.reward == turn.reward:
                turn.columns["turn_reward"] = turn.reward
                turn.reward = NAN
        yield rollout


def _numbers(values: Mapping[str, list[Any]], role: str, table: FieldTable) -> FloatArray:
    """The numbers of a role, also those that are written as text; NaN where there are none. `[N]`

    Raises:
        FormatError: a value is something else.
    """
    given = values.get(role)
    if given is None:
        return np.full(table.size, NAN)
    if set(map(type, given)) <= NUMBERS | {NULL}:
        return np.array(given, dtype=np.float64)
    return np.array([_number(value, role, table.where, row) for row, value in enumerate(given)], dtype=np.float64)


def _number(value: Any, role: str, where: Place, row: int) -> float | None:
    """A number, also one that is written as text; None where it is absent.

    Raises:
        FormatError: it is something else.
    """
    if isinstance(value, str):
        word = value.strip().lower()
        if word in NOTHING:
            return None
        if word in TRUE or word in FALSE:
            return float(word in TRUE)
        try:
            value = float(word)
        except ValueError:
            raise _no_number(role, value, where(row)) from None
    try:
        return as_number(value)
    except ValueError:
        raise _no_number(role, value, where(row)) from None


def _no_number(role: str, value: Any, where: str) -> FormatError:
    return FormatError(f"the {role} {shown(value)} is no number", where=where, todo="name another column")
