"""Names are counted in the text as a parser counts them, whatever stands in texts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treecore.formats.json_keys import CHUNK, Flaw, flaws_in, may_be_rounded, names_parsed, names_written

TEXTS = st.text(st.sampled_from('":\\ ,{}[]a\n\té'), max_size=8)
VALUES = st.recursive(
    st.none() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :"), (",\n", "\n\t:\r ")])


@settings(max_examples=400)
@given(VALUES, SEPARATORS, st.booleans())
def test_as_many_as_a_parser_finds(value: Any, separators: tuple[str, str], ascii_only: bool) -> None:
    text = json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode()
    assert names_written(text) == names_parsed(value)


@pytest.mark.parametrize("shift", range(-4, 5))
@pytest.mark.parametrize("name", ['"a":1', '"a" : 1', '"a\\\\":1', '"a\\"":1', '"\\":":1'])
def test_names_at_the_edge_of_a_chunk(name: str, shift: int) -> None:
    for inner in range(len(name)):
        text = '{"x":"' + "." * (CHUNK - 8 + shift - inner) + '",' + name + "}"
        assert names_written(text.encode()) == 2


def test_flaws_are_told_in_order_with_their_place() -> None:
    text = b'{"a":[1,{"b":1,"b":2}],"a":-9223372036854775809,"c":18446744073709551615}'
    assert flaws_in(text) == [
        Flaw(("a", 1), 'the field "b" is written twice', True),
        Flaw((), 'the field "a" is written twice', True),
        Flaw(("a",), "the whole number -9223372036854775809 has more than 64 bits", False),
    ]
    assert flaws_in(b'{"a":1,"b":{"a":1}}') == []


@pytest.mark.parametrize(("text", "may"), [(b"1234567890123456789", True), (b'"a 1234567890"', False), (b"1", False)])
def test_only_long_numbers_may_be_rounded(text: bytes, may: bool) -> None:
    assert may_be_rounded(text) is may
