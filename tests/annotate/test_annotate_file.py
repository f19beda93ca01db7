"""Annotations into files: whole lines only, the order of the input, and broken runs that go on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from asked import FORESTS, POLICY, Asked

import treecore as tc
from treecore.annotate import Annotation, annotate_file
from treecore.errors import FormatError, MethodError

WORK = Annotation("monte_carlo", {"k": 2}, task=Asked(), model=POLICY)


def test_the_file_holds_every_forest_in_order(tmp_path: Path) -> None:
    path = tmp_path / "out.forest.jsonl"
    summary = annotate_file(FORESTS, path, WORK)
    found = tc.read(path)
    assert [forest.id for forest in found] == [forest.id for forest in FORESTS]
    assert all("mc_value" in forest.columns for forest in found)
    assert summary.forests == 3
    assert summary.continuations == sum(one.provenance["annotations"][-1]["trajectories"] for one in found)
    assert summary.steps == sum(int((~one.topology.is_leaf).sum()) - one.n_trees + 1 for one in FORESTS)
    assert path.read_bytes().count(b"\n") == 3


@pytest.mark.parametrize("cut", ["between lines", "inside a line", "inside the first line"])
def test_a_broken_run_goes_on(tmp_path: Path, cut: str) -> None:
    path = tmp_path / "out.forest.jsonl"
    annotate_file(FORESTS, path, WORK)
    whole = tc.read(path)
    data = path.read_bytes()
    lines = data.splitlines(keepends=True)
    path.write_bytes(
        data[: {"between lines": len(lines[0]), "inside a line": len(lines[0]) + 100, "inside the first line": 50}[cut]]
    )
    calls: list[int] = []
    summary = annotate_file(FORESTS, path, WORK, resume=True, on_progress=lambda one: calls.append(one.prompts))
    assert summary.forests == 3
    assert set(calls) == {3 if cut == "inside the first line" else 2}
    assert [forest.digest for forest in tc.read(path)] == [forest.digest for forest in whole]


def test_a_stopped_run_goes_on_and_a_finished_one_has_nothing_to_do(tmp_path: Path) -> None:
    path = tmp_path / "out.forest.jsonl"
    assert annotate_file(FORESTS, path, WORK, should_stop=lambda: True).forests == 0
    assert annotate_file(FORESTS, path, WORK, resume=True).forests == 3
    data = path.read_bytes()
    assert annotate_file(FORESTS, path, WORK, resume=True).forests == 3
    assert path.read_bytes() == data


def test_what_is_there_is_replaced_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "out.forest.jsonl"
    annotate_file(FORESTS, path, WORK)
    data = path.read_bytes()
    path.write_bytes(data[:-30])
    with pytest.raises(FormatError, match=r"an unfinished annotation: 2 of 3 forests are there; continue with"):
        annotate_file(FORESTS, path, WORK)
    assert path.read_bytes() == data[:-30]
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"a finished annotation: 3 of 3 forests are there; continue with --resume"):
        annotate_file(FORESTS, path, WORK)
    with pytest.raises(FormatError, match=r"something else than this annotation; write to .*overwrite"):
        annotate_file(FORESTS[:1], path, WORK)
    assert path.read_bytes() == data
    assert annotate_file(FORESTS[:1], path, WORK, overwrite=True).forests == 1
    assert len(tc.read(path)) == 1
    assert annotate_file(FORESTS, path, WORK, resume=True, overwrite=True).forests == 3
    other = Annotation("monte_carlo", {"k": 1}, task=Asked(), model=POLICY)
    with pytest.raises(MethodError, match=r"another annotation, or other forests; .*--overwrite"):
        annotate_file(FORESTS, path, other, resume=True)
    summary = annotate_file(FORESTS, path, other, resume=True, overwrite=True)
    assert summary.continuations == summary.steps > 0
    for text in ("a shopping list\n", '{"prompt":"a","answer":1', '{"prompt":"a","answer":1}'):
        path.write_text(text)
        for how in ({}, {"overwrite": True}, {"resume": True}, {"resume": True, "overwrite": True}):
            with pytest.raises(FormatError):
                annotate_file(FORESTS, path, WORK, **how)
        assert path.read_text() == text


def test_what_is_to_be_replaced_stays_until_the_first_forest_is_annotated(tmp_path: Path) -> None:
    def interrupt() -> bool:
        raise KeyboardInterrupt

    path = tmp_path / "out.forest.jsonl"
    annotate_file(FORESTS, path, WORK)
    data = path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        annotate_file(FORESTS, path, WORK, overwrite=True, should_stop=interrupt)
    assert path.read_bytes() == data


def test_a_last_line_without_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.forest.jsonl"
    annotate_file(FORESTS, path, WORK)
    data = path.read_bytes()
    path.write_bytes(data.removesuffix(b"\n"))
    calls: list[int] = []
    assert annotate_file(FORESTS, path, WORK, resume=True, on_progress=lambda one: calls.append(1)).forests == 3
    assert not calls
    assert path.read_bytes() == data


@pytest.mark.parametrize("count", ["x", None, -1, 2.5])
def test_counts_that_are_none_are_not_known(tmp_path: Path, count: object) -> None:
    path = tmp_path / "out.forest.jsonl"
    annotate_file(FORESTS, path, WORK)
    first, *rest = [json.loads(line) for line in path.read_text().splitlines()]
    first["provenance"]["annotations"][-1]["tokens_computed"] = count
    path.write_text("".join(json.dumps(one) + "\n" for one in (first, *rest)))
    summary = annotate_file(FORESTS, path, WORK, resume=True)
    assert summary.as_json()["tokens_computed"] is None
    assert summary.as_json()["continuations"] > 0


def test_equal_forests_are_each_annotated(tmp_path: Path) -> None:
    path = tmp_path / "out.forest.jsonl"
    assert annotate_file([FORESTS[0], FORESTS[0]], path, WORK).forests == 2
    first, second = tc.read(path)
    assert first.digest == second.digest


def test_other_work_is_refused_and_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.forest.jsonl"
    annotate_file(FORESTS[:2], path, WORK)
    data = path.read_bytes()
    for forests, work in (
        (FORESTS, Annotation("monte_carlo", {"k": 3}, task=Asked(), model=POLICY)),
        (FORESTS[1:], WORK),
    ):
        with pytest.raises(MethodError, match="another annotation, or other forests"):
            annotate_file(forests, path, work, resume=True)
    with pytest.raises(MethodError, match="no token ids"):
        annotate_file([FORESTS[0].with_columns(tokens=None)], path, WORK, overwrite=True)
    assert path.read_bytes() == data


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no such folder"):
        annotate_file(FORESTS, tmp_path / "no" / "out.forest.jsonl", WORK)
    with pytest.raises(FormatError, match="line by line"):
        annotate_file(FORESTS, tmp_path / "out.forest.json", WORK)
