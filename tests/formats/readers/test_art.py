"""ART's trajectories in its three forms, and YAML that means more than it says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from cases import DATA

from treecore.core.columns import Status
from treecore.core.tool_calls import tool_calls
from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report


@pytest.mark.parametrize("name", ["0007.parquet", "0007.jsonl", "0007.yaml"])
def test_the_same_rollouts_in_each_form(name: str) -> None:
    report = read_with_report(DATA / "art" / name)
    assert report.format == "art"
    first, second = report.forests
    assert (first.id, first.prompt) == ("step 7 · prompt 1", "3*4+2?")
    assert first.extra["system"] == "Use tools."
    assert first.extra["tools"][0]["function"]["name"] == "calc"
    assert list(first.text) == ["", "14", "", "15"]
    assert list(first.observation) == ["14", "", "14", ""]
    np.testing.assert_array_equal(first.reward, [np.nan, 1.0, np.nan, 0.0])
    assert [str(call) for call in tool_calls("", first.node_extra[0])] == ['calc(e="3*4+2")']
    assert first.node_extra[1]["metadata"] == {"task": "sum"}
    assert first.node_extra[1]["logs"] == ["a line"]
    assert list(second.text) == ["2"]
    assert second.prompt == "user:\n1+1?\n\nassistant:\n1?\n\nuser:\nNo."


def choice(text: str, *pieces: str, reason: str = "stop") -> dict[str, object]:
    tokens = [{"token": piece, "logprob": -0.5, "bytes": None, "top_logprobs": []} for piece in pieces]
    said = {"role": "assistant", "content": text}
    return {"index": 0, "finish_reason": reason, "message": said, "logprobs": {"content": tokens}}


def test_choices_keep_their_tokens_and_how_they_ended() -> None:
    asked = {"role": "user", "content": "2?"}
    rows = [
        {"messages_and_choices": [asked, one], "reward": 1.0}
        for one in (choice("so 2", "so", " 2"), choice("3", "<|x|>", "3", reason="length"))
    ]
    (forest,) = read("\n".join(map(json.dumps, rows)).encode())
    assert forest.status.tolist() == [Status.TERMINATED, Status.TRUNCATED]
    assert forest.tokens is not None
    assert list(forest.tokens.text or ()) == ["so", " 2", "", ""]
    assert forest.tokens.logprob is not None
    assert forest.tokens.logprob.tolist() == [-0.5] * 4


def yaml_with(value: str) -> bytes:
    return f"- trajectories:\n  - messages_and_choices: []\n    reward: 1\n    metadata: {value}\n".encode()


def test_aliases_of_yaml_are_values() -> None:
    (forest,) = read(yaml_with("&a {x: 1}\n    logs: [*a]"), name="7.yaml")
    assert forest.node_extra[0] == {"metadata": {"x": 1}, "logs": [{"x": 1}]}


REPEATS = "&a [x,x,x,x,x,x,x,x]\n" + "".join(
    f"    k{n}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 8)}]\n" for n in range(12)
)
"""A few hundred bytes that mean 8**13 values."""


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (REPEATS, "repeat more than"),
        ("[" * 80 + "]" * 80, "levels deep"),
        ("!!python/object/apply:os.system [ls]", "not YAML"),
        ("[1, 2", "not YAML"),
        ("*nobody", "not YAML"),
        ("{? [1] : 2}", "not YAML"),
        ("5", '"metadata" is 5, not an object'),
    ],
)
def test_yaml_that_is_refused(value: str, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(yaml_with(value), name="7.yaml")
    assert str(caught.value).startswith("7.yaml")
    assert message in str(caught.value)


def test_yaml_keeps_dates_and_merge_keys_as_text() -> None:
    (forest,) = read(yaml_with("{day: 2026-01-02, 5: x, '<<': y}"), name="7.yaml")
    assert forest.node_extra[0]["metadata"] == {"day": "2026-01-02", "5": "x", "<<": "y"}


def test_a_field_that_is_wrong_is_named() -> None:
    with pytest.raises(FormatError) as caught:
        read(json.dumps({"trajectories": [{"messages_and_choices": [5]}]}).encode(), name="7.jsonl")
    assert str(caught.value).startswith('7.jsonl, trajectories[0]: "messages_and_choices" is [5]')


@pytest.mark.parametrize("head", ["", "trajectories:\n"])
def test_yaml_of_trajectories_without_groups(head: str) -> None:
    one = "- reward: {}\n  messages_and_choices:\n  - {{role: user, content: 1+1?}}\n"
    one += "  - {{finish_reason: stop, message: {{role: assistant, content: '{}'}}}}\n"
    (forest,) = read((head + one.format(1.0, 2) + one.format(0.0, 3)).encode())
    assert (forest.prompt, forest.text, forest.reward.tolist()) == ("1+1?", ("2", "3"), [1.0, 0.0])
