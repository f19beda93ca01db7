"""The Dockerfile: what it says, and its own steps in a virtual environment, up to a healthy server."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from importlib.metadata import distributions
from pathlib import Path
from typing import NamedTuple

import pytest
from browser import ROOT, free_port

PATIENCE = 120.0
PORT = "8501"


class Step(NamedTuple):
    """One instruction."""

    name: str
    rest: str


def steps() -> list[Step]:
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [Step(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def of(name: str) -> list[str]:
    return [step.rest for step in steps() if step.name == name]


def words(rest: str) -> list[str]:
    """An instruction in its exec form."""
    found: list[str] = json.loads(rest[rest.index("[") :])
    return found


def test_it_runs_as_somebody_else_than_root_and_says_whether_it_is_well() -> None:
    names = [step.name for step in steps()]
    assert re.fullmatch(r"python:3\.1[1-3]-slim", of("FROM")[0])
    (user,) = of("USER")
    assert user == "treecore"
    assert names.index("USER") < names.index("CMD")
    assert "useradd" in of("RUN")[1]
    assert "/_stcore/health" in of("HEALTHCHECK")[0]
    assert "/rollouts" in words(of("VOLUME")[0])
    assert {"--public", "--no-browser"} <= set(words(of("CMD")[0]))
    assert of("EXPOSE") == [PORT]


def test_everything_that_is_copied_is_there_and_sent() -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for rest in of("COPY") for name in rest.split()[:-1]}
    assert copied == {name.split("/")[0] for name in sent}
    assert all((ROOT / name).exists() for name in copied)
    assert (ROOT / ".dockerignore").read_text().startswith("*\n")


def left_out(folder: str, names: list[str]) -> set[str]:
    """What of a folder is not sent, by the patterns for names anywhere and what is excepted from them."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    anywhere = [line.removeprefix("**/") for line in lines if line.startswith("**/")]
    kept = {ROOT / line[1:] for line in lines if line.startswith("!")}
    return {name for name in names if any(fnmatch(name, one) for one in anywhere) and Path(folder) / name not in kept}


def test_its_steps_end_in_a_healthy_server(tmp_path: Path) -> None:
    """With packages of this environment in place of downloads: the same pip line installs treecore alone."""
    context, python = tmp_path / "srv", tmp_path / "venv" / "bin" / "python"
    context.mkdir()
    for rest in of("COPY"):
        *names, place = rest.split()
        for name in names:
            target = context / place / name if place == "./" else context / place
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, target, ignore=left_out)
            else:
                shutil.copy(ROOT / name, target)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    ours = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], check=True, capture_output=True
    )
    lent = {sysconfig.get_path("purelib"), *(path for path in sys.path if path.endswith("site-packages"))}
    (Path(ours.stdout.decode().strip()) / "lent.pth").write_text("\n".join(lent))
    here = {f"{one.name}=={one.version}" for one in distributions() if one.name and one.name.lower() != "treecore"}
    (context / "constraints.txt").write_text("\n".join(sorted(here)))
    (pip,) = (rest for rest in of("RUN") if rest.startswith("pip install"))
    done = subprocess.run(
        [python, "-m", *shlex.split(pip)], cwd=context, capture_output=True, text=True, check=False, env=bare()
    )
    if done.returncode and "Could not find a version that satisfies the requirement hatchling" in done.stderr:
        pytest.skip("no registry to build with")
    assert done.returncode == 0, done.stderr
    (settings,) = (tmp_path / "venv").glob("lib/*/site-packages/treecore/bundle/app/.streamlit/config.toml")
    assert settings.read_text() == (ROOT / "app" / ".streamlit" / "config.toml").read_text()
    with started(tmp_path) as server:
        until_healthy(python, server)


def bare() -> dict[str, str]:
    """The environment without what points at this checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHONPATH", "TREECORE_"))}


@contextmanager
def started(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Its CMD, on a free port, with a folder of our own in place of the volume."""
    port, runs = str(free_port()), folder / "rollouts"
    runs.mkdir()
    given = {PORT: port, "/rollouts": str(runs), "0.0.0.0": "127.0.0.1"}
    program, *more = (given.get(word, word) for word in words(of("CMD")[0]))
    environment = bare() | {"TREECORE_CACHE": str(folder / "kept")}
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(
        [folder / "venv" / "bin" / program, *more], cwd=folder, env=environment, stdout=quiet, stderr=quiet
    )
    try:
        yield port, server
    finally:
        server.terminate()
        server.wait(timeout=20)


def until_healthy(python: Path, server: tuple[str, subprocess.Popen[bytes]]) -> None:
    """Return once its HEALTHCHECK succeeds."""
    port, process = server
    _, *check = words(of("HEALTHCHECK")[0])
    end = time.monotonic() + PATIENCE
    while subprocess.run(
        [python, *(word.replace(PORT, port) for word in check)], capture_output=True, check=False
    ).returncode:
        assert process.poll() is None
        assert time.monotonic() < end
