"""Cut steps into smaller ones: at the tokens where others fork off, at given tokens, or every so many tokens.

Knows trees, texts and tokens; knows no model and no credit. Nothing is sampled and nothing is scored here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from treecore.core.builder import StepTokens
from treecore.core.columns import NODE_COLUMNS, TOKEN_COLUMNS
from treecore.core.forest import Forest, TokenTable
from treecore.core.numerals import counted
from treecore.errors import ForestError

END = -1


class Piece(NamedTuple):
    """Tokens `start:end` of row `source`, under piece number `parent`; `end` is -1 for all that is left."""

    source: int
    start: int
    end: int
    parent: int


def lay_out(
    parent: Sequence[int], fork: Sequence[int], *, cuts: Mapping[int, Sequence[int]] | None = None
) -> list[Piece]:
    """Rows whose children may fork off inside them, as pieces that fork at their ends only; parents come first.

    Children that fork at the same token hang, beside the rest of their parent, under the piece before it
    (THUDM/TreeRL, `entropy_chain_local_manager.py:253-338`).

    Args:
        parent: `[N]` row of each row's parent, -1 at roots; smaller than the row's own.
        fork: `[N]` tokens of the parent that come before the row; -1 for all.
        cuts: row -> more tokens at which it is cut.
    """
    inside: list[set[int]] = [set((cuts or {}).get(row, ())) for row in range(len(parent))]
    for above, at in zip(parent, fork, strict=True):
        if above >= 0 and at >= 0:
            inside[above].add(at)
    found: list[Piece] = []
    place: list[dict[int, int]] = []
    for row, (above, at) in enumerate(zip(parent, fork, strict=True)):
        under = -1 if above < 0 else place[above][at]
        start, own = 0, dict[int, int]()
        for end in (*sorted(inside[row]), END):
            own[end] = len(found)
            found.append(Piece(row, start, end, under))
            under, start = own[end], end
        place.append(own)
    return found


def cut_text(text: str, pieces: Sequence[str], start: int, end: int) -> str:
    """The text of tokens `start:end` of a step; with `end` -1, all that is left of `text`.

    Args:
        text: of the step; an end token's name may follow in `pieces` and is not part of it.
        pieces: `[T]` text of each token.
    """
    return text[len("".join(pieces[:start])) :] if end == END else "".join(pieces[start:end])


def cut_tokens(tokens: StepTokens, start: int, end: int) -> StepTokens:
    """Tokens `start:end`; with `end` -1, all that are left."""
    stop = None if end == END else end
    return StepTokens(**{column.name: getattr(tokens, column.name)[start:stop] for column in TOKEN_COLUMNS})


def segments(forest: Forest, *, every: int) -> Forest:
    """Each step cut into pieces of `every` model tokens, the last of them what is left.

    Raises:
        ForestError: see `split`; or `every` is below 1.
    """
    if every < 1:
        raise ForestError(f"segments of {counted(every, 'token')}", todo="give at least 1")
    return split(forest, {row: range(every, int(n), every) for row, n in enumerate(forest.n_model_tokens) if n > every})


def split(forest: Forest, cuts: Mapping[int, Iterable[int]], texts: Sequence[str] | None = None) -> Forest:
    """Some steps cut into several at token indices; a step's observation, reward and children stay with its last piece.

    The last piece keeps the node's id, the others are named after it and the token where they end. Columns are not
    assigned on the others, and all that a file claims is the same on all.

    Args:
        cuts: row -> numbers of model tokens that stay before each cut.
        texts: `[T]` of the tokens, where the forest has none that are right.

    Raises:
        ForestError: no token texts, a cut that is not inside the model's tokens of its row, or texts that are not those
            of the tokens.
    """
    table = forest.tokens
    texts = texts or (None if table is None else table.text)
    if table is None or texts is None:
        raise ForestError("steps can only be cut where their tokens have texts", todo="record the tokens")
    ordered = {row: found for row, places in cuts.items() if (found := sorted(set(places)))}
    for row, found in ordered.items():
        _check(forest, table, texts, row, found)
    laid = lay_out(forest.parent.tolist(), [END] * len(forest), cuts=ordered)
    source = np.array([piece.source for piece in laid])
    last = np.array([piece.end == END for piece in laid])
    start = np.append(table.start[source] + [piece.start for piece in laid], table.total)
    ids, extra = forest.node_id, forest.node_extra
    return forest.with_columns(
        parent=[piece.parent for piece in laid],
        node_id=[ids[one.source] if one.end == END else f"{ids[one.source]}:{one.end}" for one in laid],
        tokens=TokenTable(start=start, **{column.name: getattr(table, column.name) for column in TOKEN_COLUMNS}),
        columns={name: np.where(last, held[source], np.nan) for name, held in forest.columns.items()},
        claimed={name: held[source] for name, held in forest.claimed.items()},
        node_extra={row: extra[one.source] for row, one in enumerate(laid) if one.end == END and one.source in extra},
        **_node_columns(forest, texts, laid, last),
    )


def _node_columns(
    forest: Forest, texts: Sequence[str], laid: Sequence[Piece], last: NDArray[np.bool_]
) -> dict[str, Sequence[str] | NDArray[Any]]:
    """Columns of the pieces: what the last of a step keeps, what all share, what is counted anew."""
    source = [piece.source for piece in laid]
    changed: dict[str, Sequence[str] | NDArray[Any]] = {"born": forest.born[source]}
    for column in NODE_COLUMNS:
        whole = getattr(forest, column.name)
        if column.name in ("n_model_tokens", "n_obs_tokens"):
            changed[column.name] = np.full(len(laid), -1)
        elif column.kind == "text":
            changed[column.name] = [whole[row] if keep else "" for row, keep in zip(source, last, strict=True)]
        elif column.name != "born":
            changed[column.name] = np.where(last, whole[source], column.empty(1)[0])
    assert forest.tokens is not None
    begin = forest.tokens.start
    changed["text"] = [
        forest.text[one.source]
        if (one.start, one.end) == (0, END)
        else cut_text(forest.text[one.source], texts[begin[one.source] : begin[one.source + 1]], one.start, one.end)
        for one in laid
    ]
    return changed


def _check(forest: Forest, table: TokenTable, texts: Sequence[str], row: int, places: Sequence[int]) -> None:
    begin, end = int(table.start[row]), int(table.start[row + 1])
    own = table.is_model[begin:end]
    inside = int(own.argmin()) if not own.all() else len(own)
    if places[0] < 1 or places[-1] >= inside:
        raise ForestError(
            f"node {forest.node_id[row]!r} cannot be cut at token {places[-1] if places[0] >= 1 else places[0]}",
            todo=f"its own tokens can be cut at 1 to {inside - 1}" if inside > 1 else "leave it whole",
        )
    if not forest.text[row].startswith("".join(texts[begin : begin + places[-1]])):
        raise ForestError(f"the tokens of node {forest.node_id[row]!r} are not its text", todo="record their texts")
