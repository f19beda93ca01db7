"""The page as Streamlit runs it, without a browser, opened by an address."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

MAIN = Path(__file__).parents[2] / "app" / "main.py"
JOB_SECONDS = 120


def page(**query: str) -> AppTest:
    """The page of an address with these fields, run once; by default of the sample written by hand, of none for ""."""
    test = AppTest.from_file(str(MAIN), default_timeout=120)
    for name, value in {"sample": "by_hand", **query}.items():
        if value:
            test.query_params[name] = value
    test.run()
    assert not test.exception
    return test


def in_menu(widgets: Iterable[Any], name: str) -> Any:
    """The widget in a menu that shows the value of this name."""
    return next(one for one in widgets if one.key.startswith("menu:") and one.key.endswith(f"-{name}"))


def run_until_over(test: AppTest, job: str) -> None:
    """Run the page once the job that the session holds under this name is over; fail when it takes too long."""
    end = time.monotonic() + JOB_SECONDS
    while (asked := test.session_state[job]) is not None:
        if time.monotonic() > end:
            pytest.fail(f"{job} is not over within {JOB_SECONDS} seconds")
        if asked.job.live:
            threading.Event().wait(0.05)
        else:
            test.run()
    assert not test.exception


def finish_opening(test: AppTest) -> None:
    """Run the page once what is being opened has been read."""
    if (going := test.session_state["opening"]) is not None:
        assert going.wait(JOB_SECONDS)
        test.run()
