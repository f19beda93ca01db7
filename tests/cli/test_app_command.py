"""How the explorer is started: which command, which environment. The app itself has its own tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from treecore.cli.app import FILE_VARIABLE, app_command, app_environment
from treecore.paths import app_dir, bundle_root, samples_dir


def test_the_folders_are_there() -> None:
    assert (app_dir() / "main.py").is_file()
    assert app_dir().parent == bundle_root() == samples_dir().parent


def test_an_installed_wheel_has_its_own_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bundle" / "app").mkdir(parents=True)
    monkeypatch.setattr("treecore.paths.PACKAGE", tmp_path)
    assert app_dir() == tmp_path / "bundle" / "app"
    assert samples_dir() == tmp_path / "bundle" / "sample_trees"


def test_the_command_asks_nothing_and_reports_nothing() -> None:
    command = app_command(port=8600, browser=False)
    assert command[:4] == [sys.executable, "-m", "streamlit", "run"]
    assert {"--browser.gatherUsageStats=false", "--server.headless=true", "--server.port=8600"} <= set(command)
    assert "--server.headless=false" in app_command(port=None, browser=True)


def test_the_environment_leads_to_app_and_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "mine")
    environment = app_environment("a.json")
    assert environment["PYTHONPATH"].split(os.pathsep) == [str(bundle_root()), "mine"]
    assert environment[FILE_VARIABLE] == os.path.abspath("a.json")
    monkeypatch.setenv(FILE_VARIABLE, "old")
    assert FILE_VARIABLE not in app_environment(None)


def test_the_command_becomes_the_app(run, minimal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(os, "execve", lambda *call: calls.append(call))
    assert run("app", minimal, "--no-browser", "--port", 8600).exit_code == 0
    ((program, command, environment),) = calls
    assert (program, command) == (sys.executable, app_command(port=8600, browser=False))
    assert environment[FILE_VARIABLE] == str(minimal)
