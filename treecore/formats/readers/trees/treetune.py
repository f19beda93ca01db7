"""treetune (VinePPO, SPO): nested trees of `treetune/inference_strategies/tree_inference_strategy.py`.

They stand as text in the column `_treetune__reasoning_tree` of a data set, or alone in `trees/<number>.json`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from treecore.core.columns import Status
from treecore.errors import FormatError
from treecore.formats.fields import number_in, wrong
from treecore.formats.notes import Notes
from treecore.formats.readers.trees.fields import keep
from treecore.formats.readers.trees.nested import Found, walk
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import as_text, rest_of, row_keys, rows
from treecore.formats.source import Source

COLUMN = "_treetune__reasoning_tree"
PLAIN = frozenset({"text", "full_text", "depth", "children"})
QUESTIONS = ("problem", "question", "query")
REFERENCES = ("answer", "gold_answer")
USED = ("text", "full_text", "children", "depth", "num_tokens", "advantage", "finish_reason")
OUTCOMES = ("reward", "score")


def looks_like_treetune(source: Source) -> bool:
    """Rows with the column, or an object that is such a tree."""
    keys = row_keys(source)
    return COLUMN in keys or keys >= PLAIN


@rollout_format(
    name="treetune",
    title="treetune reasoning trees (VinePPO, SPO)",
    extensions=(".jsonl", ".json", ".parquet"),
    detect=looks_like_treetune,
    written_by="VinePPO and SPO: the inference results (`dataset.to_parquet`), or `trees/<number>.json` beside them",
    lost="`full_text`, which is the texts from the root on; `depth`",
    fields=frozenset({COLUMN}) | PLAIN,
)
def read_treetune(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A tree a row; its root stands for the prompt."""
    for fields, where in rows(source):
        tree = fields.get(COLUMN, fields)
        row = rest_of(fields, {COLUMN}) if COLUMN in fields else {}
        yield _rollout(_parsed(tree, source, where), row=row, where=where)
    notes.recognise('rewards of last steps as the reward, of others (means over what follows) as the column "mc_value"')


def _parsed(tree: Any, source: Source, where: str) -> dict[str, Any]:
    if isinstance(tree, str):
        source.account.afford(4 * len(tree), where, what="its tree")
        try:
            tree = orjson.loads(tree)
        except orjson.JSONDecodeError as error:
            raise FormatError(f'"{COLUMN}" is not JSON ({error})', where=where, todo="write the row again") from None
    if not isinstance(tree, dict):
        raise wrong(COLUMN, tree, "a tree as an object, or as JSON", where=where)
    return tree


def _rollout(tree: dict[str, Any], *, row: dict[str, Any], where: str) -> Rollout:
    turns = [_turn(node) for node in walk(tree, "children", where=where)]
    asked = next((row[name] for name in QUESTIONS if row.get(name) is not None), tree.get("text"))
    prompt = as_text(asked)
    if (shown := as_text(tree.get("text"))) != prompt:
        turns[0].extra["prompt"] = shown
    turns[0].text = ""
    return Rollout(
        prompt=prompt,
        turns=turns,
        group=where,
        reference=as_text(next((row[name] for name in REFERENCES if row.get(name) is not None), None)),
        prompt_extra=rest_of(row, {*QUESTIONS, *REFERENCES}),
        where=where,
    )


def _turn(node: Found) -> Turn:
    fields, where = node.fields, node.where
    turn = Turn(text=as_text(fields.get("text")), parent=node.above)
    used = set(USED)
    name = next((name for name in OUTCOMES if number_in(fields, name, where=where) is not None), "")
    if name and (node.is_leaf or name == "reward"):
        value = number_in(fields, name, where=where)
        assert value is not None
        used.add(name)
        if node.is_leaf:
            turn.reward = value
        else:
            turn.columns["mc_value"] = value
    if (advantage := number_in(fields, "advantage", where=where)) is not None:
        turn.claimed["advantage"] = advantage
    count = fields.get("num_tokens")
    if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 2**63:
        turn.n_tokens = count
    if node.is_leaf and (reason := fields.get("finish_reason")) is not None:
        turn.status = Status.TRUNCATED if reason == "length" else Status.TERMINATED
    keep(turn, fields, used)
    return turn
