"""Settings for all tests: repeatable examples, no deadlines, no limits or colours inherited from the environment."""

from __future__ import annotations

import gc
import os
import sys
from functools import cache
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from browser import address, browser, no_charts, open_page, profiles  # noqa: F401  (one browser for all folders)
from hypothesis import HealthCheck, settings
from streamlit import config
from streamlit.components.v2 import manifest_scanner
from sweeps import add_option, choose

CACHE = TemporaryDirectory(prefix="treecore-tests-")
os.environ["TREECORE_CACHE"] = CACHE.name
os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run on all cores already; read when torch is loaded

config.set_option("browser.gatherUsageStats", False)  # pages would count and time every call of Streamlit
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
"""Each page of `AppTest` would read what is said of every installed package, which takes longer than the page."""

MAIN = sys.modules["__main__"]
"""As it was before any page ran: Streamlit leaves a page's script in its place, and new processes would run that."""

settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    max_examples=50,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
settings.load_profile("repeatable")


LONG = (
    "test_hostile_views.py",
    "test_browser.py",
    "test_ray.py",
    "test_runs.py",
    "test_transformers_serve.py",
    "test_hostile_text.py",
    "test_selection.py",
)
"""Files that take longest; they begin first, so that no core waits for one of them at the end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    add_option(parser)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A few cases of long tests, and files of few long tests before all others."""
    choose(config, items)
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


def pytest_collection_finish() -> None:
    """What stands by now stays to the end, and is a million objects: the collector need not walk through them."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user may have set, or another test has left, must not decide a test."""
    for name in (
        "TREECORE_MAX_BYTES",
        "TREECORE_MAX_NODES",
        "TREECORE_MAX_MEMORY",
        "TREECORE_FILE",
        "NO_COLOR",
        "FORCE_COLOR",
        "COLUMNS",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(sys.modules, "__main__", MAIN)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
