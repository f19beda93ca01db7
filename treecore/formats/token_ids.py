"""Token ids that a table has beside the text of each answer: what answers are compared by when they are merged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

import numpy as np

from treecore.core.builder import StepTokens
from treecore.core.topology import IntArray
from treecore.errors import FormatError
from treecore.formats.answers import Answers
from treecore.formats.field_table import FieldTable
from treecore.formats.native_values import shown
from treecore.formats.notes import Notes
from treecore.formats.rollout import Turn
from treecore.formats.token_advantages import LOGPROBS, MASKS, are_logprobs, are_mask, lists_beside
from treecore.formats.token_lists import ids_of
from treecore.formats.token_runs import Tokens

NO_STRETCHES = "token ids of answers in several turns, as no mask says which turn they are of"
Found = Mapping[int, IntArray | None]
"""Row -> its token ids `[T]`; None where something else stands there. Rows without anything are absent."""


def ids_in_column(values: Sequence[Any]) -> Found:
    """What stands in a column, of lists, texts of lists and None."""
    return {row: ids_of(value) for row, value in enumerate(values) if value is not None and value != ""}


def are_sure(found: Found, lengths: Mapping[int, int]) -> bool:
    """Whether a column of a name that is usual for token ids holds such, and nothing else.

    Args:
        lengths: row -> how many tokens it has, where that is known.
    """
    return bool(found) and all(ids is not None and lengths.get(row, len(ids)) == len(ids) for row, ids in found.items())


class TokenIds:
    """What a column of token ids says of the answers.

    Args:
        name: of the column; values: `[N]` of it; found: what stands in it.

    Raises:
        FormatError: a row has something else.
    """

    def __init__(self, name: str, found: Found, values: Sequence[Any], table: FieldTable) -> None:
        if (strange := next((row for row, ids in found.items() if ids is None), None)) is not None:
            said = f"{shown(values[strange])} in column {name!r} is no list of token ids"
            raise FormatError(said, where=table.where(strange), todo="name another column")
        self._ids = {row: ids for row, ids in found.items() if ids is not None and len(ids)}
        sizes = {row: len(ids) for row, ids in self._ids.items()}
        masked, self._masks = lists_beside(table, MASKS, sizes, fits=are_mask)
        logged, self._logprobs = lists_beside(table, LOGPROBS, sizes, fits=are_logprobs)
        self._names = [one for one in (masked, logged) if one]

    @property
    def used(self) -> Collection[str]:
        """Columns beside it that are taken for the tokens."""
        return self._names

    def give(self, answers: Answers, notes: Notes) -> None:
        """Give the turns of the answers their tokens, each turn a stretch that the model wrote and what follows it."""
        lost = 0
        for row, ids in self._ids.items():
            turns = answers.turns.get(row) or [Turn(text=answers.text[row])]
            if row in self._masks:
                parts = self._stretches(row, n_turns=len(turns))
            else:
                parts = [StepTokens(id=cast("Sequence[int]", ids), logprob=self._logprobs.get(row, ()))]
            if len(parts) != len(turns):
                lost += 1
                continue
            for turn, tokens in zip(turns, parts, strict=True):
                turn.tokens = tokens
            answers.turns[row] = turns
        if lost:
            notes.drop(NO_STRETCHES, lost)

    def _stretches(self, row: int, *, n_turns: int) -> list[StepTokens | None]:
        """The tokens of each stretch that the model wrote with those that follow it; of one turn all in one."""
        ids, mask = self._ids[row], np.array(self._masks[row], dtype=bool)
        logprobs = np.array(self._logprobs.get(row, ()), dtype=np.float64)
        tokens = Tokens(np.full(len(ids), np.nan), mask, ids, logprobs)
        starts = tokens.stretches[:, 0].tolist()[: 1 if n_turns == 1 else None]
        return [tokens.step(slice(low, high)) for low, high in zip(starts, [*starts[1:], None], strict=True)]
