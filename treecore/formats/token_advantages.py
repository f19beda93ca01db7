"""Advantages that a table gives for each token: claims on whole answers, or on the steps where they change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import orjson

from treecore.errors import FormatError
from treecore.formats.answers import Answers
from treecore.formats.field_table import NULL, FieldTable
from treecore.formats.grouping import rows_of_groups
from treecore.formats.native_values import shown
from treecore.formats.notes import Notes
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.token_lists import are_ids
from treecore.formats.token_runs import CLAIM, Tokens, tree_of

MASKS = ("completion_mask", "response_mask", "loss_mask")
IDS = ("completion_ids", "responses", "response_ids", "token_ids")
LOGPROBS = ("old_per_token_logps", "old_log_probs", "sampling_logprobs")
"""Columns under which trainers say which tokens the model wrote, and keep their ids and log probabilities."""
SHORT = 2
"""Tokens that steps have at least, on average: advantages that change more often are of no steps."""
STEPS = (
    "a step ends where the advantage of its tokens changes, and answers share steps that are alike at their beginning; "
    "the words of an answer stand at its last step, as no row says which tokens they are of"
)
NO_STEPS = (
    "advantages that change from token to token, as a learned value makes them: they are of no step and no answer, so "
    "no method can be found for them"
)


class TokenAdvantages:
    """What a column with lists claims.

    Args:
        values: `[N]` the column: None, a number, or a list with one for each token; lists may be JSON in a text.

    Raises:
        FormatError: a list holds anything but numbers.
    """

    def __init__(self, values: Sequence[Any], table: FieldTable) -> None:
        self._values, self._table = values, table
        some = not {list, str}.isdisjoint(map(type, values))
        lists = {row: found for row, value in enumerate(values) if (found := listed(value)) is not None} if some else {}
        for row, value in lists.items():
            if not set(map(type, value)) <= {int, float, NULL}:
                said = f"the advantage {shown(values[row])} is no number"
                raise FormatError(said, where=table.where(row), todo="name another column")
        sizes = {row: len(value) for row, value in lists.items()}
        masked, masks = lists_beside(table, MASKS, sizes, fits=are_mask)
        named, ids = lists_beside(table, IDS, sizes, fits=are_ids)
        logged, logprobs = lists_beside(table, LOGPROBS, sizes, fits=are_logprobs)
        self._names = [name for name in (masked, named, logged) if name]
        self._tokens = {
            row: Tokens(
                np.array(value, dtype=np.float64),
                np.array(masks.get(row, [True] * len(value)), dtype=bool),
                np.array(ids.get(row, ()), dtype=np.int64),
                np.array(logprobs.get(row, ()), dtype=np.float64),
            )
            for row, value in lists.items()
        }

    @property
    def lengths(self) -> Mapping[int, int]:
        """Row -> number of its tokens, for rows with a list."""
        return {row: len(tokens.own) for row, tokens in self._tokens.items()}

    @cached_property
    def _varied(self) -> list[int]:
        """Rows whose tokens have different advantages."""
        return [row for row, tokens in self._tokens.items() if len(tokens.known) > 1]

    @cached_property
    def _in_runs(self) -> bool:
        """Whether advantages that differ inside an answer change seldom enough to be those of steps."""
        varied = [self._tokens[row] for row in self._varied]
        runs = sum(len(tokens.stretches) + len(tokens.changes) for tokens in varied)
        return SHORT * runs <= sum(int(tokens.own.sum()) for tokens in varied)

    @property
    def used(self) -> Collection[str]:
        """Columns beside it that are taken for the tokens."""
        return self._names if self._in_runs else ()

    @property
    def claims(self) -> list[Any]:
        """The column with a number for each list: that of all tokens of the model, None where they differ. `[N]`"""
        found = list(self._values)
        for row, tokens in self._tokens.items():
            found[row] = float(tokens.known[0]) if len(tokens.known) == 1 else None
        return found

    def claimed(self, answers: Answers, notes: Notes) -> Iterator[Answers | Rollout]:
        """The answers, which claim `claims`, with what is claimed of their steps.

        Raises:
            FormatError: there are more steps than the file may have.
        """
        if not self._varied:
            for row, tokens in self._tokens.items():
                self._add(answers, row, tokens)
            yield answers
        elif self._in_runs:
            notes.guess(STEPS)
            size = 0
            for rows in rows_of_groups(answers):
                own = {number: self._tokens[row] for number, row in enumerate(rows) if row in self._tokens}
                tree = tree_of(list(map(answers.rollout, rows)), own)
                self._table.account.afford_rows(size := size + len(tree.turns), tree.where)
                yield tree
        else:
            notes.drop_claims(NO_STEPS, len(self._varied))
            for row in self._varied:
                answers.extra.setdefault(row, {})[f"token_{CLAIM}s"] = self._values[row]
            yield answers

    def leave_out(self, notes: Notes) -> None:
        """Note that rows are turns, of which only `claims` are kept."""
        if self._varied:
            notes.drop_claims("advantages that change inside a turn", len(self._varied))

    def _add(self, answers: Answers, row: int, tokens: Tokens) -> None:
        """Take over the tokens of an answer in one turn, or how many they are."""
        first, *others = answers.turns.get(row) or [Turn(text=answers.text[row])]
        if others or not self._names:
            return
        first.tokens = tokens.step(slice(None)) or first.tokens
        first.n_tokens = int(tokens.own.sum()) if first.tokens is None else -1
        answers.turns[row] = [first]


def listed(value: Any) -> list[Any] | None:
    """A list, also one that is JSON in a text, as in CSV; None for anything else."""
    if type(value) is str and value[:1] == "[":
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    return value if type(value) is list else None


def lists_beside(
    table: FieldTable, names: Sequence[str], sizes: Mapping[int, int], *, fits: Callable[[list[Any]], bool]
) -> tuple[str, dict[int, list[Any]]]:
    """The first of these columns that has a list of such values, as long, in each row, and row -> list; "" for none.

    Args:
        sizes: row -> length of its list.
    """
    for name in (one for one in names if one in table):
        column = table[name]
        found = {
            row: one
            for row, size in sizes.items()
            if (one := listed(column[row])) is not None and len(one) == size and fits(one)
        }
        if found and len(found) == len(sizes):
            return name, found
    return "", {}


def are_mask(values: list[Any]) -> bool:
    """Whether all say of a token that it counts or does not."""
    return set(map(type, values)) <= {int, float, bool}


def are_logprobs(values: list[Any]) -> bool:
    """Whether all are numbers or absent."""
    return set(map(type, values)) <= {int, float, NULL}
