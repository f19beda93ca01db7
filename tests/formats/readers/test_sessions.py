"""Session files of agents: entries that name the one before them, and may branch."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cases import DATA

from treecore.core.columns import Status
from treecore.core.tool_calls import tool_calls
from treecore.errors import FormatError
from treecore.formats import read
from treecore.formats.files import read_with_report

HEADER = {"type": "session", "version": 3, "id": "s"}


def test_sessions_that_trackio_wrote() -> None:
    report = read_with_report(DATA / "trackio-0.43.0-sessions")
    assert report.format == "session"
    plain = read(DATA / "trackio-0.43.0" / "traces.json")
    of = {(forest.prompt, forest.provenance["training_step"]): forest for forest in plain}
    for forest in report.forests:
        other = of[forest.prompt, forest.provenance["training_step"]]
        assert sorted(forest.text) == sorted(other.text)
        assert sorted(forest.claimed["advantage"][forest.topology.is_leaf]) == sorted(
            other.claimed["advantage"][other.topology.is_leaf]
        )


def test_a_session_that_branches() -> None:
    (forest,) = read(DATA / "pi_session" / "session.jsonl")
    assert (forest.prompt, forest.policy) == ("3*4+2?", {"model": "tiny"})
    assert list(forest.text) == ["Let me see.", "14", "It is"]
    assert forest.parent.tolist() == [-1, 0, 0]
    assert list(forest.observation) == ["14", "", ""]
    assert forest.node_extra[0]["reasoning_content"] == "I should calculate."
    assert [str(call) for call in tool_calls("", forest.node_extra[0])] == ['calc(e="3*4+2")']
    assert forest.status[2] == Status.TRUNCATED


def said(name: str, parent: str | None, role: str = "assistant", content: Any = "x") -> dict[str, Any]:
    return {"type": "message", "id": name, "parentId": parent, "message": {"role": role, "content": content}}


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([said("a", "b")], 'line 2: "parentId" is b, no entry before it'),
        ([said("a", None), said("a", "a")], 'line 3: "id" is "a", not the only one of this name'),
        ([said("a", None, content=5)], 'line 2: "content" is 5, not a list'),
        ([{"type": "message", "id": "a", "parentId": None, "message": 5}], 'line 2: "message" is 5, not an object'),
    ],
)
def test_what_is_wrong_is_named(entries: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(FormatError) as caught:
        read("\n".join(map(json.dumps, [HEADER, *entries])).encode(), name="s.jsonl")
    assert told in str(caught.value)
