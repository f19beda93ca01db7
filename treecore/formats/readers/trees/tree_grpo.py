"""Tree-GRPO: a node a row, as the function in docs/hooks.md writes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from treecore.errors import FormatError
from treecore.formats.fields import first_of, needed, number_in
from treecore.formats.native_values import shown
from treecore.formats.notes import Notes
from treecore.formats.readers.trees.graph import PROMPTS, Edge, Graph, rollouts_of
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import as_text, row_keys, rows
from treecore.formats.source import Source

KEYS = frozenset({"uid", "tree_uid", "node_uid", "parent_uid"})
OUTCOME = "original_score"
CLAIM = "advantage"
USED = KEYS | {"depth", "is_leaf", OUTCOME, CLAIM}


def looks_like_tree_grpo(source: Source) -> bool:
    """Rows of nodes with ids of prompt, tree, node and parent."""
    return row_keys(source) >= KEYS


@rollout_format(
    name="tree_grpo_nodes",
    title="Tree-GRPO nodes",
    extensions=(".jsonl", ".parquet"),
    detect=looks_like_tree_grpo,
    written_by="Tree-GRPO with the function in the documentation of hooks; a node a line",
    lost="`depth`, which follows from the tree",
    fields=KEYS,
)
def read_tree_grpo(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A tree for each `tree_uid`; those of one `uid` are a group. Rows of a tree may stand in any order."""
    trees: dict[tuple[str, str], tuple[Graph, str]] = {}
    for fields, where in rows(source):
        key = (as_text(needed(fields, "uid", where=where)), as_text(needed(fields, "tree_uid", where=where)))
        graph, _ = trees.setdefault(key, (Graph({}, [], {}, directed=True), where))
        name = as_text(needed(fields, "node_uid", where=where))
        if name in graph.nodes:
            raise FormatError(f"two nodes of a tree have the id {shown(name)}", where=where, todo="rename one")
        if asked := first_of(fields, PROMPTS):
            graph.data.setdefault(asked, fields[asked])
        graph.nodes[name] = _node(fields, where)
        if fields.get("parent_uid") is not None:
            graph.edges.append(Edge(as_text(fields["parent_uid"]), name, {}))
    for (group, _), (graph, where) in trees.items():
        for rollout in rollouts_of(graph, notes, where):
            rollout.group = group
            yield rollout
    notes.recognise("the original score of last steps as the reward")


def _node(fields: dict[str, Any], where: str) -> dict[str, Any]:
    """Its own fields, named as those of a graph."""
    node = {name: value for name, value in fields.items() if name not in USED and name not in PROMPTS}
    if (score := number_in(fields, OUTCOME, where=where)) is not None:
        node["reward"] = score
    if (advantage := number_in(fields, CLAIM, where=where)) is not None:
        node["credit"] = {CLAIM: advantage}
    return node
