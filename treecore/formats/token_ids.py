"""Token ids that a table has beside the text of each answer: what answers are compared by when they are merged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from treecore.errors import FormatError
from treecore.formats.answers import Answers
from treecore.formats.field_table import NULL, FieldTable
from treecore.formats.native_values import shown
from treecore.formats.notes import Notes
from treecore.formats.rollout import Turn
from treecore.formats.token_advantages import LOGPROBS, MASKS, listed
from treecore.formats.token_lists import ids_of
from treecore.formats.token_runs import Tokens

NO_STRETCHES = "token ids of answers in several turns, as no mask says which turn they are of"


class TokenIds:
    """What a column of token ids says of the answers.

    Args:
        values: `[N]` the column, of lists, texts of lists and None.

    Raises:
        FormatError: one is something else.
    """

    def __init__(self, name: str, values: Sequence[Any], table: FieldTable) -> None:
        self.name = name
        lists: dict[int, list[int]] = {}
        for row, value in enumerate(values):
            if (found := ids_of(value)) is not None:
                lists[row] = found
            elif value not in (None, ""):
                said = f"{shown(value)} in column {name!r} is no list of token ids"
                raise FormatError(said, where=table.where(row), todo="name another column")
        names: list[str] = []

        def beside(known: Sequence[str], kinds: set[type]) -> dict[int, list[Any]]:
            """The first of these columns with a list as long beside each; row -> list."""
            for one in known:
                found = {row: other for row in lists if (other := listed(table[one][row])) is not None}
                fits = all(
                    len(found.get(row, ())) == len(own) and set(map(type, found.get(row, ()))) <= kinds
                    for row, own in lists.items()
                )
                if one in table and found and fits:
                    names.append(one)
                    return found
            return {}

        masks, logprobs = beside(MASKS, {int, float, bool}), beside(LOGPROBS, {int, float, NULL})
        self.used: Collection[str] = names
        self._tokens = {
            row: Tokens(
                np.full(len(own), np.nan),
                np.array(masks.get(row, [True] * len(own)), dtype=bool),
                np.array(own, dtype=np.int64),
                np.array(logprobs.get(row, ()), dtype=np.float64),
            )
            for row, own in lists.items()
        }

    def give(self, answers: Answers, notes: Notes) -> None:
        """Give the turns of the answers their tokens, each turn a stretch that the model wrote and what follows it."""
        lost = 0
        for row, tokens in self._tokens.items():
            turns = answers.turns.get(row) or [Turn(text=answers.text[row])]
            starts = tokens.stretches[:, 0].tolist() if len(tokens.id) else []
            if len(turns) == 1:
                starts = starts[:1]
            if len(starts) != len(turns):
                lost += len(tokens.id) > 0
                continue
            for turn, low, high in zip(turns, starts, [*starts[1:], None], strict=True):
                turn.tokens = tokens.step(slice(low, high))
            answers.turns[row] = turns
        if lost:
            notes.drop(NO_STRETCHES, lost)


def holds_ids(values: Sequence[Any], lengths: Mapping[int, int]) -> bool:
    """Whether a column of a name that is usual for token ids holds such, and nothing else.

    Args:
        lengths: row -> how many tokens it has, where that is known.
    """
    found = {row: ids_of(value) for row, value in enumerate(values) if value not in (None, "")}
    return bool(found) and all(ids is not None and lengths.get(row, len(ids)) == len(ids) for row, ids in found.items())
