"""Where the lines of content begin and end."""

from __future__ import annotations

import pytest

from treecore.formats.line_breaks import line_ends, line_starts, lines_in


@pytest.mark.parametrize(("data", "starts"), [(b"a\n\nb", [0, 2, 3, 4]), (b"a\n", [0, 2]), (b"", [0]), (b"ab", [0, 2])])
def test_every_line_begins_behind_a_break_and_the_last_ends_with_the_content(data: bytes, starts: list[int]) -> None:
    assert line_starts(data) == starts


def test_lines_between_two_places_are_parts_of_the_content() -> None:
    data = b"a\nbc\n\nd"
    lines = lines_in(data, start=2, stop=6)
    assert [bytes(line) for line in lines] == [b"bc", b"", b""]
    assert all(line.obj is data for line in lines)
    assert line_ends(data, start=2, stop=5) == [4]
