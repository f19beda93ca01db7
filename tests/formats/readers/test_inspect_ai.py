"""inspect_ai logs: both layouts of archives, JSON, scores of every kind, branches, attachments."""

from __future__ import annotations

import io
import json
import zipfile
from copy import deepcopy
from typing import Any

import numpy as np
import orjson
import pytest
from cases import DATA
from hypothesis import given, settings
from hypothesis import strategies as st

from treecore.errors import FormatError
from treecore.formats import read, read_with_report
from treecore.formats.archive import archive
from treecore.formats.source import plain_at_once
from treecore.formats.wide import NARROW

FORKS = next((DATA / "inspect_ai-0.3.285-branches").glob("*.eval"))
CHUNKED = DATA / "inspect_ai-0.3.285-chunked" / "forks.eval"
SCORES = DATA / "inspect_ai-0.3.285-scores"


def members_of(data: bytes) -> dict[str, Any]:
    """The members of an archive, parsed."""
    found = archive(data, "a.eval")
    return {name: json.loads(found.fetch(name)) for name in found.names}


def packed(members: dict[str, Any]) -> bytes:
    """An archive of such members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, value in members.items():
            opened.writestr(name, json.dumps(value))
    return file.getvalue()


@pytest.mark.parametrize("path", [FORKS, CHUNKED], ids=["whole", "chunked"])
def test_branches_hang_where_they_left_the_main_line(path: Any) -> None:
    easy, hard = read(path)
    assert (easy.id, easy.prompt, easy.reference, easy.task) == ("q-easy", "What is 3*4+2?", "14", "forks")
    assert easy.policy == {"model": "mockllm/model"}
    assert easy.parent.tolist() == [-1, 0, 0, 0, -1, 4, 4, 4]
    assert list(easy.text) == [
        "Let me work it out.",
        *["So the answer is\n\n14"] * 2,
        "So the answer is\n\n15",
        "So the answer is\n\n13",
        "So the answer is\n\n14",
        "So the answer is\n\n10",
        "So the answer is\n\n11",
    ]
    assert easy.observation[0] == "14"
    assert not any(easy.observation[1:])
    assert [one["content"] for row in (1, 2) for one in easy.node_extra[row]["input"]] == ["Try way 1.", "Try way 2."]
    assert np.flatnonzero(easy.reward == easy.reward).tolist() == [3, 7]
    assert easy.node_extra[0]["tool_calls"][0]["arguments"] == {"expression": "3*4+2"}
    assert hard.n_model_tokens.tolist() == [5] * 8


@pytest.mark.parametrize("name", ["long.eval", "long.json"])
def test_scores_thoughts_tokens_and_attachments(name: str) -> None:
    report = read_with_report(SCORES / name)
    (forest,) = report.forests
    slowly = "Work it out slowly. " * 20
    assert forest.prompt == f"user:\nWhat is 1+1?\n\nassistant:\n2\n\nuser:\n{slowly}What is 3*4+2?"
    assert forest.extra["system"] == "Be exact."
    assert forest.reference == "14"
    assert list(forest.text) == ["14", f"{slowly}14", "half", "15?"]
    np.testing.assert_array_equal(forest.reward, [1, 1, 0.5, np.nan])
    np.testing.assert_array_equal(forest.columns["reward.parts.length"], [2, 402, 4, 3])
    assert forest.status.tolist() == [1, 1, 2, 1]
    assert forest.node_extra[3]["reasoning_content"] == "I guess"
    assert "content" not in forest.node_extra[3]
    assert forest.tokens is not None
    assert list(forest.tokens.text) == ["1", "4"]
    assert forest.tokens.logprob.tolist() == [-0.25, -0.5]
    assert forest.n_model_tokens.tolist() == [2, 4, 4, 4]
    assert report.notes.recognised == {'the score "grade" is the reward': 4}


SAMPLE: dict[str, Any] = {
    "id": 7,
    "epoch": 1,
    "input": "3*4?",
    "target": ["12", "twelve"],
    "messages": [
        {"role": "user", "content": "3*4?", "id": "u"},
        {"role": "assistant", "content": "Let me see.", "id": "a", "source": "generate"},
        {"role": "tool", "content": "12", "id": "t"},
    ],
    "scores": {
        "judge": {"value": "fine"},
        "exact": {"value": "yes"},
        "share": {"value": "0.25"},
        "both": {"value": [1, None]},
    },
}
LOG: dict[str, Any] = {
    "version": 2,
    "status": "success",
    "eval": {"eval_id": "e", "task": "t", "model": "m"},
    "plan": {},
}


def log(*samples: dict[str, Any], **fields: Any) -> bytes:
    """A JSON log."""
    return orjson.dumps(LOG | {"samples": samples} | fields)


def changed(**fields: Any) -> dict[str, Any]:
    """The sample, with other fields."""
    return {**deepcopy(SAMPLE), **fields}


def test_scores_in_words_and_lists() -> None:
    report = read_with_report(log(SAMPLE, results={"headline": {"scorer": "exact", "score": "exact"}}))
    (forest,) = report.forests
    assert forest.reward.tolist() == [1.0]
    assert forest.reference == '["12","twelve"]'
    assert forest.observation == ("12",)
    assert {name: column.tolist() for name, column in forest.columns.items()} == {
        "reward.exact": [1.0],
        "reward.share": [0.25],
        "reward.both.0": [1.0],
    }
    assert report.notes.dropped == {'scores of "judge" that are no number': 1}


def test_a_score_that_is_no_number_is_no_reward() -> None:
    assert read(log(SAMPLE))[0].reward.tolist() == [1.0]
    headline = {"headline": {"scorer": "judge", "score": "judge"}}
    assert np.isnan(read(log(SAMPLE, results=headline))[0].reward).all()


def test_epochs_are_a_group_and_logs_are_not() -> None:
    other = orjson.dumps({**LOG, "eval": {**LOG["eval"], "eval_id": "f"}, "samples": [SAMPLE]})
    found = read({"a.json": log(SAMPLE, changed(epoch=2)), "b.json": other})
    assert [forest.n_trees for forest in found] == [2, 1]
    assert [forest.id for forest in found] == ["7", "7 · 2"]


def test_a_sample_that_failed_is_an_empty_trajectory() -> None:
    (forest,) = read(log(changed(messages=[], scores={}, error={"message": "no network", "traceback": ""})))
    assert forest.prompt == "3*4?"
    assert forest.text == ("",)
    assert forest.status.tolist() == [3]
    assert forest.node_extra[0]["error"]["message"] == "no network"


def test_a_call_that_failed_is_no_call_of_another() -> None:
    empty = {"message": {"role": "assistant", "content": "", "id": "b"}, "stop_reason": "stop"}
    event = {"event": "model", "input": [], "output": {"choices": [empty]}, "error": "RuntimeError('down')"}
    report = read_with_report(log(changed(events=[event]), changed(events=[event | {"error": None}])))
    assert report.notes.dropped["calls of the model that failed"] == 1
    (other,) = [clause for clause in report.notes.dropped if "of scorers" in clause]
    assert report.notes.dropped[other] == 1


def test_an_outcome_stands_on_a_leaf_where_branches_go_on_from_the_last_turn() -> None:
    answer = {"message": {"role": "assistant", "content": "again", "id": "b"}, "stop_reason": "stop"}
    events = [
        {"event": "anchor", "anchor_id": "x"},
        {"event": "span_begin", "id": "s", "type": "branch"},
        {"event": "branch", "span_id": "s", "from_anchor": "x"},
        {"event": "model", "span_id": "s", "input": SAMPLE["messages"][:2], "output": {"choices": [answer]}},
    ]
    (forest,) = read(log(changed(events=events, scores={"exact": {"value": "C"}})))
    assert forest.text == ("Let me see.", "again", "")
    assert forest.parent.tolist() == [-1, 0, 0]
    np.testing.assert_array_equal(forest.reward, [np.nan, np.nan, 1.0])


def test_what_a_branch_replays_is_no_second_turn() -> None:
    said = [{"message": {"role": "assistant", "content": text, "id": text}} for text in ("Let me see.", "other")]
    events = [
        {"event": "span_begin", "id": "s", "type": "branch"},
        {"event": "model", "span_id": "s", "input": [], "output": {"choices": [said[0]]}},
        {"event": "branch", "span_id": "s", "from_anchor": "x"},
        {"event": "model", "span_id": "s", "input": [said[0]["message"]], "output": {"choices": [said[1]]}},
    ]
    first = {"event": "model", "input": [], "output": {"choices": [{"message": SAMPLE["messages"][1]}]}}
    (forest,) = read(log(changed(events=[first, *events])))
    assert forest.text == ("Let me see.", "other", "")
    assert forest.parent.tolist() == [-1, 0, 0]


def test_a_chunk_that_is_missing_is_said() -> None:
    members = members_of(CHUNKED.read_bytes())
    del members["samples/q-easy_epoch_1/events/7.json"]
    with pytest.raises(FormatError, match="samples/q-easy_epoch_1/events: items 7 to 13 are missing; copy it again"):
        read(packed(members), name="a.eval")


def test_a_log_without_samples_says_so() -> None:
    with pytest.raises(FormatError, match="the log holds no samples"):
        read(log())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"messages": 5}, '"messages" is 5, not a list'),
        ({"messages": ["x"]}, r'"messages\[0\]" is "x", not an object'),
        ({"scores": [1]}, r'"scores" is \[1\], not an object'),
        ({"events": {}}, '"events" is {}, not a list'),
    ],
)
def test_a_field_of_the_wrong_type_is_named(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(FormatError, match=f"^a.json, \\$.samples\\[1\\]: {said}"):
        read(log(SAMPLE, changed(**fields)), name="a.json")


@settings(max_examples=60)
@given(seed=st.randoms(use_true_random=False))
def test_an_archive_with_something_wrong_is_read_or_refused_in_one_sentence(seed: Any) -> None:
    path = seed.choice([CHUNKED, SCORES / "long.eval"])
    members = members_of(path.read_bytes())
    for name in seed.sample(sorted(members), 3):
        members[name] = spoiled(members[name], seed)
    assert outcome(packed(members)).startswith("a.eval")


def outcome(data: bytes) -> str:
    """Name of the file that was read, or what the error says."""
    try:
        return str(read(data, name="a.eval")[0].provenance["source"])
    except FormatError as error:
        return str(error)


def spoiled(value: Any, random: Any) -> Any:
    """A value with another one somewhere inside."""
    junk = [None, True, -1, 2**63, 1e308, "x", "attachment://0", [], {}, [[["x"]]], {"a": None}, [{"role": 1}]]
    holder = [value]
    top = holder
    key: Any = 0
    while isinstance(holder[key], dict | list) and holder[key] and random.random() > 0.1:
        holder = holder[key]
        key = random.choice(sorted(holder)) if isinstance(holder, dict) else random.randrange(len(holder))
    holder[key] = random.choice(junk)
    return top[0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b'{"a": [1]}', {"a": [1]}),
        (b"[NaN]", None),
        (b'{"a": 1}\n{"a": 2}', None),
        (b'"words"', None),
        (b"\xff\xfe{", None),
        (b"[" + b"1," * NARROW + b"1]", None),
    ],
    ids=["object", "NaN", "lines", "text", "UTF-16", "long"],
)
def test_short_members_are_parsed_at_once(text: bytes, found: Any) -> None:
    assert plain_at_once(text) == found


def test_members_of_more_objects_than_a_file_may_hold_are_opened_as_any_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREECORE_MAX_NODES", "1")
    assert plain_at_once(b"[[], [], []]") is None
