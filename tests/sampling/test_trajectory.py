"""Which token is what part of a step."""

from __future__ import annotations

from treecore.policies.base import Written
from treecore.protocols import Part, Span
from treecore.sampling.trajectory import recorded, token_parts


def test_a_token_is_the_part_that_most_of_its_characters_are() -> None:
    pieces = ["go", " ", "x", " y", " now!", "", "?"]
    written = Written(ids=list(range(7)), pieces=pieces, text="".join(pieces))
    spans = [Span(3, 6, Part.TOOL_CALL), Span(8, 9, Part.ANSWER)]
    assert token_parts(written, spans) == [1, 1, 2, 2, 1, 1, 1]
    assert token_parts(Written(ids=[0], pieces=["<eos>"]), []) == [1]


def test_the_end_token_belongs_to_what_it_ends() -> None:
    written = Written(ids=[1, 0], pieces=["so", "<eos>"], text="so")
    assert token_parts(written, [Span(0, 2, Part.ANSWER)]) == [3, 3]


def test_observation_tokens_have_part_zero_and_no_numbers() -> None:
    written = Written([4], ["a"], [-0.5], [0.25], [1.5], "a")
    tokens = recorded(written, [], [8, 9], ["b", " c"])
    assert (list(tokens.id), list(tokens.text), list(tokens.part)) == ([4, 8, 9], ["a", "b", " c"], [1, 0, 0])
    for column in (tokens.logprob, tokens.entropy, tokens.confidence):
        assert column[0] == column[0]
        assert all(value != value for value in column[1:])
