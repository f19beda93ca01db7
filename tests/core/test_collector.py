"""The garbage collector rests for a while, and is as it was before afterwards."""

from __future__ import annotations

import gc

import pytest

from treecore.core.collector import collector_paused


def test_it_rests_and_is_as_before() -> None:
    with collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_works_again_after_an_error() -> None:
    @collector_paused()
    def fails() -> None:
        raise ValueError(f"enabled: {gc.isenabled()}")

    for _ in range(2):
        with pytest.raises(ValueError, match="enabled: False"):
            fails()
    assert gc.isenabled()
