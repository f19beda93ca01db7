"""Stop strings in texts that grow token by token."""

from __future__ import annotations

import pytest

from treecore.policies.local.stop_strings import StopStrings


@pytest.mark.parametrize(
    ("pieces", "before", "ends"),
    [
        (["a", "</s", ">"], "", [False, False, True]),
        (["a", "</s> b"], "", [False, True]),
        (["s>", "c"], "</", [True, False]),
        (["a", "\n"], "", [False, True]),
        (["</s", "x", ">"], "", [False, False, False]),
    ],
)
def test_one_ends_where_its_last_character_is_written(pieces: list[str], before: str, ends: list[bool]) -> None:
    stop, text = StopStrings(("</s>", "\n")), ""
    for piece, end in zip(pieces, ends, strict=True):
        text += piece
        assert stop.end_in(text, piece=piece, before=before) is end


def test_the_space_of_a_stop_string_may_begin_the_next_word() -> None:
    stop = StopStrings((". ",))
    assert stop.end_before_word("So it is.", piece=" Then")
    assert not stop.end_before_word("So it is.", piece=" ")
    assert not stop.end_before_word("So it is.", piece="Then")
    assert not stop.end_before_word("So it is", piece=" Then")


def test_without_any_nothing_ends() -> None:
    stop = StopStrings(())
    assert (stop.longest, stop.end_in("a", piece="a", before="")) == (0, False)
