"""Runs on the disk: what is kept, what goes first, and that names lead nowhere else."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

import treecore as tc
from app.rollout import run_store, worker
from app.rollout.job_queue import Job
from app.rollout.request import Limits, Model, Request
from app.rollout.run_store import About, Shelf, runs_folder
from treecore import quotas
from treecore.bundled import samples

NAME = "abcdefgh_-12"
REQUEST = Request("multihop", "random_expansion", Model("tiny"), "", 3, 0, 1.0, {"m": 2, "n": 2, "l": 1}, limits=None)


def about(phase: str = "running", request: Request = REQUEST) -> About:
    return About(request, "somebody", 1.0, phase)


def forests(*names: str) -> list[Any]:
    return [tc.read(samples()[name].path)[0] for name in names]


def test_a_run_is_found_as_it_was_put(tmp_path: Path) -> None:
    kept = Shelf(tmp_path / "runs")
    early, late = forests("early_fork", "late_fork")
    limited = about(request=Request(**{**vars(REQUEST), "limits": Limits(1, 2, 3.0), "options": {"a": True}}))
    kept.put(NAME, limited)
    tc.write([early], kept.file(NAME))
    kept.put_growing(NAME, [early, late])
    found = kept.find(NAME)
    assert found is not None
    assert (found.about, [one.digest for one in found.forests]) == (limited, [early.digest, late.digest])
    kept.put_growing(NAME, [])
    assert [one.digest for one in kept.find(NAME).forests] == [early.digest]
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "runs").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "a/b/c/d/e/f", "short", "x" * 65, "abcdefgh.json", "abcdefgh\n"]
)
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    kept = Shelf(tmp_path / "runs")
    assert (kept.file(name), kept.about(name), kept.find(name)) == (None, None, None)
    kept.put(name, about())
    assert sorted(path.name for path in tmp_path.rglob("*")) == []


@pytest.mark.parametrize("content", [b"", b"{", b'{"request": 3}', b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_no_run(content: bytes, tmp_path: Path) -> None:
    kept = Shelf(tmp_path)
    (tmp_path / f"{NAME}.json").write_bytes(content)
    assert kept.find(NAME) is None


def test_a_torn_line_is_left_out(tmp_path: Path) -> None:
    kept = Shelf(tmp_path)
    kept.put(NAME, about())
    (early,) = forests("early_fork")
    tc.write([early], kept.file(NAME))
    with kept.file(NAME).open("ab") as file:
        file.write(b'{"format":"treecore/1","nodes":[{"id"')
    assert [one.digest for one in kept.find(NAME).forests] == [early.digest]


def test_the_oldest_make_room_and_those_under_way_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, names = Shelf(tmp_path), [f"run_number_{number}" for number in range(6)]
    for number, name in enumerate(names):
        kept.put(name, about())
        os.utime(tmp_path / f"{name}.json", (2e9 + number, 2e9 + number))
    monkeypatch.setenv(quotas.KEPT_RUNS.variable, "3")
    kept.put("run_newest", about(), keep={names[0]})
    assert set(kept.names()) == {"run_newest", names[0], *names[-3:]}
    monkeypatch.setenv(quotas.KEPT_BYTES.variable, "1")
    kept.put("run_newest", about())
    assert kept.names() == ["run_newest"]


def test_what_is_old_goes(tmp_path: Path) -> None:
    kept = Shelf(tmp_path)
    kept.put("run_of_old", about())
    kept.put_growing("run_of_old", forests("late_fork"))
    for path in tmp_path.iterdir():
        os.utime(path, (1.0, 1.0))
    kept.put("run_of_today", about())
    assert {path.name for path in tmp_path.iterdir()} == {"run_of_today.json"}


def test_a_disk_that_refuses_stops_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    for broken in (Shelf(None), Shelf(tmp_path / "file")):
        monkeypatch.setattr(worker, "SHELF", broken)
        broken.put(NAME, about())
        assert len(worker.run(Job(run=lambda job: None, title="a"), REQUEST)) == 3


def test_a_run_that_was_broken_off_goes_on_to_the_same_forests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "SHELF", Shelf(tmp_path / "whole"))
    whole = worker.run(Job(run=lambda job: None, title="a"), REQUEST)
    broken = Shelf(tmp_path / "broken")
    monkeypatch.setattr(worker, "SHELF", broken)
    job = Job(run=lambda job: None, title="b")
    broken.put(job.name, about())
    tc.write(whole[1:2], broken.file(job.name))
    again = worker.run(job, REQUEST)
    assert [(one.id, one.text) for one in again] == [(one.id, one.text) for one in whole]
    assert again[1].digest == whole[1].digest
    assert job.progress.total == 2 * 6, "what was finished is not sampled again"


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        (Limits(5, 10**9, 1e9), "5 trajectories"),
        (Limits(10**9, 40, 1e9), "40 tokens"),
        (Limits(10**9, 10**9, 0.0), "0 s"),
    ],
)
def test_a_run_stops_at_its_limits_and_says_so(limits: Limits, word: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(worker, "SHELF", Shelf(tmp_path))
    job = Job(run=lambda job: None, title="a")
    request = Request(**{**vars(REQUEST), "prompts": 32, "limits": limits})
    done = worker.run(job, request)
    assert len(done) < 32
    assert word in job.note
    if limits.seconds:
        assert job.progress.forests, "what had grown is there to be looked at"


def test_the_folder_is_the_one_for_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(run_store.CACHE_VARIABLE, str(tmp_path))
    assert runs_folder() == tmp_path / "runs"
    monkeypatch.delenv(run_store.CACHE_VARIABLE)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert runs_folder() == tmp_path / "xdg" / "treecore" / "runs"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert runs_folder() == tmp_path / ".cache" / "treecore" / "runs"
