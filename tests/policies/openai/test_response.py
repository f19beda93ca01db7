"""Answers of servers: where a step ends, and no column that the server did not give."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai_stub import ALTERNATIVES, legacy, modern

from treecore.errors import PolicyError
from treecore.policies.base import FinishReason
from treecore.policies.openai.response import Answer, read_answer

STOP = ("</s>", "!")
CONFIDENCE = -sum(ALTERNATIVES[:20]) / 20


def read(choice: dict[str, Any], *, plain: bool = True, **answer: Any) -> Answer:
    return read_answer({"choices": [choice], **answer}, stop=STOP, plain=plain)


def completion(text: str, reason: str = "stop", **choice: Any) -> dict[str, Any]:
    return {"text": text, "finish_reason": reason, **choice}


@pytest.mark.parametrize("field", ["stop_reason", "matched_stop"])
def test_a_stop_string_that_was_cut_off_is_put_back(field: str) -> None:
    written = read(completion("a b", **{field: "</s>"})).written
    assert (written.text, written.end) == ("a b</s>", FinishReason.STOP)


def test_text_after_the_first_stop_string_is_cut() -> None:
    written = read(completion("a! b</s> c", "length", logprobs=legacy(["a", "! b", "</s> c"], 20))).written
    assert (written.text, written.end) == ("a!", FinishReason.STOP)
    assert written.token_strings == ["a", "!"]
    assert written.logprob == [-0.25, -0.25]


@pytest.mark.parametrize("named", [{}, {"stop_reason": None}, {"stop_reason": 7}, {"matched_stop": 2}])
def test_an_end_of_the_model(named: dict[str, Any]) -> None:
    written = read(completion("ab", **named, logprobs=legacy(["a", "b", "<eos>"], 20))).written
    assert (written.text, written.end) == ("ab", FinishReason.EOS)
    assert written.token_strings == ["a", "b", "<eos>"]
    assert len(written.logprob) == len(written.confidence) == 3


def test_a_step_cut_at_its_longest() -> None:
    assert read(completion("ab", "length")).written.end is FinishReason.STEP


@pytest.mark.parametrize("reason", ["content_filter", "tool_calls", "abort", None])
def test_another_end_is_an_error(reason: str | None) -> None:
    with pytest.raises(PolicyError, match="ended the step with"):
        read({"text": "ab", "finish_reason": reason})


@pytest.mark.parametrize("shape", [legacy, modern])
def test_columns_of_both_shapes(shape: Any) -> None:
    written = read(completion("ab", "length", logprobs=shape(["a", "b"], 30))).written
    assert written.token_strings == ["a", "b"]
    assert written.logprob == [-0.25, -0.25]
    assert written.confidence == pytest.approx([CONFIDENCE] * 2)
    assert written.entropy == []
    assert written.ids == ([97, 98] if shape is modern else [])


def test_ids_beside_the_choice() -> None:
    assert read(completion("ab", "length", logprobs=legacy(["a", "b"], 0), token_ids=[5, 6])).written.ids == [5, 6]
    assert read(completion("ab", "length", logprobs=legacy(["a", "b"], 0), token_ids=[5])).written.ids == []
    assert read(completion("ab", "length", logprobs=legacy(["a", "b"], 0), token_ids=[5, None])).written.ids == []


def test_fewer_than_twenty_alternatives_give_no_confidence() -> None:
    written = read(completion("ab", "length", logprobs=legacy(["a", "b"], 19))).written
    assert (written.confidence, written.logprob) == ([], [-0.25, -0.25])
    mixed = legacy(["a", "b"], 20)
    mixed["top_logprobs"] = [mixed["top_logprobs"][0], {"x": -1.0}]
    first, second = read(completion("ab", "length", logprobs=mixed)).written.confidence
    assert first == pytest.approx(CONFIDENCE)
    assert math.isnan(second)


def test_a_floor_is_no_probability() -> None:
    floored = legacy(["a"], 20)
    floored["top_logprobs"][0]["t19"] = -9999.0
    assert read(completion("a", "length", logprobs=floored)).written.confidence == []


def test_numbers_of_another_law_are_left_out() -> None:
    written = read(completion("ab", "length", logprobs=legacy(["a", "b"], 20)), plain=False).written
    assert written.token_strings == ["a", "b"]
    assert (written.logprob, written.confidence) == ([], [])


def test_tokens_that_spell_something_else_are_left_out() -> None:
    written = read(completion("ab", "length", logprobs=legacy(["a", "x"], 20))).written
    assert written.token_strings == written.logprob == []
    assert read(completion("abc", "length", logprobs=legacy(["a", "b"], 20))).written.token_strings == []


def test_the_tokens_of_a_stop_string_may_be_missing() -> None:
    written = read(completion("ab", stop_reason="!", logprobs=legacy(["a", "b"], 20))).written
    assert (written.text, written.token_strings) == ("ab!", ["a", "b"])


def test_a_character_of_many_tokens_belongs_to_the_last() -> None:
    tree = [bytes([byte]) for byte in "🌳".encode()]
    content = [{"token": "\ufffd", "bytes": list(one), "logprob": -1.0} for one in (b"a", *tree, b"b")]
    assert read(completion("a🌳b", "length", logprobs={"content": content})).written.token_strings == [
        "a",
        "",
        "",
        "",
        "🌳",
        "b",
    ]
    texts = legacy(["a", "\ufffd", "\ufffd", "b", "\ufffd"], 20)
    assert read(completion("a🌳b🌲", "length", logprobs=texts)).written.token_strings == ["a", "", "🌳", "b", "🌲"]


def test_what_is_counted() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 8}}
    answer = read(completion("ab"), usage=usage)
    assert (answer.prompt, answer.cached, answer.sampled) == (9, 8, 4)
    answer = read(completion("ab", "length", logprobs=legacy(["a", "b"], 0)), usage={"prompt_tokens": "9"})
    assert (answer.prompt, answer.cached, answer.sampled) == (None, 0, 2)


def test_chat_messages() -> None:
    assert read({"message": {"content": "ab"}, "finish_reason": "length"}).written.text == "ab"
    assert read({"message": {"content": None}, "finish_reason": "stop"}).written.text == ""
    with pytest.raises(PolicyError, match="reasoning parser"):
        read({"message": {"content": "ab", "reasoning_content": "hm"}, "finish_reason": "stop"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just("stop"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("tokens", "token_logprobs", "top_logprobs", "content")


@given(
    text=JSON,
    message=JSON,
    ids=JSON,
    usage=JSON,
    logprobs=JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)),
)
def test_anything_is_an_answer_or_a_plain_error(**found: Any) -> None:
    choice = {**found, "token_ids": found["ids"], "finish_reason": "stop"}
    for one in (choice, {name: value for name, value in choice.items() if name != "message"}):
        try:
            written = read(one, usage=found["usage"]).written
        except PolicyError:
            continue
        columns = (written.ids, written.logprob, written.confidence)
        assert {len(column) for column in columns} <= {0, len(written.token_strings)}
