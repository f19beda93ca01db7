"""What stands around a command: the terminal's encoding, a full disk, names with markup, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner

import treecore as tc
from treecore.cli import main
from treecore.cli.output import busy

START = "from treecore.cli import main; main(prog_name='treecore')"
FULL = Path("/dev/full")


def command(*arguments: object, code: str = START, **options: object) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    words = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(words, text=True, stderr=subprocess.PIPE, check=False, **options)  # type: ignore[call-overload]


@pytest.mark.parametrize("arguments", [("credit", "by_hand", "--method", "grpo"), ("show", "by_hand")])
def test_a_terminal_that_lacks_letters_gets_an_answer(arguments: tuple[str, ...]) -> None:
    done = command(*arguments, stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "answer delhi" in done.stdout


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [("methods",), ("credit", "by_hand", "--method", "grpo", "--json")])
def test_output_that_does_not_fit_on_the_disk(arguments: tuple[str, ...]) -> None:
    with FULL.open("w") as full:
        done = command(*arguments, stdout=full)
    told = "treecore: the output cannot be written: the disk is full; make room and start again\n"
    assert (done.returncode, done.stderr) == (1, told)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_name_with_markup_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with busy("Reading a[/b][red].json\x1b[2J"):
        pass
    assert "Reading a[/b][red].json [2J" in terminal.getvalue()


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="names are Unicode there")
def test_a_name_that_is_no_text(minimal: Path) -> None:
    path = minimal.rename(os.fsdecode(os.fsencode(minimal.parent) + b"/\xff.json"))
    assert json.loads(command("validate", path, "--json", stdout=subprocess.PIPE).stdout)["file"].endswith(
        "/\ufffd.json"
    )
    assert command("validate", path, stdout=subprocess.PIPE).stderr == ""


@pytest.mark.parametrize("words", [("credit", "by_hand", "--method", "grpo"), ("bench", "credit")])
def test_a_seed_below_zero_is_wrong_usage(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, [*words, "--seed", "-1"])
    assert done.exit_code == 2
    assert "--seed" in done.stderr


STOPPED = """
import signal, sys
from treecore.formats import native_write
number = int(sys.argv.pop(1))
native_write.encode = lambda forest: signal.raise_signal(number)
signal.signal(signal.SIGINT, signal.default_int_handler)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_convert_leaves_nothing(minimal: Path, number: int) -> None:
    out = minimal.with_name("out.json")
    done = command(int(number), "convert", minimal, "-o", out, code=STOPPED + START, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, "", "treecore: stopped\n")
    assert os.listdir(minimal.parent) == [minimal.name]


CLOSED = """
import os, sys
for fd in (0, 1, 2):
    os.close(fd)
sys.stdin = sys.stdout = sys.stderr = None
"""


def test_closed_streams_change_no_file_and_no_exit_code(tmp_path: Path) -> None:
    out = tmp_path / "run.forest.jsonl"
    words = ["rollout", "--sampler", "chains", "--set", "m=2", "--prompts", 2, "-o", out]
    assert command(*words, code=CLOSED + START, stdout=subprocess.PIPE).returncode == 0
    assert len(tc.read(out)) == 2
    assert command("show", out, code=CLOSED + START, stdout=subprocess.PIPE).returncode == 0
    assert command("show", tmp_path / "none", code=CLOSED + START, stdout=subprocess.PIPE).returncode == 1


def test_a_byte_that_is_no_text_is_seen(run) -> None:
    assert run("validate", os.fsdecode(b"\xff.json")).stderr.startswith("treecore: \ufffd.json: there is no such file")
