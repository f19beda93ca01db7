"""Weave: calls as trees of ops, whatever order and shape they come in."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from cases import DATA

from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report
from treecore.formats.readers.traces.weave_ops import Op, nearest_above


def op(name: str, parent: str = "") -> Op:
    return Op(name, parent, "t", name, name, {}, None, {}, {}, "here")


def call(number: int, inputs: Any, output: Any, **more: Any) -> dict[str, Any]:
    ids = {"id": str(number), "trace_id": "t", "parent_id": None, "started_at": str(number)}
    return ids | {"op_name": "openai.chat.completions.create", "inputs": inputs, "output": output, **more}


def lines(*calls: dict[str, Any]) -> bytes:
    return "".join(f"{json.dumps(one)}\n" for one in calls).encode()


ASKED = {"model": "tiny", "messages": [{"role": "user", "content": "3*4+2?"}]}


def test_chats_through_two_clients_are_there_once() -> None:
    report = read_with_report(DATA / "weave")
    assert report.format == "weave"
    first, second = report.forests
    assert (first.prompt, list(first.text), first.parent.tolist()) == ("3*4+2?", ["", "14"], [-1, 0])
    assert list(first.observation) == ["12", ""]
    assert first.columns["judge.Good.score.ok"][1] == 1.0
    assert (second.extra["system"], second.policy["model"]) == ("Be short.", "other")


def test_predictions_are_scored_and_keep_the_chat_behind_them() -> None:
    first, second = read(DATA / "weave_evaluation")
    assert (first.prompt, first.reference, list(first.text)) == ("3*4+2?", "14", ["I think 14", "I think 15"])
    assert first.reward.tolist() == [1.0, 0.0]
    assert (second.prompt, list(second.text)) == ("9+7?", ["16"])
    assert np.isnan(second.reward).all()


def test_rollouts_of_verl_are_groups_of_a_training_step() -> None:
    (forest,) = read(DATA / "weave_verl")
    assert forest.provenance["training_step"] == 7
    assert forest.node_extra[2]["rollout_n"] == 2


def test_the_nearest_call_above() -> None:
    ops = [op("a"), op("b", "a"), op("c", "b"), op("d", "c"), op("e", "nowhere")]
    assert nearest_above(ops, {"a", "c"}) == {"a": "", "b": "a", "c": "a", "d": "c", "e": ""}


def test_calls_in_a_ring_are_above_nothing() -> None:
    assert nearest_above([op("a", "c"), op("b", "a"), op("c", "b")], set()) == {"a": "", "b": "", "c": ""}


def test_calls_within_calls_are_walked_once() -> None:
    n = 100_000
    ops = [op(str(place), str(place - 1)) for place in range(n)]
    assert set(nearest_above(ops[::-1], {"0"}).values()) == {"", "0"}


def test_several_choices_of_one_call_are_siblings() -> None:
    choices = [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"} for text in ("14", "15")]
    (forest,) = read(lines(call(1, ASKED, {"choices": choices})))
    assert (list(forest.text), forest.parent.tolist()) == (["14", "15"], [-1, -1])


def test_objects_may_be_json_in_texts() -> None:
    output = json.dumps({"choices": [{"message": {"role": "assistant", "content": "14"}}]})
    (forest,) = read(lines(call(1, json.dumps(ASKED), output, attributes="{}", summary="")))
    assert (forest.prompt, list(forest.text)) == ("3*4+2?", ["14"])


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (lines(call(1, {}, None)), "no call is of a model or an evaluation"),
        (lines(call(1, [5], None)), '"inputs" is [5], not an object'),
        (lines(call(1, ASKED, "14", attributes=7)), '"attributes" is 7, not an object'),
    ],
)
def test_what_is_wrong_is_named(data: bytes, told: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(data, name="calls.jsonl")
    assert str(caught.value).startswith("calls.jsonl")
    assert told in str(caught.value)
