"""The app's benchmark in a real browser: what a click sends does not grow with the forest; goals are told as met."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from browser import find_browser, skip_or_fail

from treecore.bench.app import CLICK_BYTES, goals_of, summary
from treecore.bench.app_page import Click
from treecore.bench.measure import Goal


@pytest.mark.browser
def test_a_click_sends_little_at_any_size() -> None:
    if find_browser() is None:
        skip_or_fail("no Chromium or Chrome in PATH")
    command = [sys.executable, "-m", "treecore", "bench", "app", "--nodes", "60", "--nodes", "3000", "--clicks", "3"]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)  # a browser of its own
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert [case["nodes"] for case in document["cases"]] == [60, 3000]
    for case in document["cases"]:
        assert case["click"]["received_bytes_most"] + case["click"]["sent_bytes_most"] <= CLICK_BYTES
        assert case["click"]["requests"] == 0
        assert case["click"]["words_ms"] > 0
    assert all(goal["met"] for goal in document["goals"] if goal["limit"] == CLICK_BYTES)


def test_goals_say_whether_they_are_met() -> None:
    click = summary([Click(100, 120, 9_000, 500, 0), Click(180, 190, 19_700, 500, 1), Click(160, 170, 9, 9, 0)])
    goals = list(
        goals_of({"nodes": 10_000, "click": click, "upload_ms": 1.0, "pan": [{"frames": 50.0}, {"frames": 25.0}]})
    )
    assert [(goal.limit, goal.found, goal.met) for goal in goals] == [
        (20_000, 20_200, False),
        (150.0, 160.0, False),
        (1000 / 30, 40.0, False),
    ]
    assert click["requests"] == 1
    large = list(goals_of({"nodes": 100_000, "click": click, "upload_ms": 5_000.0}))
    assert [goal.met for goal in large] == [False, True, True]
    assert Goal("a", "1 node", 2.0, 2.0).met
