"""The page as Streamlit runs it, without a browser, opened by an address."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

MAIN = Path(__file__).parents[2] / "app" / "main.py"


def page(**query: str) -> AppTest:
    """The page of an address with these fields, run once; by default of the sample written by hand, of none for ""."""
    test = AppTest.from_file(str(MAIN), default_timeout=120)
    for name, value in {"sample": "by_hand", **query}.items():
        if value:
            test.query_params[name] = value
    test.run()
    assert not test.exception
    return test
