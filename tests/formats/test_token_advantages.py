"""Tables with an advantage for each token and no steps: what they claim, found again, or why it cannot be."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from treecore.analysis.audit import Audit, audit
from treecore.cli import main
from treecore.core.batch import Forests
from treecore.core.forest import Forest, TokenTable
from treecore.errors import FormatError
from treecore.exports import export
from treecore.formats import read, read_with_report
from treecore.formats.token_advantages import NO_STEPS, STEPS

KEPT = ("prompt", "uid", "completion", "reward", "completion_ids", "completion_mask", "advantages")
Row = dict[str, Any]


def grown(rng: np.random.Generator, name: str) -> Forest:
    """Trees of four steps each way down, of other tokens in every step."""
    parent, reward = list[int](), list[float]()

    def grow(above: int, depth: int) -> None:
        row = len(parent)
        parent.append(above)
        reward.append(float(rng.random() < 0.4) if depth == 4 else np.nan)
        for _ in range(0 if depth == 4 else rng.integers(1, 4)):
            grow(row, depth + 1)

    for _ in range(2):
        grow(-1, 0)
    n = len(parent)
    start = np.concatenate([[0], np.cumsum(rng.integers(4, 9, size=n))])
    tokens = TokenTable(start=start, id=np.arange(start[-1]))
    texts = [f"step {row}, " for row in range(n)]
    return Forest(parent=parent, reward=reward, text=texts, tokens=tokens, prompt=name, id=name)


@pytest.fixture(scope="module")
def forests() -> list[Forest]:
    rng = np.random.default_rng(4)
    return [grown(rng, name) for name in "abc"]


def exported(forests: list[Forest], method: str, folder: Path) -> list[Row]:
    """The rows that a trainer has: what says which steps they share is left out."""
    export(forests, "training", folder / "rows.jsonl", credit=method)
    rows = map(json.loads, (folder / "rows.jsonl").read_bytes().splitlines())
    return [{name: row[name] for name in KEPT} for row in rows]


def as_lines(rows: list[Row]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


def as_parquet(rows: list[Row]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file.getvalue()


def as_csv(rows: list[Row]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(
        {name: json.dumps(value) if isinstance(value, list) else value for name, value in row.items()} for row in rows
    )
    return file.getvalue().encode()


def found_in(data: bytes) -> Audit:
    (found,) = audit(Forests(read(data)))
    return found


@pytest.mark.parametrize("write", [as_lines, as_parquet, as_csv])
@pytest.mark.parametrize(
    "method", ["grpo", "opo", "lambda_grpo", "spo_tree", "treerl", "treerl_paper", "tree_diff", "tempo", "deepsearch"]
)
def test_the_method_of_token_advantages_is_found(
    forests: list[Forest], method: str, write: Callable[[list[Row]], bytes], tmp_path: Path
) -> None:
    found = found_in(write(exported(forests, method, tmp_path)))
    assert found.explained
    assert not found.differences
    assert method == found.best.method or method in dict(found.equal)


def test_answers_share_the_steps_that_they_had(forests: list[Forest], tmp_path: Path) -> None:
    """And end with the words with which they did."""
    report = read_with_report(as_lines(exported(forests, "spo_tree", tmp_path)))
    assert STEPS in report.notes.guessed
    for found, forest in zip(report.forests, forests, strict=True):
        assert found.n_trees == forest.n_trees
        assert len(found.leaves) == len(forest.leaves)
        assert found.topology.is_fork.any()
        said = {"".join(forest.text[row] for row in forest.topology.path(int(leaf))) for leaf in forest.leaves}
        assert {found.text[leaf] for leaf in found.leaves} == said


def answer(advantages: list[float | None], reward: float = 1.0, **more: Any) -> Row:
    return {"prompt": "1+1?", "completion": "it is 2", "reward": reward, "advantages": advantages, **more}


def test_steps_end_where_those_of_another_with_the_same_beginning_do() -> None:
    """The second answer has one advantage all along, but the first two tokens are a step of the first."""
    rows = [answer([0.5, 0.5, 0, 0], completion_ids=[1, 2, 3, 4]), answer([0.5] * 4, completion_ids=[1, 2, 5, 6])]
    (forest,) = read(as_lines(rows))
    assert forest.parent.tolist() == [-1, 0, 0]
    assert forest.claimed["advantage"].tolist() == [0.5, 0, 0.5]


def test_without_ids_no_step_is_shared() -> None:
    (forest,) = read(as_lines([answer([0.5, 0.5, 0, 0]), answer([0.5, 0.5, 0, 0, -0.5, -0.5])]))
    assert forest.parent.tolist() == [-1, 0, -1, 2, 3]
    assert forest.n_model_tokens.tolist() == [2] * 5
    np.testing.assert_array_equal(forest.claimed["advantage"], [0.5, 0, 0.5, 0, -0.5])


def test_turns_keep_their_words_where_they_are_the_stretches_of_the_model() -> None:
    said = [("assistant", "first"), ("tool", "4"), ("assistant", "second")]
    chat = [{"role": role, "content": text} for role, text in said]
    row = answer([0.5, 0.5, 0, 0, -1, -1], completion=chat, completion_mask=[1, 1, 0, 0, 1, 1])
    (forest,) = read(as_lines([row, answer([0.25, 0.25], 0.0, completion_mask=[1, 1])]))
    assert list(forest.text) == ["first", "second", "it is 2"]
    assert forest.observation[0] == "4"
    assert forest.claimed["advantage"].tolist() == [0.5, -1, 0.25]


def test_advantages_of_a_learned_value_say_why_they_cannot_be_audited(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(as_lines([answer([0.5, 0.4, 0.3]), answer([-0.1, -0.2, 0.1], 0.0)]))
    (forest,) = read(path)
    assert not forest.claimed
    assert forest.node_extra[0]["token_advantages"] == [0.5, 0.4, 0.3]
    said = CliRunner().invoke(main, ["audit", str(path)])
    assert said.exit_code == 0
    assert said.output.splitlines() == [f"cannot be audited: {NO_STEPS}"]
    assert json.loads(CliRunner().invoke(main, ["audit", str(path), "--json"]).output)["not_audited"] == [NO_STEPS]


def test_rows_that_are_turns_keep_the_advantages_that_all_their_tokens_have() -> None:
    rows = [answer([0.5, 0.5, 0, 0], sample=1), answer([0.25, 0.25], sample=1)]
    columns = {"prompt": "prompt", "answer": "completion", "advantage": "advantages", "rollout": "sample"}
    report = read_with_report(as_lines(rows), columns=columns)
    np.testing.assert_array_equal(report.forests[0].claimed["advantage"], [np.nan, 0.25])
    assert report.notes.dropped == {"advantages that change inside a turn": 1}


def test_chats_with_token_advantages() -> None:
    def chat(advantages: list[float], reward: float) -> Row:
        said = [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}]
        return {"messages": said, "reward": reward, "advantages": advantages}

    found = found_in(as_lines([chat([0.5, 0.5], 1), chat([-0.5, -0.5, -0.5], 0)]))
    assert (found.best.method, found.explained) == ("dr_grpo", True)
    (forest,) = read(as_lines([chat([0.5, 0.5, 0, 0], 1), chat([-0.5, -0.5, -0.5], 0)]))
    assert forest.claimed["advantage"].tolist() == [0.5, 0, -0.5]


@pytest.mark.parametrize("ids", [[1, 2, 3], [1, 2, 3, 2**63], [1, 2, 3, -1], [1, 2, 3, 0.5], "abcd"])
def test_what_cannot_be_the_ids_of_the_tokens_is_kept_as_it_came(ids: object) -> None:
    (forest,) = read(as_lines([answer([0.5, 0.5, 0.5, 0.5], completion_ids=ids), answer([0, 0, 0, 0], 0.0)]))
    assert forest.tokens is None
    assert forest.node_extra[0]["completion_ids"] == ids
    assert forest.claimed["advantage"].tolist() == [0.5, 0]


def test_more_steps_than_a_file_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREECORE_MAX_MEMORY", "300000")
    rows = [answer([float(n // 2 % 2) for n in range(8000)], prompt=str(q)) for q in range(4)]
    with pytest.raises(FormatError, match="would take more than"):
        read(as_lines(rows))
