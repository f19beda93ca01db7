"""How the explorer is started: which command, which environment. The app itself has its own tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from app.serving import permissions
from treecore import quotas
from treecore.bundled import app_dir, bundle_root, samples, samples_dir
from treecore.cli import app as command_module
from treecore.cli.app import FILE_VARIABLE, HOSTS_VARIABLE, PUBLIC_VARIABLE, app_command, app_environment


def test_the_folders_are_there() -> None:
    assert (app_dir() / "main.py").is_file()
    assert app_dir().parent == bundle_root() == samples_dir().parent


def test_an_installed_wheel_has_its_own_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bundle" / "app").mkdir(parents=True)
    monkeypatch.setattr("treecore.bundled.PACKAGE", tmp_path)
    assert app_dir() == tmp_path / "bundle" / "app"
    assert samples_dir() == tmp_path / "bundle" / "sample_trees"


OWN = {"address": "localhost", "hosts": (), "public": False}


def test_the_command_asks_nothing_and_reports_nothing() -> None:
    command = app_command(port=8600, browser=False, **OWN)
    assert command[:5] == [sys.executable, "-P", "-m", "app.serving.server", "run"]
    assert {"--browser.gatherUsageStats=false", "--server.headless=true", "--server.port=8600"} <= set(command)
    assert "--server.headless=false" in app_command(port=None, browser=True, **OWN)


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
    assert (program, command) == (sys.executable, app_command(port=8600, browser=False, **OWN))
    assert environment[FILE_VARIABLE] == str(minimal)
    assert PUBLIC_VARIABLE not in environment
    assert run("app", "mcts").exit_code == 0
    assert calls[1][2][FILE_VARIABLE] == str(samples()["mcts"].path)


def names(command: list[str]) -> set[str]:
    """Names under which the server may be reached; none for any."""
    return {one.partition("=")[2] for one in command if one.startswith("--server.allowedHosts=")}


@pytest.mark.parametrize(
    ("given", "environment", "address", "public", "hosts"),
    [
        ([], {}, "localhost", False, {"localhost", "127.0.0.1", "::1"}),
        (["--public"], {}, "0.0.0.0", True, set()),
        ([], {PUBLIC_VARIABLE: "1"}, "0.0.0.0", True, set()),
        (["--public", "--address", "127.0.0.1", "--host", "class.example.org"], {}, "127.0.0.1", True,
         {"localhost", "127.0.0.1", "::1", "class.example.org"}),
        ([], {HOSTS_VARIABLE: "a.org *.b.org"}, "localhost", False,
         {"localhost", "127.0.0.1", "::1", "a.org", "*.b.org"}),
    ],
)  # fmt: skip
def test_what_visitors_may_do_is_the_operators_setting(
    run, monkeypatch, given: list[str], environment: dict[str, str], address: str, public: bool, hosts: set[str]
) -> None:
    calls = []
    monkeypatch.setattr(os, "execve", lambda *call: calls.append(call))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert run("app", "--no-browser", *given).exit_code == 0
    ((_, command, passed),) = calls
    assert f"--server.address={address}" in command
    assert passed.get(PUBLIC_VARIABLE, "") == ("1" if public else "")
    assert names(command) == hosts
    assert {"--server.enableCORS=true", "--server.enableXsrfProtection=true"} <= set(command)


def test_an_address_that_others_reach_asks_for_public(run) -> None:
    done = run("app", "--no-browser", "--address", "0.0.0.0")
    assert done.exit_code == 2
    assert "--public" in done.output


def test_the_command_and_the_app_agree_on_the_names_of_the_variables() -> None:
    for name in ("PUBLIC_VARIABLE", "HOSTS_VARIABLE"):
        assert getattr(permissions, name) == getattr(command_module, name)


def test_a_server_is_read_only_if_its_operator_says_so(run, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(os, "execve", lambda *call: calls.append(call))
    assert run("app", "--read-only").exit_code == run("app").exit_code == 0
    assert [permissions.READ_ONLY_VARIABLE in environment for *_, environment in calls] == [True, False]


def test_how_much_visitors_may_take_is_the_operators_to_set(run, monkeypatch) -> None:
    calls = []
    monkeypatch.setattr(os, "execve", lambda *call: calls.append(call))
    monkeypatch.setenv("TREECORE_PUBLIC_TOKENS", "700")
    assert run("app", "--public", "--max-trajectories", "9").exit_code == 0
    ((_, _, passed),) = calls
    set_to = {quota.option: int(passed[quota.variable]) for quota in quotas.ALL if quota.option}
    usual = {"--max-seconds": 120, "--max-runs": 4, "--max-bytes": 1_000_000_000}
    assert set_to == {"--max-trajectories": 9, "--max-tokens": 700, **usual}
    assert run("app", "--public", "--max-seconds", "0").exit_code == 2


def test_a_folder_is_opened_as_a_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, str]] = []
    monkeypatch.setattr(os, "execve", lambda path, command, environment: started.append(environment))
    command_module.app.main(["--no-browser", str(tmp_path)], standalone_mode=False)
    assert started[0][command_module.LIBRARIES_VARIABLE] == str(tmp_path)
    assert FILE_VARIABLE not in started[0]
