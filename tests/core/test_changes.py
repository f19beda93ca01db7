"""Changes as text: what is written is read as the same, and what is no change is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treecore.core.changes import Change, Copy, Flip, Prune, SetReward, as_text, from_text
from treecore.errors import ForestError

NAMES = st.text(min_size=1, max_size=8)
CHANGES = st.one_of(
    st.builds(Flip, NAMES),
    st.builds(Prune, NAMES),
    st.builds(Copy, NAMES),
    st.builds(SetReward, NAMES, st.none() | st.floats(-1e100, 1e100)),
)


@given(st.lists(CHANGES, max_size=5))
def test_what_is_written_is_read_again(changes: list[Change]) -> None:
    text = as_text(changes)
    assert list(from_text(text)) == changes
    assert text.isascii()
    assert " " not in text


def test_plain_ids_stay_as_a_person_types_them() -> None:
    assert from_text("flip:a4, prune:b1,reward:c2=0.5,copy:b2,reward:a:b=none") == (
        Flip("a4"),
        Prune("b1"),
        SetReward("c2", 0.5),
        Copy("b2"),
        SetReward("a:b", None),
    )
    assert as_text([Flip("a4"), SetReward("c2", 0.5)]) == "flip:a4,reward:c2=0.5"


@pytest.mark.parametrize(
    "text", ["a4", "flip:", "turn:a4", "reward:a4", "reward:=1", "reward:a=x", "reward:a=inf", "flip:%ff", ":a"]
)
def test_what_is_no_change_is_said(text: str) -> None:
    with pytest.raises(ForestError):
        from_text(f"prune:b,{text}")
