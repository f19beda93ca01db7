"""Trees of searches and trainers: OpenR, treetune, TreeLog, TreeRL, Tree-GRPO, landscape-of-thoughts, loom."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from cases import DATA

from treecore.core.columns import Status
from treecore.core.forest import Forest
from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report
from treecore.methods import compute

NAN = np.nan


def one(case: str, name: str, kind: str) -> Forest:
    """The only forest of a file that is read by a format."""
    report = read_with_report(DATA / case / name)
    assert report.format == kind
    (forest,) = report.forests
    return forest


def test_openr_nested() -> None:
    forest = one("openr", "question_0.json", "openr")
    assert (forest.prompt, forest.reference, forest.prompts.tolist()) == ("What is 3*4+2?", "14", [0])
    assert list(forest.text) == ["", "3*4=12", "3*4=7", "\n7+2=9", "\nNo: 12."]
    assert forest.parent.tolist() == [-1, 0, 0, 2, 2]
    assert forest.columns["mc_value"].tolist() == [0.75, 1, 0.25, 0, 0.5]
    np.testing.assert_array_equal(forest.reward, [NAN, 1, NAN, 0, NAN])


def test_openr_values_are_what_methods_read() -> None:
    forest = one("openr", "question_0.json", "openr")
    credit = compute(forest, "vineppo").nodes["credit"]
    assert credit[1:4].tolist() == [0.25, -0.5, -0.25]
    assert compute(forest, "math_shepherd", values="monte_carlo").nodes["label"][1:].tolist() == [1, 1, 0, 1]


def test_openr_prefixes_become_a_tree() -> None:
    forest = one("openr_prefixes", "question_1.json", "openr")
    assert list(forest.text) == ["", "\n3*4=12", "\n3*4=7", "\n7+2=9"]
    assert forest.parent.tolist() == [-1, 0, 0, 2]
    assert forest.columns["mc_value"].tolist() == [0.75, 1, 0.25, 0]
    assert np.argsort(forest.born).tolist() == [0, 2, 1, 3]


def test_treetune() -> None:
    forest = one("treetune", "inference_results.jsonl", "treetune")
    plain = one("treetune_plain", "0.json", "treetune")
    assert (forest.prompt, forest.reference) == ("What is 3*4+2?", "14")
    assert plain.prompt == "[Q] What is 3*4+2?\n[A] "
    for found in (forest, plain):
        assert list(found.text) == ["", "3*4=12\n", "12+2=14", "12+2=1"]
        assert found.parent.tolist() == [-1, 0, 1, 1]
        np.testing.assert_array_equal(found.reward, [NAN, NAN, 1, 0])
        np.testing.assert_array_equal(found.columns["mc_value"], [0.5, 0.5, NAN, NAN])
        np.testing.assert_array_equal(found.claimed["advantage"], [NAN, 0, 0.5, -0.5])
        assert found.status.tolist()[2:] == [Status.TERMINATED, Status.TRUNCATED]
        assert found.n_model_tokens.tolist() == [-1, 5, 4, 3]
    assert forest.extra["_treetune__candidate_answers"] == ["14"]
    credit = compute(forest, "vineppo").nodes["credit"]
    assert credit[1:].tolist() == [0, 0.5, -0.5]


def test_tree_log_is_a_replay() -> None:
    forest = one("tree_log", "log.json", "tree_log")
    assert forest.prompt == "What is 3*4+2?"
    assert list(forest.text) == ["", "3*4=12", "12+2=14", "3*4=7"]
    assert list(forest.node_id) == [7, 8, 10, 9]
    assert forest.parent.tolist() == [-1, 0, 1, 0]
    assert forest.born.tolist() == [0, 0, 2, 1]
    np.testing.assert_array_equal(forest.columns["q"], [NAN, 0.8, 1, 0.6])
    np.testing.assert_array_equal(forest.columns["turn_reward"], [NAN, 0.5, 1, 0.1])
    assert [row for row, extra in forest.node_extra.items() if extra.get("selected")] == [1, 2]
    assert np.isnan(forest.reward).all()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"0": {"q": "a", "n": 1}, "1": {"q": "b", "a": "c"}}, "b\nc"),
        ({"step": 3, "blocks": "on the table"}, "on the table"),
        (None, ""),
        ("said", "said"),
    ],
)
def test_what_a_state_says(data: Any, text: str) -> None:
    node = {"1": {"id": 1, "data": data, "selected_edge": None}}
    (forest,) = read(json.dumps({"logs": [{"nodes": node, "edges": {}}]}).encode())
    assert forest.prompt == text


def test_forks_inside_a_step_cut_it() -> None:
    forest = one("treerl_forks", "trees.jsonl", "treerl_forks")
    assert forest.n_trees == 2
    assert list(forest.text) == ["3*4=", "12, 14", "13", "11", ", 13", " or 3", "14"]
    assert forest.parent.tolist() == [-1, 0, 0, 0, 3, 3, -1]
    tokens = forest.tokens
    assert tokens is not None
    assert tokens.id is not None
    assert tokens.logprob is not None
    assert tokens.id.tolist() == [5, 9, 7, 3, 8, 6, 4, 2, 1]
    assert tokens.logprob.tolist() == [-0.1, -0.2, -1.5, -0.3, -2.0, -2.5, -0.25, -0.5, -0.5]
    assert forest.status.tolist() == [-1, 1, 1, -1, 2, 1, 1]


def fork(*nodes: dict[str, Any]) -> bytes:
    plain = {"token_ids": [1, 2], "token_strs": ["a", "b"], "log_probs": [-1, -1], "parent_node_split_idx": None}
    return json.dumps([[{**plain, **node} for node in nodes]]).encode()


def test_forks_at_the_ends_of_a_step() -> None:
    below = {"parent_node_idx": 0, "token_strs": ["c", "d"]}
    (forest,) = read(fork({}, {**below, "parent_node_split_idx": 0}))
    assert (list(forest.text), forest.parent.tolist()) == (["ab", "cd"], [-1, -1])
    (forest,) = read(fork({"score": 0.5}, {**below, "parent_node_split_idx": 2, "score": 1}))
    assert (list(forest.text), forest.parent.tolist()) == (["ab", "cd"], [-1, 0])
    np.testing.assert_array_equal(forest.reward, [NAN, 1])
    assert forest.columns["score"].tolist() == [0.5, 1]


def test_forks_that_are_not_there() -> None:
    with pytest.raises(FormatError, match='tree 1, node 1: "parent_node_split_idx" is 3'):
        read(fork({}, {"parent_node_idx": 0, "parent_node_split_idx": 3}))
    with pytest.raises(FormatError, match='node 0: "parent_node_idx" is 0, not the number of a node before it'):
        read(fork({"parent_node_idx": 0}))
    with pytest.raises(FormatError, match="have 1, 2 and 2 values"):
        read(fork({"token_ids": [1]}))


def test_treerl_nested() -> None:
    forest = one("treerl_nested", "entropy_tree.jsonl", "treerl_nested")
    assert list(forest.text) == ["", "3*4=", "12", "13"]
    np.testing.assert_array_equal(forest.reward, [NAN, NAN, 0.5, -0.5])
    assert forest.node_extra[2]["main_chain"] is True
    assert forest.tokens is not None
    assert forest.tokens.start.tolist() == [0, 0, 2, 3, 4]


def test_treerl_samples() -> None:
    forest = one("treerl_samples", "run.jsonl", "treerl_samples")
    assert (forest.prompt, forest.reference, list(forest.text)) == ("What is 3*4+2?", "14", ["3*4=12, 14", "15"])


def test_tree_grpo() -> None:
    forest = one("tree_grpo", "nodes.jsonl", "tree_grpo_nodes")
    assert forest.n_trees == 2
    assert list(forest.text) == ["", "3*4=12", "<answer>14</answer>", "<answer>15</answer>", "", "<answer>14</answer>"]
    assert forest.parent.tolist() == [-1, 0, 1, 1, -1, 4]
    np.testing.assert_array_equal(forest.reward, [NAN, NAN, 1, 0, NAN, 1])
    np.testing.assert_array_equal(forest.columns["inner_tree_advantage"], [NAN, NAN, 0.71, -0.71, NAN, NAN])


def test_landscape_of_thoughts() -> None:
    forest = one("landscape_of_thoughts", "trace.json", "landscape_of_thoughts")
    assert (forest.prompt, forest.reference, forest.task) == ("What is 3*4+2?", "A", "aqua")
    assert list(forest.text) == ["3*4=12.", "So A.", "3*4=13.", "So B.", "I do not know."]
    np.testing.assert_array_equal(forest.reward, [NAN, 1, NAN, 0, NAN])
    assert forest.policy == {"name": "Llama-3.1-8B", "method": "cot"}


def test_loom() -> None:
    forest = one("loom", "story.json", "loom")
    assert (forest.prompt, list(forest.node_id)) == ("Once upon a time", ["r", "a", "c", "b"])
    assert list(forest.text) == ["", " there was", " a tree.", " a tree"]
    assert forest.parent.tolist() == [-1, 0, 1, 0]
    tokens = forest.tokens
    assert tokens is not None
    assert tokens.text == (" there", " was")
    assert tokens.start.tolist() == [0, 0, 2, 2, 2]


def test_a_deep_file_needs_no_recursion() -> None:
    node: dict[str, Any] = {"text": "end", "mc_value": 1.0, "children": []}
    for _ in range(450):
        node = {"text": "x", "mc_value": 0.5, "children": [node]}
    (forest,) = read(json.dumps({"question": "q", "reasoning_steps": node}).encode())
    assert forest.topology.depth.max() == 450
    with pytest.raises(FormatError, match="nested more than"):
        read(b'{"question": "q", "reasoning_steps": ' + b'{"mc_value": 1, "children": [' * 5000 + b"]}" * 5000 + b"}")
