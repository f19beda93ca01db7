"""The index of a folder: its numbers are those of the forests, it follows the files, and asking changes nothing."""

from __future__ import annotations

import gzip
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from treecore.cli import main
from treecore.core.forest import Forest
from treecore.errors import FormatError
from treecore.formats import write
from treecore.library import Index, index_path, refresh
from treecore.library.facts import COLUMNS, facts
from treecore.library.opening import open_forest, open_forests, stamp
from treecore.library.scan import read_together
from treecore.methods import COMPARED


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREECORE_CACHE", str(tmp_path / "cache"))


def forest(name: str, rewards: list[float], **more: object) -> Forest:
    texts = [f"answer {n}" for n in range(len(rewards))]
    return Forest(parent=[-1, *[0] * len(rewards)], text=["", *texts], reward=[np.nan, *rewards], id=name, **more)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    (folder / "deep").mkdir(parents=True)
    write([forest("a", [1.0, 0.0]), forest("b", [1.0, 1.0], prompt="which zebra?")], folder / "1.forest.jsonl")
    write([forest("c", [0.0, 0.5, 1.0, 1.0])], folder / "deep" / "2.forest.json")
    rows = [{"input": "q", "output": t, "score": s, "step": 7} for t, s in (("x", 1.0), ("y", 0.0), ("x", 0.0))]
    (folder / "7.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "notes.txt").write_text("nothing")
    return folder


def scanned(run: Path) -> Index:
    index = Index(index_path(run))
    refresh(run, index, workers=1)
    return index


def column(index: Index, name: str) -> list[object]:
    return [row[0] for row in index.query(f'SELECT "{name}" FROM forests ORDER BY file, number').rows]


def test_numbers(run: Path) -> None:
    index = scanned(run)
    assert column(index, "file") == ["1.forest.jsonl", "1.forest.jsonl", "7.jsonl", "deep/2.forest.json"]
    assert column(index, "leaves") == [2, 2, 3, 4]
    assert column(index, "pass_rate") == [0.5, 1.0, pytest.approx(1 / 3), 0.5]
    assert column(index, "outcome_entropy") == [1.0, 0.0, pytest.approx(0.9183, abs=1e-4), 1.5]
    assert column(index, "distinct_answers") == [2, 2, 2, 4]
    assert column(index, "training_step") == [None, None, 7, None]
    assert column(index, "flags") == [[], ["zero-variance-group"], [], []]
    assert column(index, "tokens") == [None] * 4
    assert column(index, "values")[0] == [0.5, 1.0, 0.0]
    assert index.query("SELECT id FROM forests WHERE words ILIKE '%zebra%'").rows == [("b",)]


def test_rewards_that_are_equal_up_to_rounding_are_no_signal() -> None:
    (row,) = facts([Forest(parent=[-1, 0, 0], reward=[np.nan, 0.1 + 0.2, 0.3])], COMPARED)
    assert row["flags"] == ["zero-variance-group"]
    assert row["outcome_entropy"] == 0.0


def test_answers_given_by_a_call_are_counted_and_found() -> None:
    calls = {row: {"tool_calls": [{"name": "submit", "arguments": {"answer": row}}]} for row in (1, 2)}
    (row,) = facts([Forest(parent=[-1, 0, 0], reward=[np.nan, 1, 0], node_extra=calls)], COMPARED)
    assert row["distinct_answers"] == 2
    assert "submit" in row["words"]


def test_two_methods_are_compared() -> None:
    tree = Forest(parent=[-1, 0, 1, 1, 0], reward=[np.nan, np.nan, 1.0, 0.0, 0.0], text=["", *"abcd"])
    (row,) = facts([tree], COMPARED)
    assert 0 < row["sign_disagreement"] < 1 or row["sign_disagreement"] == 0
    assert row["credit_spread"] > 0
    assert set(row) | {"file", "number", "start", "length", "pieces", "mark"} == {entry.name for entry in COLUMNS}


def test_separate_answers_count_as_the_tree_of_their_beginnings() -> None:
    flat = Forest([-1, -1, -1], text=["a\nb\nx", "a\nb\ny", "a\nc\nx"], reward=[1.0, 0.0, 1.0], prompt="q")
    (row,) = facts([flat], COMPARED)
    assert (row["trees"], row["leaves"], row["steps"], row["depth"], row["distinct_answers"]) == (1, 3, 6, 3, 2)
    assert row["parents"] == [-1, 0, 1, 2, 2, 1, 5]
    assert row["words"].splitlines() == ["q", "a", "b", "x", "y", "c"]


def test_what_was_answered_to_a_step_can_be_searched() -> None:
    called = Forest([-1, 0], text=["look up x", "done"], observation=["nothing found", ""], reward=[np.nan, 1.0])
    (row,) = facts([called], COMPARED)
    assert row["words"].splitlines() == ["", "look up x → nothing found", "done"]


def test_claims_that_do_not_recompute_are_counted() -> None:
    claim = np.array([np.nan, 9.0, -1.0])
    (row,) = facts([forest("a", [1.0, 0.0], claimed={"rloo": claim})], COMPARED)
    assert (row["claims"], row["claims_differ"], row["flags"]) == (2, 1, ["claimed-credit"])
    (row,) = facts([forest("a", [1.0, 0.0], claimed={"advantage": claim})], COMPARED)
    assert (row["claims"], row["claims_differ"]) == (2, None)


def test_advantages_of_a_trainer_are_compared_with_what_gives_most_of_them() -> None:
    centred = [forest(name, [1.0, 0.0], claimed={"advantage": np.array([np.nan, 0.5, -0.5])}) for name in "abc"]
    wrong = forest("d", [1.0, 0.0], claimed={"advantage": np.array([np.nan, 0.5, 0.7])})
    rows = facts([*centred, wrong], COMPARED)
    assert [row["claims_differ"] for row in rows] == [0, 0, 0, 1]
    assert rows[-1]["flags"] == ["claimed-credit"]


def test_only_what_changed_is_read_again(run: Path) -> None:
    index = scanned(run)
    again = refresh(run, index, workers=1)
    assert (again.files, again.kept) == (0, 4)
    write([forest("a", [0.0, 0.0])], run / "1.forest.jsonl", overwrite=True)
    (run / "7.jsonl").unlink()
    os.utime(run / "1.forest.jsonl", ns=(1, 1))
    last = refresh(run, index, workers=1)
    assert (last.files, last.kept, last.gone) == (1, 2, 1)
    assert column(index, "id") == ["a", "c"]


def test_several_processes_find_the_same(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = column(scanned(run), "mean_reward")
    monkeypatch.setattr("treecore.library.scan.FEW", 0)
    other = Index(run.parent / "other.duckdb")
    assert refresh(run, other, workers=2).files == 4
    assert column(other, "mean_reward") == rows


def test_a_file_that_cannot_be_read_is_told_and_spoils_nothing(run: Path) -> None:
    (run / "bad.forest.json").write_text('{"format": "treecore/1", "nodes": [{"id": 0, "parent": 5}]}')
    index = scanned(run)
    assert len(column(index, "id")) == 4
    ((name, error),) = index.query("SELECT file, error FROM files WHERE error <> ''").rows
    assert name == "bad.forest.json"
    assert "there is no node 5" in error


def test_a_pickle_is_refused_here_too(run: Path) -> None:
    (run / "rows.pkl").write_bytes(b"\x80\x04N.")
    index = scanned(run)
    ((name, error),) = index.query("SELECT file, error FROM files WHERE error <> ''").rows
    assert name == "rows.pkl"
    assert "opening one can run any code" in error


def test_the_files_of_an_archive_are_those_of_a_folder(run: Path) -> None:
    rows = [{"rollout_id": str(n), "reward": float(n), "prompt": "p", "response": f"way {n}"} for n in (0, 1)]
    (run / "step_3").mkdir()
    with zipfile.ZipFile(run / "step_3" / "train_trajectories.jsonl.zip", "w") as archive:
        archive.writestr("train_trajectories.jsonl", "\n".join(map(json.dumps, rows)))
        archive.writestr("bad.forest.json", '{"format": "treecore/1", "nodes": [{"id": 0, "parent": 5}]}')
    index = scanned(run)
    asked = "SELECT file, number, place, training_step, mean_reward FROM forests WHERE file LIKE '%.zip'"
    ((file, number, place, step, reward),) = index.query(asked).rows
    assert (place, step, reward) == (f"{file}/train_trajectories.jsonl, line 1", 3, 0.5)
    assert open_forest(run, index, file, number).text == ("way 0", "way 1")
    ((error,),) = index.query("SELECT error FROM files WHERE error <> ''").rows
    assert "there is no node 5" in error


def test_what_was_written_before_a_stop_stays(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treecore.library.scan.BLOCK", 1)
    index = Index(index_path(run))

    def stop(progress: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh(run, index, workers=1, on_progress=stop)
    assert column(index, "id") == ["a", "b"]
    assert refresh(run, index, workers=1).kept == 1


def test_forests_open_from_the_list(run: Path) -> None:
    index = scanned(run)
    for file, number, name in index.query("SELECT file, number, id FROM forests").rows:
        assert open_forest(run, index, file, number).id == name
    assert column(index, "start")[:2] == [0, (run / "1.forest.jsonl").read_bytes().index(b"\n") + 1]
    write([forest("z", [1.0, 0.0])], run / "deep" / "2.forest.json", overwrite=True)
    with pytest.raises(FormatError, match="the file has changed since it was indexed"):
        open_forest(run, index, "deep/2.forest.json", 0)
    with pytest.raises(FormatError, match="no forest 99 of this file is in the library"):
        open_forest(run, index, "7.jsonl", 99)
    (run / "1.forest.jsonl").unlink()
    with pytest.raises(FormatError, match=r"^1\.forest\.jsonl: the file has changed since"):
        open_forest(run, index, "1.forest.jsonl", 0)


@pytest.mark.parametrize("stored", [lambda data: b"\xef\xbb\xbf" + data, gzip.compress])
def test_forests_of_a_file_that_is_not_stored_as_it_reads_open_from_the_list(
    run: Path, stored: Callable[[bytes], bytes]
) -> None:
    file = run / "1.forest.jsonl"
    file.write_bytes(stored(file.read_bytes()))
    index = scanned(run)
    assert [open_forest(run, index, file.name, number).id for number in range(2)] == ["a", "b"]


def test_rows_that_begin_with_what_python_writes_beyond_json_are_indexed(run: Path) -> None:
    file = run / "7.jsonl"
    file.write_text(file.read_text().replace("1.0", "NaN", 1))
    index = scanned(run)
    assert index.query("SELECT leaves, scored FROM forests WHERE file = '7.jsonl'").rows == [(3, 2)]


def test_how_far_reading_is_grows_from_nothing_to_all(run: Path) -> None:
    index = scanned(run)
    places = index.query("SELECT file, number FROM forests ORDER BY file, number").rows
    heard = list[float]()
    open_forests(run, index, places, lambda done, total: heard.append(done / total))
    assert heard[0] == 0
    assert heard == sorted(heard)
    assert len({round(share, 6) for share in heard}) > len({file for file, _ in places})
    assert heard[-1] <= 1


@pytest.mark.parametrize("file", ["1.forest.jsonl", "deep/2.forest.json", "7.jsonl"])
def test_what_hears_of_progress_can_end_the_reading_of_one_file(run: Path, file: str) -> None:
    index, heard = scanned(run), list[float]()

    def tell(done: int, total: int) -> None:
        heard.append(done)
        if done:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        open_forests(run, index, [(file, 0)], tell)
    assert heard[0] == 0


def test_the_stamp_of_a_file_is_another_once_it_was_read_anew(run: Path) -> None:
    index = scanned(run)
    before = {file: stamp(index, file) for file in index.files()}
    scanned(run)
    assert {file: stamp(index, file) for file in before} == before
    write([forest("z", [1.0, 0.0])], run / "deep" / "2.forest.json", overwrite=True)
    scanned(run)
    assert [file for file in before if stamp(index, file) != before[file]] == ["deep/2.forest.json"]


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE forests",
        "DELETE FROM forests",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "ATTACH '/tmp/other.duckdb'",
        "COPY forests TO '/tmp/copied.csv'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SELECT nothing FROM forests",
        "not a question",
        " -- nothing",
    ],
)
def test_a_question_can_only_read_the_index(run: Path, sql: str) -> None:
    index = scanned(run)
    with pytest.raises(FormatError) as caught:
        index.query(sql)
    assert "\n" not in str(caught.value)
    assert len(column(index, "id")) == 4


def test_the_commands(run: Path) -> None:
    runner = CliRunner()
    told = runner.invoke(main, ["query", str(run), "select count(*) as n from forests", "--json"])
    assert json.loads(told.stdout) == [{"n": 4}]
    index_path(run).unlink()
    nowhere = runner.invoke(main, ["query", str(run / "nowhere"), "select 1"])
    assert (nowhere.exit_code, "there is no such folder" in nowhere.stderr) == (1, True)
    made = json.loads(runner.invoke(main, ["library", str(run), "--json", "--workers", "1"]).stdout)
    assert (made["forests_held"], made["trajectories"], made["files"]) == (4, 11, 4)
    assert made["in_no_format"] == 1
    said = runner.invoke(main, ["library", str(run)]).stdout
    assert f"{made['prompts']} prompts" in said
    assert "4 forests, 11 trajectories" in said
    assert "1 file in no known format: notes.txt" in said
    asked = runner.invoke(main, ["query", str(run), "select id, pass_rate from forests order by id", "--json"])
    assert json.loads(asked.stdout)[0] == {"id": "a", "pass_rate": 0.5}
    shown = runner.invoke(main, ["query", str(run), "describe forests"])
    assert "outcome_entropy" in shown.stdout
    wrong = runner.invoke(main, ["library", str(run), "--methods", "grpo"])
    assert wrong.exit_code == 2


def test_files_of_one_rollout_each_may_take_what_their_size_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [{"role": role, "content": "a" * 5000} for role in ("system", "user", "assistant")]
    log = {"trajectory_format": "mini-swe-agent-1", "info": {"submission": "x"}, "messages": said}
    for name in ("a", "b"):
        (tmp_path / f"{name}.traj.json").write_text(json.dumps(log))
    monkeypatch.setattr("treecore.formats.limits.KEPT_BY_SMALL", 0)
    rows = read_together(tmp_path, ["a.traj.json", "b.traj.json"], COMPARED)
    assert [row["trees"] for row in rows] == [1, 1]
