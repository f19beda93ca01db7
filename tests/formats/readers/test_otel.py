"""OpenTelemetry spans: whole chats repeated in each call become trees, in each form that exporters write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import DATA

from treecore.core.columns import Status
from treecore.core.tool_calls import tool_calls
from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report
from treecore.formats.readers.traces.chats import Repeats

FILES = [DATA / "otel" / "console.json", DATA / "otel_otlp" / "traces.jsonl"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_chats_that_are_repeated_become_trees(path: Path) -> None:
    report = read_with_report(path)
    assert report.format == "otel"
    first, agent = report.forests
    assert (first.prompt, first.extra["system"]) == ("3*4+2?", "Use tools.")
    assert first.policy == {"model": "tiny", "temperature": 1.0}
    assert list(first.text) == ["Let me see.", "14", "15, or", "Let me see.", "16", "14!"]
    assert first.parent.tolist() == [-1, 0, -1, -1, 3, 3]
    assert list(first.observation) == ["14", "", "", "14", "", ""]
    assert [str(call) for call in tool_calls("", first.node_extra[0])] == ['calc(e="3*4+2")']
    assert first.node_extra[0]["span_id"] == "2" * 16
    assert first.n_model_tokens.tolist() == [4, 1, 3, 4, 1, 2]
    assert first.status[2] == Status.TRUNCATED
    assert np.isnan(first.reward).all()
    assert first.columns["judge.correctness"][5] == 0.5
    assert agent.prompt == "Is 3*4 12?"
    assert agent.node_extra[0]["reasoning_content"] == "It is."
    assert report.notes.dropped == {"spans that hold nothing that a model said": 3}
    assert report.notes.guessed == {"traces with the same prompt are one group; spans hold no rewards": 1}


def test_log_records_are_messages_of_the_call_that_they_name() -> None:
    report = read_with_report(DATA / "otel_logs" / "logs.jsonl")
    assert report.format == "otel"
    (forest,) = report.forests
    assert (forest.prompt, forest.extra["system"]) == ("3*4+2?", "Use tools.")
    assert list(forest.text) == ["Let me see.", "14", "Let me see.", "15"]
    assert list(forest.observation) == ["12", "", "12", ""]
    assert forest.n_model_tokens.tolist() == [3, 4, -1, -1]  # the second trace has no spans
    assert forest.status[[1, 3]].tolist() == [Status.TERMINATED, Status.TRUNCATED]
    assert forest.policy == {"model": "tiny"}
    assert [str(call) for call in tool_calls("", forest.node_extra[0])] == ['calc(e="3*4")']


def record(name: str, body: Any, **ids: Any) -> dict[str, Any]:
    return {"event_name": name, "body": body, "attributes": {}, "observed_timestamp": "2026-01-01", **ids}


def test_log_records_without_ids_are_one_call_up_to_the_answer() -> None:
    question = record("gen_ai.user.message", {"content": "a?"})
    answers = [record("gen_ai.choice", {"message": {"content": text}}, trace_id=None, span_id=None) for text in "bc"]
    (forest,) = read(lines(question | {"trace_id": None}, answers[0], question, answers[1]))
    assert forest.n_trees == 2
    assert list(forest.text) == ["b", "c"]


def test_log_records_of_whole_calls_are_read() -> None:
    said = {
        "gen_ai.input.messages": [message("user", "a?")],
        "gen_ai.output.messages": [message("assistant", "b") | {"finish_reason": "stop"}],
    }
    name = "gen_ai.client.inference.operation.details"
    in_body = record(name, said, trace_id="t", span_id="1")
    in_attributes = record(name, None, trace_id="u", span_id="1") | {"attributes": said}
    (forest,) = read(lines(in_body, in_attributes))
    assert forest.prompt == "a?"
    assert list(forest.text) == ["b", "b"]


def span(number: int, asked: Any, said: Any, **more: Any) -> dict[str, Any]:
    attributes = {"gen_ai.input.messages": asked, "gen_ai.output.messages": said}
    return {"trace_id": "t", "span_id": str(number), "start_time": str(number), "attributes": attributes, **more}


def message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def lines(*spans: dict[str, Any]) -> bytes:
    return "".join(f"{json.dumps(one)}\n" for one in spans).encode()


def test_several_answers_of_one_call_are_siblings() -> None:
    question = [message("user", "a?")]
    said = [message("assistant", "b"), message("assistant", "c")]
    more = [*question, said[1], message("user", "go on")]
    (forest,) = read(lines(span(2, more, [message("assistant", "d")]), span(1, question, said)))
    assert list(forest.text) == ["b", "c", "d"]
    assert forest.parent.tolist() == [-1, -1, 1]
    assert list(forest.observation) == ["", "go on", ""]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (
            lines({"trace_id": "t", "span_id": "1", "attributes": {"gen_ai.request.model": "m"}}),
            "no span holds what a model said",
        ),
        (lines(span(1, "[{", "[]")), '"gen_ai.input.messages" is "[{", not JSON'),
        (lines(span(1, [5], [])), '"gen_ai.input.messages" is [5], not a list of objects'),
        (FILES[0].read_bytes().replace(b'"kind"', b'kind"', 1), "line 8: not JSON"),
    ],
)
def test_what_is_wrong_is_named(data: bytes, told: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(data, name="spans.json")
    assert str(caught.value).startswith("spans.json")
    assert told in str(caught.value)


def test_messages_of_earlier_conventions() -> None:
    agent, two, content, logfire = read(DATA / "otel_older")
    assert (agent.extra["system"], agent.prompt, list(agent.observation)) == ("Use tools.", "3*4+2?", ["12", ""])
    assert [str(call) for call in tool_calls("", agent.node_extra[0])] == ['calc(e="3*4")']
    assert agent.n_model_tokens[0] == 5
    assert (list(two.text), two.parent.tolist()) == (["2", "3, or"], [-1, -1])
    assert two.status[1] == Status.TRUNCATED
    assert (content.prompt, list(content.text)) == ("2+2?", ["4"])
    assert (logfire.prompt, list(logfire.text)) == ("2*2?", ["four"])


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.prompt.0.content": "q", "gen_ai.completion.x.content": "a"},
        {"gen_ai.completion.99999999999.content": "a"},
        {"gen_ai.prompt": "[1", "llm.completions": []},
        {"events": "[5]", "gen_ai.system": "x"},
    ],
)
def test_attributes_that_hold_no_message_of_the_model(attributes: dict[str, Any]) -> None:
    with pytest.raises(FormatError, match="no span holds what a model said"):
        read(lines({"trace_id": "t", "span_id": "1", "attributes": attributes}))


def listed(*words: str) -> dict[str, str]:
    return {"heard": json.dumps([{"role": "user", "parts": [{"type": "text", "content": one}]} for one in words])}


def test_messages_that_a_list_repeats_are_not_parsed_again() -> None:
    repeats = Repeats()
    one, two, same, other = (
        repeats.list_within(listed(*words), "heard", where="here")
        for words in (("a", "b"), ("a", "b", "c"), ("a", "b", "c"), ("b",))
    )
    assert [message["parts"][0]["content"] for message in two] == ["a", "b", "c"]
    assert two[0] is one[0]
    assert two[1] is one[1]
    assert same is two
    assert other == json.loads(listed("b")["heard"])


@pytest.mark.parametrize("end", [",]", ", 1]", "1]", "]]", ', {"role": 1]'])
def test_a_list_that_goes_on_as_no_list_of_messages_says_so(end: str) -> None:
    repeats = Repeats()
    begin = listed("a")["heard"]
    repeats.list_within({"heard": begin}, "heard", where="here")
    with pytest.raises(FormatError, match='here: "heard" is'):
        repeats.list_within({"heard": begin[:-1] + end}, "heard", where="here")


def test_long_messages_that_begin_and_end_alike_are_told_apart(tmp_path: Path) -> None:
    """Two calls answered other words to the same question; a third goes on from the second."""
    begin, end = "so " * 40, " end" * 40
    answers = [f"{begin}{number}{end}" for number in range(3)]
    asked = [{"role": "user", "parts": [{"type": "text", "content": "q"}]}]
    lines = []
    for number, (before, answer) in enumerate(zip(([], [], [answers[1], "and?"]), answers, strict=True)):
        heard = asked + [
            {"role": role, "parts": [{"type": "text", "content": text}]}
            for role, text in zip(("assistant", "user"), before, strict=False)
        ]
        said = [{"role": "assistant", "parts": [{"type": "text", "content": answer}]}]
        attributes = {"gen_ai.input.messages": json.dumps(heard), "gen_ai.output.messages": json.dumps(said)}
        ids = {"trace_id": "1" * 32, "span_id": f"{number:016x}", "start_time": f"{number}"}
        lines.append(json.dumps({**ids, "name": "chat", "attributes": attributes, "events": []}))
    path = tmp_path / "spans.jsonl"
    path.write_text("\n".join(lines))
    (forest,) = read(path)
    assert list(forest.text) == answers
    assert forest.parent.tolist() == [-1, -1, 1]
