"""The table of long tests names tests that are there; a test that moved would run all its cases by default."""

from __future__ import annotations

from sources import ROOT
from sweeps import CASES, MORE


def test_every_name_is_a_test() -> None:
    for name in CASES:
        file, _, test = name.partition("::")
        path = ROOT / "tests" / file
        assert path.is_file(), name
        assert f"def {test}(" in path.read_text(), name


def test_the_tables_are_sorted() -> None:
    assert list(CASES) == sorted(CASES)
    assert list(MORE) == sorted({*MORE} & {*CASES})
