"""GraphML, as networkx, yEd and Gephi write it. A document type or an entity is refused: neither is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.parsers import expat

from treecore.errors import FormatError
from treecore.formats.limits import MAX_DEPTH
from treecore.formats.native_values import shown
from treecore.formats.notes import Notes
from treecore.formats.readers.trees.graph import Edge, Graph, rollouts_of
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.source import Source

START = re.compile(rb"\s*(?:<[?!].{0,4000}?)?<(?:\w+:)?graphml[\s>]", re.S)
LABELS = ("NodeLabel", "EdgeLabel")
"""Elements in which yEd writes the text of a node or an edge."""
TRUE, FALSE = ("true", "1"), ("false", "0")


class Key(NamedTuple):
    """A declared attribute."""

    name: str
    kind: str


class Builder:
    """Handlers of an XML parser that collect graphs."""

    def __init__(self, source: Source, parser: expat.XMLParserType) -> None:
        self.name, self.parser, self.account = source.name, parser, source.account
        self.keys: dict[str, Key] = {}
        self.defaults: dict[tuple[str, str], Any] = {}
        self.graphs: list[Graph] = []
        self.holders: list[dict[str, Any]] = []
        self.path: list[str] = []
        self.key, self.scope = "", ""
        self.words: list[str] = []
        self.labels: list[str] = []
        self.depth_of_data = 0
        parser.StartElementHandler, parser.EndElementHandler = self.start, self.end
        parser.CharacterDataHandler = self.words.append
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = self.refuse
        parser.buffer_text = True

    @property
    def where(self) -> str:
        return f"{self.name}, line {self.parser.CurrentLineNumber}"

    def refuse(self, *_: Any) -> None:
        """A document type or an entity."""
        raise FormatError(
            "a document type or an entity, which this reader does not take", where=self.where, todo="take it out"
        )

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        self.path.append(tag)
        if len(self.path) > MAX_DEPTH:
            raise FormatError(f"elements {MAX_DEPTH:,} deep", where=self.where, todo="flatten it")
        self.words.clear()
        if self.depth_of_data:
            return
        if tag == "key":
            self.key = attributes.get("id", "")
            self.scope = attributes.get("for", "all")
            kind = attributes.get("attr.type", "string")
            self.keys[self.key] = Key(attributes.get("attr.name", self.key), kind)
        elif tag == "graph" and "graph" not in self.path[:-1]:
            self.graphs.append(Graph({}, [], {}, attributes.get("edgedefault") != "undirected"))
            self.holders.append(self.graphs[-1].data)
        elif tag == "graph":
            self.holders.append({})
        elif tag == "node" and self.graphs:
            self._node(self._needed(attributes, "id"))
        elif tag == "edge" and self.graphs:
            edge = Edge(self._needed(attributes, "source"), self._needed(attributes, "target"), {})
            self.graphs[-1].edges.append(edge)
            self.holders.append(edge.data)
        elif tag == "data":
            self.key, self.depth_of_data = attributes.get("key", ""), len(self.path)
            self.labels.clear()

    def _node(self, name: str) -> None:
        if name in self.graphs[-1].nodes:
            raise FormatError(f"two nodes have the id {shown(name)}", where=self.where, todo="rename one")
        self.graphs[-1].nodes[name] = {}
        self.holders.append(self.graphs[-1].nodes[name])

    def _needed(self, attributes: dict[str, str], name: str) -> str:
        if name not in attributes:
            raise FormatError(f'an element <{self.path[-1]}> without "{name}"', where=self.where, todo="add it")
        return attributes[name]

    def end(self, tag: str) -> None:
        tag = self.path.pop()
        text = "".join(self.words)
        self.words.clear()
        if self.depth_of_data and len(self.path) >= self.depth_of_data:
            if tag in LABELS:
                self.labels.append(text.strip())
        elif tag == "data":
            self.depth_of_data = 0
            self._data(text)
        elif tag == "default" and self.path[-1:] == ["key"]:
            key = self.keys[self.key]
            self.defaults[self.scope, key.name] = self._typed(text, key)
        elif tag in ("graph", "node", "edge") and self.holders:
            self._fill(self.holders.pop(), tag)

    def _data(self, text: str) -> None:
        if not self.holders:
            return
        if self.labels:
            self.holders[-1].setdefault("label", "\n".join(filter(None, self.labels)))
            return
        key = self.keys.get(self.key, Key(self.key, "string"))
        if text or key.kind == "string":
            self.holders[-1][key.name] = self._typed(text, key)

    def _fill(self, holder: dict[str, Any], tag: str) -> None:
        """Put the defaults of declared attributes where there is no value."""
        for (scope, name), value in self.defaults.items():
            if scope in (tag, "all"):
                holder.setdefault(name, value)

    def _typed(self, text: str, key: Key) -> Any:
        """The text of a value as its declared kind.

        Raises:
            FormatError: it is not of that kind.
        """
        word = text.strip()
        try:
            if key.kind == "boolean" and word.lower() in TRUE + FALSE:
                return word.lower() in TRUE
            if key.kind in ("int", "long"):
                return int(word[:40])
            if key.kind in ("float", "double"):
                number = float(word)
                return number if abs(number) != float("inf") else None
        except ValueError:
            pass
        if key.kind in ("boolean", "int", "long", "float", "double"):
            raise FormatError(f'"{key.name}" is {shown(text)}, not {key.kind}', where=self.where, todo="correct it")
        return text


def looks_like_graphml(source: Source) -> bool:
    """XML whose first element is `graphml`."""
    return source.starts_with(START)


@rollout_format(
    name="graphml",
    title="GraphML",
    extensions=(".graphml", ".xml"),
    detect=looks_like_graphml,
    written_by="`networkx.write_graphml`, `treecore export` as `graphml`, yEd, Gephi, with edges from parent to child",
    lost="how nodes are drawn, hyperedges and ports",
)
def read_graphml(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A forest for each graph of the file, a tree for each of its roots."""
    source.account.afford(4 * len(source.data), source.name, what="its graphs")
    parser = expat.ParserCreate("utf-8")
    builder = Builder(source, parser)
    try:
        parser.Parse(bytes(source.data), True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise FormatError(
            f"not XML ({reason})", where=f"{source.name}, line {error.lineno}", todo="write the file again"
        ) from None
    for number, graph in enumerate(builder.graphs):
        where = source.name if len(builder.graphs) == 1 else f"{source.name}, graph {number + 1}"
        yield from rollouts_of(graph, notes, where)
    notes.recognise("edges lead from a step to the next")
