"""Ctrl-C and SIGTERM in real processes: one line, the right exit code, and a command that goes on."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import click
import pytest

import treecore as tc
from treecore.cli.interrupt import resumable

START = [sys.executable, "-W", "error", "-c", "from treecore.cli import main; main(prog_name='treecore')"]


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """Ctrl-C is heard, also where the tests were started with it ignored, as in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(words: Sequence[object], out: Path, number: int, *, lines: int) -> tuple[int, str, str]:
    """Exit code and output of a command that gets a signal once so many lines are in its file."""
    process = subprocess.Popen(
        [*START, *map(str, words), "-o", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"}, start_new_session=True,
    )  # fmt: skip
    while not out.exists() or out.read_bytes().count(b"\n") < lines:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.01)
        assert process.returncode is None, process.communicate()
    os.killpg(process.pid, number)
    stdout, stderr = process.communicate()
    return process.returncode, stdout, stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_rollout_keeps_what_is_finished(run, tmp_path: Path, number: int) -> None:
    out = tmp_path / "my run.forest.jsonl"
    words = ["rollout", "--sampler", "chains", "--set", "m=2", "--prompts", 40, "--seed", 1, "--json"]
    code, stdout, stderr = interrupted(words, out, number, lines=1)
    done = len(tc.read(out))
    command = stderr.partition("continue with: ")[2].strip()
    assert (code, stdout) == (128 + number, "")
    assert 1 <= done < 40
    assert stderr == f"treecore: stopped; {done} of 40 forests are in {out}; continue with: {command}\n"
    name, *again = shlex.split(command)
    assert name == "treecore"
    assert again == [*map(str, words), "-o", str(out), "--resume"]
    assert run(*again).exit_code == 0
    assert len(tc.read(out)) == 40


def test_before_the_model_is_loaded(tmp_path: Path) -> None:
    out = tmp_path / "run.forest.jsonl"
    code, stdout, stderr = interrupted(["rollout", "--sampler", "chains"], out, signal.SIGINT, lines=0)
    assert (code, stdout) == (130, "")
    assert stderr.startswith(f"treecore: stopped before anything new was written to {out}; continue with: treecore")
    assert not out.exists()


def test_a_second_signal_ends_at_once_and_handlers_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before, codes = signal.getsignal(signal.SIGTERM), list[int]()
    monkeypatch.setattr("treecore.cli.interrupt.os._exit", codes.append)
    with click.Context(click.Command("rollout"), info_name="treecore"), pytest.raises(click.exceptions.Exit) as ended:
        twice()
    assert codes == [128 + signal.SIGTERM]
    assert ended.value.exit_code == 128 + signal.SIGINT
    assert signal.getsignal(signal.SIGTERM) is before


def twice() -> None:
    with resumable("run.forest.jsonl"):
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGTERM)


def test_an_annotation_keeps_what_is_finished(run, tmp_path: Path) -> None:
    source, out = tmp_path / "run.forest.jsonl", tmp_path / "values.forest.jsonl"
    assert run("rollout", "--sampler", "chains", "--prompts", 60, "--set", "m=1", "-o", source).exit_code == 0
    words = ["annotate", source, "--kind", "monte_carlo", "--set", "k=1"]
    code, stdout, stderr = interrupted(words, out, signal.SIGINT, lines=1)
    done = out.read_bytes().count(b"\n")
    assert (code, stdout) == (130, "")
    assert stderr.startswith(f"treecore: stopped; {done} of 60 forests are in {out}; continue with: treecore annotate")
    assert stderr.endswith(" --resume\n")
    assert 1 <= done < 60
