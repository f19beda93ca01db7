"""What visitors hold is bounded for each and for all, told in one sentence, and given back."""

from __future__ import annotations

import gc

import pytest

from app.opening.allowance import Allowance, megabytes
from treecore import quotas
from treecore.errors import TreecoreError


@pytest.fixture
def allowance(monkeypatch: pytest.MonkeyPatch) -> Allowance:
    monkeypatch.setenv(quotas.VISITOR_BYTES.variable, "100")
    monkeypatch.setenv(quotas.OPEN_BYTES.variable, "250")
    return Allowance()


def test_a_visitor_holds_so_much_and_gives_it_back(allowance: Allowance) -> None:
    first = allowance.claim("ann", "a", size=60, what="a.csv")
    with pytest.raises(TreecoreError) as refused:
        allowance.claim("ann", "b", size=41, what="b.csv")
    assert str(refused.value) == (
        "b.csv: it takes 0 MB beside the 0 MB that you hold, and a visitor of this server may hold 0 MB; "
        "close another of your pages, or open less"
    )
    assert allowance.held("ann") == first.size
    del first
    gc.collect()
    assert allowance.held("ann") == 0
    assert allowance.claim("ann", "b", size=100, what="b.csv").size == 100


def test_all_together_hold_so_much(allowance: Allowance) -> None:
    held = [allowance.claim(name, name, size=90, what="x") for name in ("ann", "bob")]
    with pytest.raises(TreecoreError, match="others have 0 MB open on this server"):
        allowance.claim("eve", "e", size=90, what="x")
    assert allowance.held() == sum(one.size for one in held)


def test_the_same_content_counts_once(allowance: Allowance) -> None:
    held = [allowance.claim(name, "same", size=90, what="x") for name in ("ann", "ann", "bob", "eve")]
    assert (allowance.held(), allowance.held("ann"), len(held)) == (90, 90, 4)


def test_the_operator_at_this_machine_is_bounded_by_the_whole_alone(allowance: Allowance) -> None:
    held = allowance.claim("", "large", size=240, what="x")
    with pytest.raises(TreecoreError, match="others have"):
        allowance.claim("", "more", size=20, what="x")
    assert held.size == allowance.held()


def test_sizes_are_told_in_large_units() -> None:
    assert [megabytes(size) for size in (1_000_000_000, 1_550_000_000, 120_400_000)] == ["1 GB", "1.6 GB", "120.4 MB"]
