"""trackio's traces: as the command gives them, as Parquet, as they were logged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cases import DATA

from treecore.core.tool_calls import tool_calls
from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report

CASE = DATA / "trackio-0.43.0"


@pytest.mark.parametrize("name", ["traces.json", "sums_traces.parquet"])
def test_what_a_real_run_logged(name: str) -> None:
    report = read_with_report(CASE / name)
    assert report.format == "trackio"
    assert (
        sorted(forest.prompt for forest in report.forests)
        == ["What is 3*4+2?", "What is 3*4+2?"] + ["What is 7*8-9?"] * 2
    )
    assert sorted(forest.provenance["training_step"] for forest in report.forests) == [0, 0, 1, 1]
    called = [forest for forest in report.forests if any("tool_calls" in extra for extra in forest.node_extra.values())]
    assert len(called) == 4
    forest = next(forest for forest in called if forest.prompt == "What is 3*4+2?")
    row = next(row for row, extra in forest.node_extra.items() if "tool_calls" in extra)
    (call,) = tool_calls(forest.text[row], forest.node_extra[row])
    assert str(call) == 'calculate(expression="3*4+2")'
    assert forest.observation[row] == "14"
    assert [span["kind"] for span in forest.node_extra[row + 1]["spans"]] == ["generation", "tool"]
    assert report.notes.guessed == {"traces of one group_id are one group": 16}
    assert not report.notes.dropped


def logged(text: str, **metadata: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": "3*4+2?"}, {"role": "assistant", "content": text}]
    return {"_type": "trackio.trace", "messages": messages, "metadata": metadata, "spans": []}


def test_traces_as_they_were_logged() -> None:
    rows = [logged("14", reward=1.0, rewards={"ok": 1.0}, judge=0.5, model="m"), logged("15", reward=None)]
    (forest,) = read("\n".join(map(json.dumps, rows)).encode())
    assert list(forest.text) == ["14", "15"]
    assert forest.policy == {"model": "m"}
    assert [str(value) for value in forest.reward] == ["1.0", "nan"]
    assert [str(value) for value in forest.columns["reward.ok"]] == ["1.0", "nan"]
    assert [str(value) for value in forest.columns["judge"]] == ["0.5", "nan"]
    assert "advantage" not in forest.claimed


def test_a_field_that_is_wrong_is_named() -> None:
    with pytest.raises(FormatError, match=r't[.]jsonl: "metadata[.]reward" is "good", not a number'):
        read(json.dumps(logged("14", reward="good")).encode(), name="t.jsonl")
    broken = {"run": "a", "messages": "[{", "metadata": "{}", "spans": ""}
    with pytest.raises(FormatError, match=r't[.]jsonl: "messages" is "\[\{", not JSON'):
        read(json.dumps(broken).encode(), name="t.jsonl")


def test_traces_as_they_are_logged_may_have_no_spans() -> None:
    said = [{"role": "user", "content": "a?"}, {"role": "assistant", "content": "b"}]
    trace = {"_type": "trackio.trace", "messages": said, "metadata": {"group_id": "g", "reward": 1.0}}
    report = read_with_report(json.dumps([trace, trace]).encode())
    assert report.format == "trackio"
    assert [(forest.prompt, forest.reward.tolist()) for forest in report.forests] == [("a?", [1.0, 1.0])]
