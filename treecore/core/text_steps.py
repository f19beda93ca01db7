"""Cut the text of steps into smaller ones where lines, sentences or tool calls end. Knows texts and tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

import numpy as np

from treecore.core.columns import NODE_COLUMNS
from treecore.core.forest import Forest
from treecore.core.tool_calls import CALL_TAGS
from treecore.core.transforms import END, Piece, lay_out, split

RULES: Mapping[str, re.Pattern[str] | None] = {
    "turns": None,
    "paragraphs": re.compile(r"\n(?:[ \t]*\n)+"),
    "lines": re.compile(r"\n(?:[ \t]*\n)*"),
    "sentences": re.compile(r"[.!?…]+[\"')\]]*(?:[ \t]+|\n(?:[ \t]*\n)*)|[。！？]+[」』”]?\s*|\n(?:[ \t]*\n)*"),
    "calls": re.compile(rf"</(?:{'|'.join(map(re.escape, CALL_TAGS))})>\s*"),
}
"""Name of a rule -> what ends a step; None leaves steps as they are."""
NUMBERING = re.compile(r"\s*[(\[]?\w{1,3}[.)][ \t]*")
"""The number of a list's item, after which no step ends."""


def ends(text: str, *, rule: str) -> list[int]:
    """Characters after which a step ends, the end of the text left out."""
    pattern = RULES[rule]
    if pattern is None:
        return []
    start, found = len(text) - len(text.lstrip()), list[int]()
    for match in pattern.finditer(text, start):
        before = found[-1] if found else 0
        if match.end() < len(text) and not NUMBERING.fullmatch(text, before, match.end()):
            found.append(match.end())
    return found


def rule_for(forest: Forest) -> str:
    """The rule that fits most: steps as they are where trajectories have several, else lines, else sentences."""
    steps = np.array([text.strip() != "" for text in forest.text])
    if int(steps.sum()) > int((steps & forest.topology.is_leaf).sum()):
        return "turns"
    lines = sum("\n" in text.strip() for text in forest.text)
    return "lines" if 2 * lines >= int(steps.sum()) else "sentences"


def split_text(forest: Forest, rule: str) -> Forest:
    """Every step cut where `rule` says; reward, observation, children and fields stay with its last piece.

    A step whose tokens have texts is cut between tokens, one of which may hold the end of a line and more. A step
    whose tokens have none stays whole, since they could not be parted.
    """
    cuts = {row: found for row, text in enumerate(forest.text) if (found := ends(text, rule=rule))}
    if forest.tokens is not None:
        held = np.diff(forest.tokens.start) > 0
        of_tokens = {row: token_cuts(forest, row, places) for row, places in cuts.items() if held[row]}
        cuts = {row: places for row, places in cuts.items() if not held[row]}
        forest, cuts = _cut_tokens(forest, of_tokens, cuts=cuts)
    return cut_texts(forest, cuts) if cuts else forest


def token_cuts(forest: Forest, row: int, places: Sequence[int]) -> list[int]:
    """Tokens after which a step is cut that should be cut after these characters; none where tokens have no texts."""
    table = forest.tokens
    if table is None or table.text is None:
        return []
    begin, end = int(table.start[row]), int(table.start[row + 1])
    reached = list(accumulate(len(piece) for piece in table.text[begin:end]))
    if not reached or "".join(table.text[begin:end])[: len(forest.text[row])] != forest.text[row]:
        return []
    found = (int(np.searchsorted(reached, place)) + 1 for place in places)
    return sorted({at for at in found if 0 < at < end - begin})


def _cut_tokens(
    forest: Forest, of_tokens: Mapping[int, list[int]], *, cuts: Mapping[int, list[int]]
) -> tuple[Forest, dict[int, list[int]]]:
    """Steps with tokens cut; and the other cuts, by the rows that steps have now."""
    of_tokens = {row: places for row, places in of_tokens.items() if places}
    if not of_tokens:
        return forest, dict(cuts)
    changed = split(forest, of_tokens)
    return changed, {changed.row(forest.node_id[row]): places for row, places in cuts.items()}


def cut_texts(forest: Forest, cuts: Mapping[int, Sequence[int]]) -> Forest:
    """Steps without tokens cut after some characters.

    Args:
        cuts: row -> characters of its text, increasing.
    """
    laid = lay_out(forest.parent.tolist(), [END] * len(forest), cuts=cuts)
    source = np.array([piece.source for piece in laid])
    last = np.array([piece.end == END for piece in laid])
    ids, extra, tokens = forest.node_id, forest.node_extra, forest.tokens
    changed: dict[str, Any] = {"born": forest.born[source]}
    for column in NODE_COLUMNS:
        whole = getattr(forest, column.name)
        if column.name == "text":
            changed["text"] = [_slice(forest.text[piece.source], piece) for piece in laid]
        elif column.kind == "text":
            changed[column.name] = [whole[row] if keep else "" for row, keep in zip(source, last, strict=True)]
        elif column.name != "born":
            changed[column.name] = np.where(last, whole[source], column.empty(1)[0])
    uncut = np.bincount(source, minlength=len(forest))[source] == 1
    for name in ("n_model_tokens", "n_obs_tokens"):
        changed[name] = np.where(uncut, getattr(forest, name)[source], -1)
    if tokens is not None:
        start = np.append(tokens.start[source], tokens.total)
        changed["tokens"] = replace(tokens, start=start)
    return forest.with_columns(
        parent=[piece.parent for piece in laid],
        node_id=[ids[one.source] if one.end == END else f"{ids[one.source]}:{one.end}" for one in laid],
        columns={name: np.where(last, held[source], np.nan) for name, held in forest.columns.items()},
        claimed={name: np.where(last, held[source], np.nan) for name, held in forest.claimed.items()},
        node_extra={row: extra[one.source] for row, one in enumerate(laid) if one.end == END and one.source in extra},
        **changed,
    )


def _slice(text: str, piece: Piece) -> str:
    return text[piece.start :] if piece.end == END else text[piece.start : piece.end]
