"""Which fields a report lists as unknown to us."""

from __future__ import annotations

import json

import pytest

from treecore.formats import read_with_report

CALL = {"type": "function", "function": {"name": "search", "arguments": '{"q": "x"}'}}


@pytest.mark.parametrize(
    ("field", "value", "known"),
    [
        ("tool_calls", [CALL, CALL], True),
        ("tool_calls", json.dumps([CALL]), True),
        ("function_call", {"name": "search", "arguments": {}}, True),
        ("tool_calls", [CALL, "no call"], False),
        ("tool_calls", "none", False),
        ("tool_calls", [], False),
        ("called", [CALL], False),
    ],
)
def test_calls_that_were_understood_are_no_unknown_field(field: str, value: object, known: bool) -> None:
    nodes = [{"id": 0, "parent": None, field: value, "note": 1}]
    report = read_with_report(json.dumps({"format": "treecore/1", "nodes": nodes}).encode())
    assert report.extra == {"nodes[].note": 1} | ({} if known else {f"nodes[].{field}": 1})
    assert report.forests[0].node_extra[0][field] == value
