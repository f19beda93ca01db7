"""Graphs: networkx's node-link and tree JSON, GraphML."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from cases import DATA

from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report
from treecore.views.frame import from_networkx, to_networkx

FILES = DATA / "networkx-3.6.1"
TEXTS = [
    "",
    "First 3*4 = 12.\n",
    "12 + 2 = 14 <answer>14</answer>",
    "12 + 2 = 15 & so <b>15</b>",
    '3*4 = 7, "surely"',
    "7 + 2 = 9 é ∑ ",
    "start over 3*4 = 12, 14",
    "Let me guess: 13",
]


@pytest.mark.parametrize(
    "name",
    [
        "node_link_default.json",
        "node_link_links.json",
        "node_link_multi.json",
        "node_link_renamed.json",
        "tree_data.json",
        "tree_data_ident_name.json",
    ],
)
def test_a_tree_in_json(name: str) -> None:
    (forest,) = read(FILES / name)
    assert list(forest.text) == TEXTS
    assert forest.parent.tolist() == [-1, 0, 1, 1, 0, 4, 4, 0]
    assert forest.n_model_tokens.tolist() == [0, 5, 6, 6, 4, 5, 8, 4]
    assert forest.prompts.tolist() == [0]
    assert forest.node_extra[2]["terminal"] is True


@pytest.mark.parametrize("name", ["node_link_default.json", "node_link_renamed.json", "tree.graphml"])
def test_attributes_of_edges_and_graph(name: str) -> None:
    (forest,) = read(FILES / name)
    assert (forest.prompt, forest.reference, forest.extra) == ("What is 3*4+2?", "14", {"name": "sums"})
    np.testing.assert_array_equal(forest.columns["logprob"], [np.nan, -0.3, -0.2, -1.9, -1.5, -0.4, -1.1, -2.25])
    assert forest.node_extra[1]["action"] == "0>1"
    assert list(forest.text) == TEXTS


def test_what_our_own_graphs_hold() -> None:
    import networkx as nx

    (forest,) = read(FILES / "node_link_default.json")
    graph = to_networkx(forest)
    (again,) = read(json.dumps(nx.node_link_data(graph)).encode())
    own = from_networkx(graph)
    for other in (again, own):
        assert list(other.text) == list(forest.text)
        assert other.parent.tolist() == forest.parent.tolist()
        np.testing.assert_array_equal(other.reward, forest.reward)
        np.testing.assert_array_equal(other.columns["logprob"], forest.columns["logprob"])
    assert again.prompt == forest.prompt


def link(nodes: list[Any], edges: list[Any], **more: Any) -> bytes:
    return json.dumps(
        {"directed": True, "multigraph": False, "graph": {}, "nodes": nodes, "edges": edges, **more}
    ).encode()


def test_what_is_no_tree_is_one_sentence() -> None:
    nodes = [{"id": name} for name in "abc"]
    with pytest.raises(FormatError, match='node "c" has more than one parent'):
        read(link(nodes, [{"source": "a", "target": "c"}, {"source": "b", "target": "c"}]))
    with pytest.raises(FormatError, match='node "b" is in a cycle'):
        read(link(nodes, [{"source": "b", "target": "c"}, {"source": "c", "target": "b"}]))
    ring = [{"source": one, "target": other} for one, other in ("ab", "bc", "ca")]
    with pytest.raises(FormatError, match=r'node "[abc]" is in a cycle'):
        read(link(nodes, ring, directed=False))
    with pytest.raises(FormatError, match="a graph without nodes"):
        read(link([], []))
    with pytest.raises(FormatError, match='an edge names "z", which is no node'):
        read(link([{"id": "a"}], [{"source": "a", "target": "z"}]))
    with pytest.raises(FormatError, match='node "a": "reward" is "high", not a number'):
        read(link([{"id": "a", "reward": "high"}], []))


def test_several_roots_are_several_trees() -> None:
    (forest,) = read(link([{"id": "a", "text": "x"}, {"id": "b", "text": "y"}], []))
    assert (forest.n_trees, list(forest.text)) == (2, ["x", "y"])


def test_edges_without_direction() -> None:
    report = read_with_report(
        link(
            [{"id": 2}, {"id": 1}, {"id": 0}], [{"source": 1, "target": 2}, {"source": 0, "target": 1}], directed=False
        )
    )
    assert report.forests[0].parent.tolist() == [-1, 0, 1]
    assert list(report.notes.guessed) == ["edges without direction lead away from the first node"]


def test_an_inner_reward_is_a_column() -> None:
    nodes = [{"id": 0, "reward": 0.5}, {"id": 1, "reward": 1}]
    (forest,) = read(link(nodes, [{"source": 0, "target": 1}]))
    np.testing.assert_array_equal(forest.reward, [np.nan, 1])
    np.testing.assert_array_equal(forest.columns["turn_reward"], [0.5, np.nan])


def test_a_deep_tree_needs_no_recursion() -> None:
    n = 20_000
    forests = read(link([{"id": i} for i in range(n)], [{"source": i, "target": i + 1} for i in range(n - 1)]))
    assert forests[0].topology.depth.max() == n - 1


def test_d3_names_are_texts() -> None:
    (forest,) = read(b'{"name": "a", "children": [{"name": "b"}, {"name": "c", "children": null}]}')
    assert list(forest.text) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "head", ["<!DOCTYPE graphml>", '<!DOCTYPE a [<!ENTITY b "c">]>', '<!DOCTYPE graphml SYSTEM "file:///etc/passwd">']
)
@pytest.mark.parametrize("start", ["", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='cp037'?>"])
def test_document_types_are_refused(head: str, start: str) -> None:
    with pytest.raises(FormatError, match=r"line 1: a document type or an entity"):
        read(f'{start}{head}<graphml><graph><node id="a"/></graph></graphml>'.encode())


def test_graphml_of_yed_and_defaults() -> None:
    (forest,) = read(
        b"""<graphml xmlns:y="x"><key id="d0" for="node" yfiles.type="nodegraphics"/>
        <key id="d1" for="node" attr.name="q" attr.type="double"><default>0.5</default></key>
        <graph edgedefault="directed">
        <node id="n0"><data key="d0"><y:ShapeNode><y:NodeLabel>Try &lt;12</y:NodeLabel></y:ShapeNode></data></node>
        <node id="n1"><data key="d1">0.25</data></node><edge source="n0" target="n1"/></graph></graphml>"""
    )
    assert list(forest.text) == ["Try <12", ""]
    assert forest.columns["q"].tolist() == [0.5, 0.25]


def test_graphml_errors_name_the_line() -> None:
    with pytest.raises(FormatError, match=r"line 2: not XML \(mismatched tag\)"):
        read(b"<graphml>\n<graph></graphml>")
    with pytest.raises(FormatError, match='line 1: "n" is "x", not int'):
        read(
            b'<graphml><key id="a" for="node" attr.name="n" attr.type="int"/><graph><node id="b">'
            b'<data key="a">x</data></node></graph></graphml>'
        )


def test_nodes_stand_as_networkx_reads_them() -> None:
    import networkx as nx

    (forest,) = read(FILES / "tree.graphml")
    graph = nx.read_graphml(io.BytesIO((FILES / "tree.graphml").read_bytes()))
    assert [graph.nodes[name]["text"] or "" for name in map(str, forest.node_id)] == list(forest.text)
