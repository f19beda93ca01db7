"""TreeRL: what its trainer can write of a tree (`openrlhf/trainer/ppo_utils`), and its rows of samples.

In `serialize_tree_list` a child may leave its parent after any token; the parent is cut there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from treecore.core.builder import StepTokens
from treecore.core.columns import Status
from treecore.core.numerals import counted
from treecore.core.transforms import END, cut_tokens, lay_out
from treecore.errors import FormatError
from treecore.formats.fields import list_in, needed, number_in, wrong
from treecore.formats.messages import asked
from treecore.formats.notes import Notes
from treecore.formats.readers.trees.fields import keep
from treecore.formats.readers.trees.nested import walk
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout, Turn
from treecore.formats.rows import as_text, rest_of, row_keys, row_kinds, rows
from treecore.formats.source import Source
from treecore.formats.token_lists import ids_in, numbers_in, step_tokens

SAMPLES = frozenset({"prompt", "response", "label"})
NESTED = frozenset({"answer", "answer_token", "terminal"})
LISTS = re.compile(rb"\s*\[\s*\[\s*\{")
FORK = b'"parent_node_split_idx"'
LOOKED_AT = 1 << 24
"""Bytes in which the name of a field is looked for."""
USED = frozenset(
    {"token_ids", "token_strs", "log_probs", "total_str", "parent_node_idx", "parent_node_split_idx", "finish_reason"}
    | {"mask", "is_end", "score", "binary_score"}
)


def looks_like_forks(source: Source) -> bool:
    """Lists of lists of nodes that say at which token they leave their parent."""
    return source.starts_with(LISTS) and source.data.find(FORK, 0, LOOKED_AT) >= 0


@rollout_format(
    name="treerl_forks",
    title="TreeRL trees with forks",
    extensions=(".jsonl", ".json"),
    detect=looks_like_forks,
    written_by="TreeRL: `json.dumps(serialize_tree_list(tree_lists))`, see the documentation of hooks",
    lost="the mask of tokens at which no fork was wanted; the prompt is not in the file",
)
def read_forks(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A group a document, a rollout a tree; steps end where children leave."""
    for document in source.documents():
        if not isinstance(document.value, list):
            raise wrong("trees", document.value, "a list of trees", where=document.where)
        for number, tree in enumerate(document.value):
            where = f"{document.where}, tree {number + 1}"
            if not isinstance(tree, list):
                raise wrong("trees", tree, "a list of nodes", where=where)
            if tree:
                yield Rollout(prompt="", turns=_cut(tree, where), group=document.where, where=where)
    notes.guess("each document holds the trees of one prompt, which it does not say")


class Node(NamedTuple):
    """One node of the file; `parent` and `fork` as `lay_out` has them."""

    fields: dict[str, Any]
    tokens: StepTokens
    parent: int
    fork: int
    where: str


def _cut(tree: Sequence[Any], where: str) -> list[Turn]:
    """Steps of a tree, cut where children leave."""
    nodes: list[Node] = []
    for number, fields in enumerate(tree):
        place = f"{where}, node {number}"
        if not isinstance(fields, dict):
            raise wrong("trees", fields, "a list of objects", where=place)
        nodes.append(_node(fields, nodes, place))
    laid = lay_out([node.parent for node in nodes], [node.fork for node in nodes])
    inner = {piece.parent for piece in laid}
    turns = []
    for number, piece in enumerate(laid):
        node = nodes[piece.source]
        tokens = cut_tokens(node.tokens, piece.start, piece.end)
        turn = Turn(text="".join(tokens.text), parent=piece.parent, tokens=tokens if len(tokens) else None)
        if not node.tokens.text and piece.end == END and piece.start == 0:
            turn.text = as_text(node.fields.get("total_str")) if node.parent < 0 else ""
        if piece.end == END:
            _end(turn, node, number not in inner)
        turns.append(turn)
    return turns


def _node(fields: dict[str, Any], before: Sequence[Node], where: str) -> Node:
    texts = list_in(fields, "token_strs", where=where)
    if not all(isinstance(text, str) for text in texts):
        raise wrong("token_strs", texts, "a list of texts", where=where)
    ids, logprobs = ids_in(fields, "token_ids", where=where), numbers_in(fields, "log_probs", where=where)
    lengths = {len(column) for column in (ids, texts, logprobs) if column}
    if len(lengths) > 1:
        raise FormatError(
            f'"token_ids", "token_strs" and "log_probs" have {len(ids):,}, {len(texts):,} and {len(logprobs):,} values',
            where=where,
            todo="give each token one of each",
        )
    plain = step_tokens(ids, logprobs, entropy=(), names="token_ids, log_probs", where=where)
    tokens = StepTokens(id=ids, text=texts, logprob=() if plain is None else plain.logprob)
    above, fork = fields.get("parent_node_idx"), fields.get("parent_node_split_idx")
    if above is None:
        return Node(fields, tokens, -1, END, where)
    if not isinstance(above, int) or isinstance(above, bool) or not 0 <= above < len(before):
        raise wrong("parent_node_idx", above, "the number of a node before it", where=where)
    size = len(before[above].tokens)
    if fork is None:
        fork = size
    if not isinstance(fork, int) or isinstance(fork, bool) or not 0 <= fork <= size:
        raise wrong("parent_node_split_idx", fork, f"a number of its parent's {counted(size, 'token')}", where=where)
    if fork == 0:
        return Node(fields, tokens, before[above].parent, before[above].fork, where)
    return Node(fields, tokens, above, END if fork == size else fork, where)


def _end(turn: Turn, node: Node, is_leaf: bool) -> None:
    """What a file says of a node belongs to its last piece."""
    fields, where = node.fields, node.where
    for name in ("score", "binary_score"):
        if (score := number_in(fields, name, where=where)) is not None:
            turn.columns[name] = score
            if is_leaf:
                turn.reward = score
    if (reason := fields.get("finish_reason")) is not None:
        turn.extra["finish_reason"] = reason
        if is_leaf:
            turn.status = Status.TRUNCATED if reason == "length" else Status.TERMINATED
    keep(turn, fields, USED)


def looks_like_nested(source: Source) -> bool:
    """An object with an answer, its tokens, and whether it is an end."""
    return row_keys(source) >= NESTED


@rollout_format(
    name="treerl_nested",
    title="TreeRL nested trees",
    extensions=(".jsonl", ".json"),
    detect=looks_like_nested,
    written_by="TreeRL: `convert_to_json(root)` of `build_into_tree_format`",
    lost="`depth` and counts of ends, which follow from the tree; the prompt is not in the file",
    fields=NESTED | {"R", "main_chain", "accumulated_value"},
)
def read_nested(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A tree a row; its root, which has no words, stands for the prompt."""
    used = {"answer", "answer_token", "R", "depth", "children", "finish_reason", "terminal_in_subtree"}
    for fields, where in rows(source):
        turns = []
        for node in walk(fields, "children", where=where):
            ids = ids_in(node.fields, "answer_token", where=node.where)
            turn = Turn(text=as_text(node.fields.get("answer")), parent=node.above)
            turn.tokens = StepTokens(id=ids) if ids else None
            if (score := number_in(node.fields, "R", where=node.where)) is not None and node.fields.get("terminal"):
                turn.columns["R"] = score
                turn.reward = score if node.is_leaf else turn.reward
            if node.is_leaf and (reason := node.fields.get("finish_reason")) is not None:
                turn.status = Status.TRUNCATED if reason == "length" else Status.TERMINATED
            keep(turn, node.fields, used | {"correct_terminal_in_subtree"})
            turns.append(turn)
        yield Rollout(prompt="", turns=turns, group=where, where=where)
    notes.recognise("R of ends as the reward; TreeRL may have taken the mean of the other ends off it")


def looks_like_samples(source: Source) -> bool:
    """Rows of a prompt, a response and the expected answer."""
    kinds = row_kinds(source)
    return kinds.keys() >= SAMPLES and kinds["response"] == "text" and kinds["label"] == "text"


@rollout_format(
    name="treerl_samples",
    title="TreeRL samples",
    extensions=(".jsonl",),
    detect=looks_like_samples,
    written_by="TreeRL: `logs/samplings/<run>.jsonl`; rows of prompt, response, label",
    fields=SAMPLES,
)
def read_samples(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a row; rows of a prompt are a group. Nothing is scored in such files."""
    for fields, where in rows(source):
        prompt, extra = asked(needed(fields, "prompt", where=where))
        turn = Turn(text=as_text(fields.get("response")))
        reference = as_text(fields.get("label"))
        rollout = Rollout(prompt=prompt, turns=[turn], reference=reference, prompt_extra=extra, where=where)
        yield rollout.keep(rest_of(fields, SAMPLES))
    notes.recognise("label as the expected answer")
