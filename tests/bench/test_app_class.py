"""The app's benchmark with a class in it: what the sessions do really happens, and goals are told as met or missed."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from app.visits.crowd import FLOOD, LARGE
from treecore import quotas
from treecore.bench import app_class
from treecore.bench.app_class import Asked, bench_class, goals_of, runs_of, times
from treecore.cli.app import app_command, app_environment
from treecore.cli.bench_app import print_class
from treecore.samplers import SAMPLERS


def test_a_small_class_works_without_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GONE_SECONDS", "REST_SECONDS"):
        monkeypatch.setattr(app_class, name, 0.0)
    command = app_command(port=None, browser=False, address="127.0.0.1", hosts=(), public=True)
    told: list[str] = []
    document = bench_class(
        command,
        app_environment(None, public=True),
        Asked(3, seconds=6.0, pause=0.3),
        on_progress=lambda what, done, total: told.append(what),
    )
    assert document["errors"] == []
    assert document["actions"]["upload"]["count"] == 2
    assert sum(document["actions"].get(kind, {"count": 0})["count"] for kind in ("click", "step", "view")) > 3
    assert document["runs"]["small"] == 2
    assert len(document["runs"]["flood_seconds"]) == 4
    assert set(document["memory"]) == {"first", "arrived", "class", "left"}
    assert "the class works" in told


def test_the_flood_asks_for_as_much_as_a_visitor_may() -> None:
    sampler, own = SAMPLERS["random_expansion"], "set:random_expansion:"
    numbers = {name.removeprefix(own): int(value) for name, value in LARGE.items() if name.startswith(own)}
    assert quotas.RUNS.default == FLOOD
    usual = {param.name: param.default for param in sampler.params}
    assert sampler.how_many(usual | numbers) == str(int(quotas.TRAJECTORIES.default / LARGE["roll:prompts"]))


def test_times_of_actions_are_told_by_kind() -> None:
    found = times([("click", 0.1, ""), ("click", 0.3, ""), ("view", 1.0, "broken")])
    assert found["click"] == {"count": 2, "median_ms": 200.0, "p95_ms": 290.0, "most_ms": 300.0}
    assert found["all"]["most_ms"] == 1000.0
    assert times([])["all"]["count"] == 0


def test_a_small_run_waits_for_the_large_one_under_way_and_for_no_other_of_a_flood() -> None:
    flood = [(0.0, 20.0), (0.0, 40.0), (0.0, 60.0)]
    asked = [(5.0, 25.0), (10.0, 41.0), (10.0, 61.0), (59.0, 63.0), (61.0, 65.0)]
    found = runs_of(flood, small=asked)
    assert (found["starved"], found["small"], found["small_seconds_most"]) == (2, 5, 51.0)
    assert runs_of([], small=[])["starved"] == 0


def test_goals_are_met_or_say_by_how_much_not(capsys: pytest.CaptureFixture[str]) -> None:
    document: dict[str, Any] = {
        "machine": dict.fromkeys(
            ("cpu_count", "processor", "python", "streamlit", "torch", "load_before", "load_after"), "x"
        ),
        "asked": Asked(30)._asdict(),
        "data": "What they do.",
        "actions": times([("click", 1.2, "")]),
        "memory": {"first": 500_000_000, "arrived": 600_000_000, "class": 1_950_000_000, "left": 510_000_000},
        "runs": runs_of([(0.0, 60.0)], small=[(1.0, 3.0)]),
        "failed": 1,
        "errors": ["click: gone"],
    }
    goals = list(goals_of(document))
    assert [goal.met for goal in goals] == [False, False, False, True, True]
    document["goals"] = [{**goal._asdict(), "met": goal.met} for goal in goals]
    print_class(document)
    said = capsys.readouterr().out
    assert "missed: ms of an action, 95th percentile, 30 sessions: 1,200 of 1,000, 200 too many" in said
    assert "met: bytes a session still takes after it has left" in said
    assert "failed: click: gone" in said


def test_the_command_wants_a_class_of_two_at_least() -> None:
    from treecore.cli import main

    assert CliRunner().invoke(main, ["bench", "app", "--class", "1"]).exit_code == 2
