"""Forests written for other programs, read back by those programs' own readers."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pyarrow.parquet as pq
import pytest

import treecore as tc
from treecore.bundled import samples
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.tool_calls import recorded_calls
from treecore.errors import FormatError, MethodError
from treecore.exports import EXPORTS, export
from treecore.exports.registry import made_of
from treecore.exports.training import training


@pytest.fixture(scope="module")
def forests() -> list[Forest]:
    return tc.rollout(task="multihop", model="tiny", sampler="random_expansion", prompts=3, m=2, n=2, l=1, seed=3)


def rows_of(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return list(pq.read_table(path).to_pylist())
    if path.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(path.read_text(), newline="")))
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("ending", [".parquet", ".jsonl"])
@pytest.mark.parametrize("method", ["grpo", "tree_grpo", "sibling", "gigpo", "reinforce_pp", "treerl"])
def test_a_row_a_trajectory(forests: list[Forest], method: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"rows{ending}"
    made = export(forests, "training", path, credit=method)
    rows = rows_of(path)
    leaves = [(forest, int(leaf)) for forest in forests for leaf in np.flatnonzero(forest.topology.is_leaf)]
    assert len(rows) == len(leaves) == made.size
    for row, (forest, leaf) in zip(rows, leaves, strict=True):
        table, steps = forest.tokens, [step for step in forest.topology.path(leaf) if not forest.is_prompt[step]]
        assert table is not None
        assert table.id is not None
        at = np.concatenate([np.arange(table.start[step], table.start[step + 1]) for step in steps])
        assert row["completion_ids"] == table.id[at].tolist()
        assert row["completion_mask"] == table.is_model[at].astype(int).tolist()
        lengths = {len(row[name]) for name in ("completion_mask", "old_per_token_logps", "advantages", "copies")}
        assert lengths == {len(at)}
        assert all(
            advantage == 0 for advantage, own in zip(row["advantages"], row["completion_mask"], strict=True) if not own
        )
        assert row["completion"] == "".join(forest.text[step] + forest.observation[step] for step in steps)
        assert row["reward"] == forest.reward[leaf]


def test_the_advantage_of_a_trajectory_is_on_all_its_tokens(forests: list[Forest], tmp_path: Path) -> None:
    credit = tc.credit(forests, "tree_grpo")
    export(forests, "training", tmp_path / "x.jsonl", credit=credit)
    expected = credit.leaves["advantage"][np.flatnonzero(credit.forests.topology.is_leaf)]
    for row, advantage in zip(rows_of(tmp_path / "x.jsonl"), expected, strict=True):
        own = {value for value, mine in zip(row["advantages"], row["completion_mask"], strict=True) if mine}
        assert [*own] == [pytest.approx(advantage)]


def test_copies_undo_what_shared_tokens_count_twice(forests: list[Forest], tmp_path: Path) -> None:
    export(forests, "training", tmp_path / "x.jsonl", credit="sibling")
    rows = rows_of(tmp_path / "x.jsonl")
    assert sum(1 / copies for row in rows for copies in row["copies"]) == pytest.approx(
        sum(forest.tokens.total for forest in forests if forest.tokens is not None)
    )


@pytest.mark.parametrize("kind", [kind for kind, entry in EXPORTS.items() if entry.in_parts])
def test_a_step_and_what_follows_it_is_a_part_of_the_whole(kind: str, forests: list[Forest], tmp_path: Path) -> None:
    """Rows are those of the whole file, but for `copies`, which counts rows of this one."""
    forest, credit, ending = forests[0], tc.credit(forests, "tree_grpo").of(0), EXPORTS[kind].endings[0]
    row = int(forest.topology.children(int(np.flatnonzero(forest.is_prompt)[0]))[0])
    node, beneath = str(forest.node_id[row]), {str(forest.node_id[one]) for one in forest.topology.subtree(row)}

    def written(**part: Any) -> list[dict[str, Any]]:
        path = tmp_path / f"{len(part)}{ending}"
        made = export([forest], kind, path, credit=credit, overwrite=True, **part)
        text = io.StringIO(path.read_text() if ending == ".csv" else "", newline="")
        rows = list(csv.DictReader(text)) if ending == ".csv" else rows_of(path)
        assert len(rows) == made.size
        for one in rows:
            if "copies" in one:
                del one["copies"]
        return rows

    name = next(name for name in ("leaf", "id_chosen", "id") if name in written()[0])
    inside = beneath - ({node} if kind == "pairs" else set())
    expected = [one for one in written() if one[name] in inside]
    assert repr(written(node=node)) == repr(expected)
    assert len(expected) < len(written())


def test_copies_count_rows_of_the_part(forests: list[Forest], tmp_path: Path) -> None:
    forest = forests[0]
    leaf = int(forest.leaves[0])
    export([forest], "training", tmp_path / "x.jsonl", credit="sibling", node=forest.node_id[leaf])
    (row,) = rows_of(tmp_path / "x.jsonl")
    assert (row["leaf"], set(row["copies"])) == (str(forest.node_id[leaf]), {1})


def test_a_part_of_what_shows_whole_forests_is_refused(forests: list[Forest], tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="'svg' shows whole forests; leave the step out, or export training or pairs"):
        export(forests[:1], "svg", tmp_path / "x.svg", node="0")
    with pytest.raises(MethodError, match="a step of one forest, and here are 3"):
        export(forests, "steps", tmp_path / "x.csv", node="0")


@pytest.mark.parametrize("ending", EXPORTS["steps"].endings)
def test_steps_are_read_by_pandas(ending: str, forests: list[Forest], tmp_path: Path) -> None:
    import pandas as pd

    readers: dict[str, Any] = {".parquet": pd.read_parquet, ".csv": pd.read_csv, ".jsonl": pd.read_json}
    credit = tc.credit(forests, "tree_grpo")
    export(forests, "steps", tmp_path / f"s{ending}", credit=credit)
    table = readers[ending](tmp_path / f"s{ending}", **({"lines": True} if ending == ".jsonl" else {}))
    assert len(table) == sum(map(len, forests))
    assert table["credit"].to_numpy() == pytest.approx(credit.credit, nan_ok=True)
    assert table["reward"].to_numpy() == pytest.approx(np.concatenate([one.reward for one in forests]), nan_ok=True)


def test_names_of_verl(forests: list[Forest], tmp_path: Path) -> None:
    export(forests, "training", tmp_path / "x.jsonl", credit="grpo", shape="verl")
    assert {"responses", "response_mask", "old_log_probs", "advantages", "uid"} <= set(rows_of(tmp_path / "x.jsonl")[0])


def test_without_tokens_the_steps_have_the_signal(tmp_path: Path) -> None:
    forest = Forest(parent=[-1, -1], text=["a", "b"], reward=[1.0, 0.0], prompt="q")
    made = export(forest, "training", tmp_path / "x.parquet", credit="grpo")
    first, second = rows_of(tmp_path / "x.parquet")
    assert made.notes == ("2 trajectories have no recorded tokens; use steps and step_advantages",)
    assert first["completion_ids"] is None
    assert (first["steps"], first["prompt"], first["uid"]) == (["a"], "q", "0")
    assert first["step_advantages"][0] == -second["step_advantages"][0] > 0


def test_pairs(tmp_path: Path) -> None:
    forest = Forest(
        parent=[-1, 0, 1, 1, 0, 0],
        text=["", "plan", "x", "y", "other", "other"],
        prompt="q:",
        reward=[np.nan, np.nan, 1.0, 0.0, 0.0, 1.0],
    )
    made = export(forest, "pairs", tmp_path / "p.jsonl")
    rows = [(r["prompt"], r["chosen"], r["rejected"], r["gap"], r["n_chosen"]) for r in rows_of(tmp_path / "p.jsonl")]
    assert sorted(rows) == [
        ("q:", "other", "plan", 0.5, 1),
        ("q:", "plan", "other", 0.5, 2),
        ("q:plan", "x", "y", 1.0, 1),
    ]
    assert made.notes == ("1 pair of equal words is left out",)
    export(forest, "pairs", tmp_path / "q.jsonl", gap=0.6)
    assert len(rows_of(tmp_path / "q.jsonl")) == 1


def calling() -> Forest:
    """A step that only calls a tool, and after its answer a call and a word."""
    calls = [{"tool_calls": [{"id": "x", "function": {"name": "add", "arguments": f'{{"a": {n}}}'}}]} for n in (1, 2)]
    return Forest(
        parent=[-1, 0, 0], text=["", "", "three"], reward=[np.nan, 1.0, 0.0], prompt="1+1?",
        observation=["2", "3", ""], node_extra={0: calls[0], 1: calls[1]}, extra={"system": "Use add."},
    )  # fmt: skip


def test_pairs_of_text_leave_out_calls_that_stand_beside_it(tmp_path: Path) -> None:
    made = export(calling(), "pairs", tmp_path / "p.parquet")
    assert made.size == 0
    assert made.notes == ("1 pair with tool calls beside the words is left out; set form=messages to have them",)
    assert rows_of(tmp_path / "p.parquet") == []
    with pytest.raises(MethodError, match="messages are written as JSON lines"):
        export(calling(), "pairs", tmp_path / "q.parquet", form="messages")


def test_pairs_of_messages_hold_calls_and_answers(tmp_path: Path) -> None:
    export(calling(), "pairs", tmp_path / "p.jsonl", form="messages")
    (row,) = rows_of(tmp_path / "p.jsonl")

    def call(n: int) -> list[dict[str, Any]]:
        return [{"type": "function", "function": {"name": "add", "arguments": {"a": n}}}]

    assert row["prompt"] == [
        {"role": "system", "content": "Use add."},
        {"role": "user", "content": "1+1?"},
        {"role": "assistant", "content": "", "tool_calls": call(1)},
        {"role": "tool", "content": "2"},
    ]
    assert row["chosen"] == [{"role": "assistant", "content": "", "tool_calls": call(2)}]
    assert row["rejected"] == [{"role": "assistant", "content": "three"}]
    (back,) = tc.read(tmp_path / "p.jsonl")
    assert back.node_extra[0]["tool_calls"] == call(2)
    assert back.reward.tolist() == [1.0, 0.0]


def test_calls_that_differ_are_different_words(tmp_path: Path) -> None:
    forest = calling()
    other = {"tool_calls": [{"function": {"name": "add", "arguments": {"a": 9}}}]}
    alike = forest.with_columns(text=["", "", ""], node_extra={**forest.node_extra, 2: other})
    assert export(alike, "pairs", tmp_path / "p.jsonl", form="messages").size == 1
    same = alike.with_columns(node_extra={**forest.node_extra, 2: forest.node_extra[1]})
    made = export(same, "pairs", tmp_path / "q.jsonl", form="messages")
    assert (made.size, made.notes) == (0, ("1 pair of equal words is left out",))


def test_labelled_steps_leave_out_calls_that_stand_beside_the_words(tmp_path: Path) -> None:
    made = export(calling(), "stepwise", tmp_path / "s.jsonl")
    assert made.size == 0
    assert made.notes == ("2 trajectories with tool calls beside the words are left out, as a labelled step is a text",)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("reachable", [[True, True], [True, False]]),
        ("half", [[False, True], [False, False]]),
        ("sign", [[True, True], [True, False]]),
    ],
)
def test_stepwise(labels: str, expected: list[list[bool]], tmp_path: Path) -> None:
    forest = Forest(parent=[-1, 0, 0, 0], text=["plan", "x", "y", "z"], reward=[np.nan, 1.0, 0.0, np.nan], prompt="q")
    export(forest, "stepwise", tmp_path / "s.jsonl", credit="sibling", labels=labels)
    rows = rows_of(tmp_path / "s.jsonl")
    assert [row["completions"] for row in rows] == [["plan", "x"], ["plan", "y"]]
    assert [row["labels"] for row in rows] == expected


def test_calls_beside_the_words_are_in_tables_and_graphs_and_told_of_rows_to_train_on(tmp_path: Path) -> None:
    forest = calling()
    said = [str(call) for row in range(len(forest)) for call in recorded_calls(forest.node_extra.get(row, {}))]
    export(forest, "csv", tmp_path / "s.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "s.csv").read_text(), newline="")))
    assert [row["calls"] for row in rows if row["calls"]] == said
    export(forest, "graphml", tmp_path / "g.graphml")
    graph = nx.read_graphml(tmp_path / "g.graphml")
    assert [calls for _, calls in graph.nodes(data="calls") if calls] == said
    made = export(forest, "training", tmp_path / "t.jsonl", credit="grpo")
    assert "2 trajectories have tool calls beside the words, which texts here do not hold" in made.notes


def test_labels_that_tell_nothing_are_told(tmp_path: Path) -> None:
    forest = Forest(parent=[-1, 0, 0], text=["plan", "x", "y"], reward=[np.nan, 0.8, 0.4], prompt="q")
    made = export(forest, "stepwise", tmp_path / "s.jsonl")
    said = "all steps are labelled false; none is part of a trajectory that earns the full reward"
    assert made.notes == (said,)
    assert export(forest, "stepwise", tmp_path / "h.jsonl", labels="half").notes == ()


def test_csv_has_no_formulas(tmp_path: Path) -> None:
    forest = Forest(parent=[-1, 0], text=["=1+1", 'a,"b"\nc'], reward=[np.nan, 1.0], prompt="q")
    export(forest, "csv", tmp_path / "s.csv", credit="sibling")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "s.csv").read_text(), newline="")))
    assert [row["text"] for row in rows] == ["'=1+1", 'a,"b"\nc']
    assert rows[0]["reward"] == ""


@pytest.mark.parametrize("ids", [[0, 1, 2, 3], ["root", "nan", "2", "three"]], ids=["numbers", "texts"])
@pytest.mark.parametrize("ending", [".jsonl", ".parquet", ".csv"])
def test_parents_are_the_ids_of_their_rows(ids: list[Any], ending: str, tmp_path: Path) -> None:
    forest = Forest(parent=[-1, 0, 0, 1], text=["", "a", "b", "c"], reward=[np.nan, np.nan, 1.0, 0.0], node_id=ids)
    kind, path = "csv" if ending == ".csv" else "steps", tmp_path / f"steps{ending}"
    export(forest, kind, path, credit="sibling")
    rows = rows_of(path)
    names = [str(name) for name in ids]
    assert [row["id"] for row in rows] == names
    assert [row["parent"] for row in rows] == ["" if ending == ".csv" else None, names[0], names[0], names[1]]
    assert {row["n_obs_tokens"] for row in rows} == {"" if ending == ".csv" else None}


def test_graphml_is_read_by_networkx(forests: list[Forest], tmp_path: Path) -> None:
    forest = forests[0].with_columns(prompt="a\x00b < & \ufffe")
    export(forest, "graphml", tmp_path / "g.graphml", credit="tree_grpo")
    graph = nx.read_graphml(tmp_path / "g.graphml")
    assert graph.number_of_nodes() == len(forest)
    assert graph.graph["prompt"] == "a\ufffdb < & \ufffd"
    leaf = str(forest.node_id[forest.leaves[0]])
    assert graph.nodes[leaf]["reward"] == forest.reward[forest.leaves[0]]
    assert "credit" in graph.nodes[leaf]


def test_graphml_keeps_steps_apart_whose_ids_xml_cannot_hold(tmp_path: Path) -> None:
    nodes = [{"id": "\x01", "parent": None}, {"id": "\x02", "parent": "\x01"}, {"id": "\ufffd~2", "parent": "\x02"}]
    (forest,) = tc.read(json.dumps({"format": "treecore/1", "nodes": nodes}).encode())
    export([forest], "graphml", tmp_path / "g.graphml")
    graph = nx.read_graphml(tmp_path / "g.graphml")
    assert sorted(graph.nodes) == ["\ufffd", "\ufffd~2", "\ufffd~2~2"]
    assert graph.number_of_edges() == 2


@pytest.mark.parametrize(
    ("kind", "ending"),
    [(kind, ending) for kind, entry in EXPORTS.items() if kind != "png" for ending in entry.endings],
)
def test_an_export_of_a_changed_forest_says_so_inside(kind: str, ending: str, tmp_path: Path) -> None:
    """A picture is drawn from the same figure as `svg`."""
    recorded, changes = tc.read(samples()["by_hand"].path)[0], "flip:f3,prune:c1"
    for forest, clause in ((recorded, ""), (tc.edit(recorded, changes), f"not as recorded, changed by {changes}")):
        path = tmp_path / f"{len(clause)}{ending}"
        made = export(forest, kind, path, credit="tree_grpo")
        assert "".join(one for one in made.notes if one.startswith("not as recorded")) == clause
        if kind in ("html", "svg", "graphml"):
            told = {"html": "changed by flip:f3", "svg": "changed · ", "graphml": changes}[kind]
            assert (told in path.read_text(encoding="utf-8")) == bool(clause)
            continue
        table = io.StringIO(path.read_text(), newline="") if ending == ".csv" else None
        rows = rows_of(path) if table is None else list(csv.DictReader(table))
        assert {row.get("edited") for row in rows} == {changes if clause else None}


def test_several_changed_forests_are_counted() -> None:
    changed = tc.edit(tc.read(samples()["by_hand"].path)[0], "flip:f3")
    made = made_of(EXPORTS["csv"], Forests([changed, changed]), None, ".csv", {})
    assert made.notes == ("2 forests are not as recorded: they were changed",)


@pytest.mark.parametrize("kind", list(EXPORTS))
def test_what_cannot_be_written(kind: str, forests: list[Forest], tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="is not written to a file like this; end it in"):
        export(forests, kind, tmp_path / "x.xyz", credit="grpo")
    path = tmp_path / f"x{EXPORTS[kind].endings[0]}"
    path.write_text("mine")
    with pytest.raises(FormatError, match="there is such a file"):
        export(forests[:1], kind, path, credit="grpo")
    assert path.read_text() == "mine"
    export(forests[:1], kind, path, credit="grpo", overwrite=True)
    assert path.read_bytes() != b"mine"


def test_a_kind_that_needs_credit_says_so(forests: list[Forest], tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="'training' needs credit; name a method with --method"):
        export(forests, "training", tmp_path / "x.jsonl")
    with pytest.raises(MethodError, match="has no parameter 'color'"):
        export(forests, "pairs", tmp_path / "x.jsonl", color="red")


@pytest.mark.parametrize("method", ["grpo", "tree_grpo", "reinforce_pp", "lambda_grpo", "tempo", "toolpo"])
def test_a_trajectory_that_nobody_scored_has_no_weight(method: str) -> None:
    forest = tc.read(samples()["mcts"].path)[0]
    credit, table = tc.credit(forest, method), forest.tokens
    assert table is not None
    given = np.zeros(len(forest))
    rows = [json.loads(line) for line in b"".join(training(Forests(forest), credit, ".jsonl").chunks).splitlines()]
    for row in rows:
        leaf = forest.row(row["leaf"])
        path = forest.topology.path(leaf)
        places = np.concatenate([np.arange(table.start[step], table.start[step + 1]) for step in path])
        weights, is_model = np.array(row["advantages"]), table.is_model[places]
        assert np.isnan(forest.reward[leaf]) <= (not weights.any())
        np.add.at(given, table.node[places[is_model]], weights[is_model])
    steps = (forest.parent >= 0) & (forest.n_model_tokens > 0)
    wanted = credit.nodes["gradient_weight"][steps] * forest.n_model_tokens[steps]
    assert np.isnan(forest.reward[forest.leaves]).any()
    assert given[steps] == pytest.approx(np.nan_to_num(wanted))


@pytest.mark.parametrize("method", ["lambda_grpo", "tempo", "toolpo"])
def test_a_method_that_weighs_each_token_is_exported_where_the_tool_answered(method: str) -> None:
    forest = tc.read(samples()["surprisal"].path)[0]
    credit, table = tc.credit(forest, method), forest.tokens
    assert credit.tokens is not None
    assert table is not None
    rows = [json.loads(line) for line in b"".join(training(Forests(forest), credit, ".jsonl").chunks).splitlines()]
    for row in rows:
        path = forest.topology.path(forest.row(row["leaf"]))
        places = np.concatenate([np.arange(table.start[step], table.start[step + 1]) for step in path])
        wanted = np.where(table.is_model[places], np.nan_to_num(credit.tokens.value[places]), 0.0)
        assert row["advantages"] == pytest.approx(wanted.tolist())


def test_messages_of_the_prompt_keep_their_calls(tmp_path: Path) -> None:
    call = {"id": "c1", "function": {"name": "add", "arguments": '{"a": 1}'}}
    kept: list[dict[str, Any]] = [
        {"role": "user", "content": "1+1?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "2", "tool_call_id": "c1", "name": "add"},
    ]
    forest = Forest(parent=[-1, -1], text=["two", "three"], reward=[1.0, 0.0], prompt="x", extra={"messages": kept})
    export(forest, "pairs", tmp_path / "p.jsonl", form="messages")
    (row,) = rows_of(tmp_path / "p.jsonl")
    written = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": {"a": 1}}}
    assert row["prompt"] == [kept[0], {"role": "assistant", "content": None, "tool_calls": [written]}, kept[2]]


def test_an_empty_list_of_messages_is_no_prompt(tmp_path: Path) -> None:
    forest = Forest(parent=[-1, -1], text=["two", "three"], reward=[1.0, 0.0], prompt="1+1?", extra={"messages": []})
    export(forest, "pairs", tmp_path / "p.jsonl", form="messages")
    (row,) = rows_of(tmp_path / "p.jsonl")
    assert row["prompt"] == [{"role": "user", "content": "1+1?"}]


def test_the_words_of_a_sibling_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def words_of(forest: Forest, row: int, form: str) -> str:
        made.append(row)
        return forest.text[row]

    monkeypatch.setattr("treecore.exports.pairs.words_of", words_of)
    forest = Forest(parent=[-1] * 9, text=list("abcdefghi"), reward=np.arange(9.0) / 9)
    assert export(forest, "pairs", tmp_path / "p.jsonl").size == 36
    assert made == list(range(9))
