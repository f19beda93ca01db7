"""Which token is what part of a step."""

from __future__ import annotations

from treecore.policies.base import Completion, FinishReason
from treecore.protocols import Part, Span
from treecore.rollouts.trajectory import token_columns, token_parts


def test_a_token_is_the_part_that_most_of_its_characters_are() -> None:
    token_strings = ["go", " ", "x", " y", " now!", "", "?"]
    written = Completion(ids=list(range(7)), token_strings=token_strings, text="".join(token_strings))
    spans = [Span(3, 6, Part.TOOL_CALL), Span(8, 9, Part.ANSWER)]
    assert token_parts(written, spans) == [1, 1, 2, 2, 1, 1, 1]
    assert token_parts(Completion(ids=[0], token_strings=["<eos>"]), []) == [1]


def test_the_end_token_belongs_to_what_it_ends() -> None:
    written = Completion(ids=[1, 0], token_strings=["so", "<eos>"], text="so")
    assert token_parts(written, [Span(0, 2, Part.ANSWER)]) == [3, 3]


def test_observation_tokens_have_part_zero_and_no_numbers() -> None:
    written = Completion([4], ["a"], [-0.5], [0.25], [1.5], "a")
    tokens = token_columns(written, [], [8, 9], ["b", " c"])
    assert (list(tokens.id), list(tokens.text), list(tokens.part)) == ([4, 8, 9], ["a", "b", " c"], [1, 0, 0])
    for column in (tokens.logprob, tokens.entropy, tokens.confidence):
        assert column[0] == column[0]
        assert all(value != value for value in column[1:])


def test_of_a_step_begun_elsewhere_only_the_rest_is_recorded() -> None:
    written = Completion([4, 5, 6], ["a", " b", " c"], [-0.5, -0.25, -1], [0.1, 0.2, 0.3], [1.0, 1.1, 1.2], "a b c")
    tokens = token_columns(written, [Span(2, 5, Part.ANSWER)], [9], ["seen"], start=1)
    assert (list(tokens.id), list(tokens.text), list(tokens.part)) == ([5, 6, 9], [" b", " c", "seen"], [3, 3, 0])
    assert list(tokens.logprob[:2]) == [-0.25, -1]


def test_heads_and_tails_of_what_was_written() -> None:
    written = Completion(
        [4, 5, 0], ["a", " b", "<eos>"], [-1, -2, -3], [1, 2, 3], [4, 5, 6], "a b", FinishReason.EOS, [7, 8, 9]
    )
    head, tail = written.head(1), written.tail(1, " b")
    assert (head.ids, head.text, head.end, head.top_entropy) == ([4], "a", None, [7])
    assert (tail.ids, tail.text, tail.end, tail.confidence) == ([5, 0], " b", FinishReason.EOS, [5, 6])
    head.ids.append(1)
    assert written.ids == [4, 5, 0]
