"""Tables in no known format, read by naming their columns."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treecore.core.columns import Status
from treecore.errors import FormatError, TreecoreError
from treecore.formats import read, read_with_report
from treecore.formats.mapping import USUAL, certain_columns, guess_columns, preview
from treecore.formats.source import open_source

ROWS = [
    {"question": "3*4?", "reply": "a\nb", "ok": True, "gold": "12", "run": 3, "score": {"style": 0.5}},
    {"question": "3*4?", "reply": "a\nc", "ok": False, "gold": "12", "run": 3, "score": {"style": 0.25}},
    {"question": "5*5?", "reply": "d", "ok": None, "gold": "25", "run": 3},
]
NAMED = {"prompt": "question", "answer": "reply", "reward": "ok", "reference": "gold", "step": "run"}


def test_what_names_do_not_tell_is_guessed_by_values() -> None:
    rows = [
        {"id": n, "task_text": "how many clips were sold in May ?", "said": f"half of 48 is {n}", "ok": "yes", "t": 1.0}
        for n in range(3)
    ]
    guessed = {"prompt": "task_text", "answer": "said", "reward": "ok"}
    assert guess_columns(rows[0], rows=rows) == guessed
    assert guess_columns(rows[0]) == {}
    named = {"question": "what is one and one ?", "notes": "said in other words", "out_of": 3}
    assert guess_columns(named, rows=[named]) == {"prompt": "question", "answer": "notes"}
    short = [{"q": "1+1?", "a": "2", "n": 1}]
    assert guess_columns(short[0], rows=short) == {}


def as_lines(rows: list[dict[str, object]]) -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in rows)


def as_parquet(rows: list[dict[str, object]]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file.getvalue()


CSV = b'question,reply,ok,gold,run\n3*4?,"a\nb",true,12,3\n3*4?,"a\nc",0,12,3\n5*5?,d,,25,3\n'


@pytest.mark.parametrize("content", [as_lines(ROWS), json.dumps(ROWS).encode(), as_parquet(ROWS), CSV])
def test_any_container(content: bytes) -> None:
    first, second = read(content, columns=NAMED)
    assert (first.prompt, first.reference, first.provenance["training_step"]) == ("3*4?", "12", 3)
    assert first.text == ("a\nb", "a\nc")
    assert first.reward.tolist() == [1.0, 0.0]
    assert first.parent.tolist() == [-1, -1]
    assert np.isnan(second.reward).all()


def test_fields_inside_objects_and_what_is_left() -> None:
    (forest, _) = read(as_lines(ROWS), columns={**NAMED, "reward": "score.style"})
    assert forest.reward.tolist() == [0.5, 0.25]
    assert forest.columns["ok"].tolist() == [1.0, 0.0]


def test_rows_of_one_rollout_are_its_turns() -> None:
    rows = [
        {"q": "x", "a": text, "r": reward, "id": name}
        for name, text, reward in (("1", "one", 0.5), ("2", "other", 0.0), ("1", "two", 1.0))
    ]
    (forest,) = read(as_lines(rows), columns={"prompt": "q", "answer": "a", "reward": "r", "rollout": "id"})
    assert forest.text == ("one", "two", "other")
    assert forest.parent.tolist() == [-1, 0, -1]
    assert forest.columns["turn_reward"].tolist()[0] == 0.5
    assert forest.reward.tolist()[1:] == [1.0, 0.0]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_what_stands_between_columns(separator: str) -> None:
    lines = [("prompt", "response", "reward"), ("a?", '"b, c; d"', "1")]
    (forest,) = read("\n".join(map(separator.join, lines)).encode() + b"\n")
    assert list(forest.text) == ["b, c; d"]


def test_bytes_that_are_no_text_are_told() -> None:
    given = b"prompt,response,reward\na?,caf\xe9,1\na?,\xef\xbf\xbd,1\n"
    assert not read_with_report(given).notes.dropped
    (said,) = read_with_report(given.replace(b"\xef\xbf\xbd", b"b")).notes.dropped
    assert said.startswith("bytes that are not UTF-8")


def test_columns_of_one_name_are_told() -> None:
    with pytest.raises(FormatError, match="the first line names two columns"):
        read(b"prompt,response,response\na?,b,c\n", name="t")


def test_rows_inside_an_object() -> None:
    rows = [{"question": "a?", "response": text, "score": score} for text, score in (("b", float("nan")), ("c", 1))]
    report = read_with_report(json.dumps({"results": rows, "model": "m", "ids": [1, 2]}).encode())
    (forest,) = report.forests
    assert list(forest.text) == ["b", "c"]
    assert report.notes.recognised['rows lie under "results"'] == 1
    assert report.notes.dropped == {'what stands beside "results" (model, ids)': 1}
    with pytest.raises(FormatError, match="with the fields more, results"):
        read(json.dumps({"results": rows[1:], "more": rows[1:]}).encode())


@pytest.mark.parametrize(
    ("content", "before"),
    [
        ({"results": ROWS}, ""),
        ({"run": "x", "results": ROWS, "n": 2}, "results."),
        ({"data": {"items": ROWS, "n": 3}, "meta": {"question": 1}}, ""),
        ({"data": {"items": ROWS}}, "data.items."),
        ({"one": ROWS, "other": ROWS[:1]}, "one."),
        ({"one": [{"id": 1}], "other": ROWS}, ""),
    ],
)
def test_columns_of_rows_inside_an_object(content: dict[str, object], before: str) -> None:
    columns = {role: f"{before}{name}" for role, name in NAMED.items()}
    report = read_with_report(json.dumps(content).encode(), columns=columns)
    assert [list(forest.text) for forest in report.forests] == [["a\nb", "a\nc"], ["d"]]
    assert sum(clause.startswith("rows lie under") for clause in report.notes.recognised) == 1


def test_rows_in_two_places_are_to_be_told_apart() -> None:
    with pytest.raises(FormatError, match=r"rows under 'one' and under 'other'; say which: one.question"):
        read(json.dumps({"one": ROWS, "other": ROWS}).encode(), columns=NAMED)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"run": "x", "got": [{"q": "a?", "acc": 1}]}, "fields got, run; rows with acc, q under got; say"),
        ({"data": {"got": [{"q": 1}], "n": 3}}, "fields data; got, n in data; rows with q under data.got; say"),
        ({"meta": {"m": 1}, "q": 1}, "fields meta, q; m in meta; say"),
    ],
)
def test_what_lies_one_level_down_is_named(content: dict[str, object], said: str) -> None:
    with pytest.raises(FormatError, match=said):
        read(json.dumps(content).encode())
    with pytest.raises(FormatError, match=said.partition("; ")[2].partition("; say")[0]):
        read(json.dumps(content).encode(), columns={"prompt": "nowhere", "answer": "nowhere"})


@pytest.mark.parametrize("turn", [list, lambda values: {str(n): value for n, value in enumerate(values)}])
def test_an_object_of_columns(turn: Callable[[list[object]], object]) -> None:
    columns = {"prompt": ["a?", "a?"], "response": ["b", "c"], "reward": [1, None]}
    content = json.dumps({name: turn(values) for name, values in columns.items()}).encode()
    for (forest,) in (read(content), read(content, columns={"prompt": "prompt", "answer": "response"})):
        assert list(forest.text) == ["b", "c"]


def test_answers_that_were_cut_short() -> None:
    reasons = ("", "max_tokens", "eos")
    rows = [{"q": "a?", "r": reason, "truncated": not reason, "stop_reason": reason} for reason in reasons]
    (forest,) = read(json.dumps(rows).encode(), columns={"prompt": "q", "answer": "r"})
    assert forest.status.tolist() == [Status.TRUNCATED, Status.TRUNCATED, Status.TERMINATED]


def test_chats_as_prompt_and_answer() -> None:
    ask = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "x?"}]
    say = [
        {"role": "assistant", "content": "a"},
        {"role": "tool", "content": "t"},
        {"role": "assistant", "content": "b"},
    ]
    (forest,) = read(as_lines([{"p": ask, "c": say}]), columns={"prompt": "p", "answer": "c"})
    assert (forest.prompt, forest.extra["system"]) == ("x?", "Be brief.")
    assert forest.text == ("a", "b")
    assert forest.observation == ("t", "")


def test_the_report_says_what_columns_were_taken_for() -> None:
    report = read_with_report(as_lines(ROWS), columns=NAMED)
    assert "column 'ok' is the reward" in report.notes.recognised
    assert report.format == "table"


def test_guesses() -> None:
    assert guess_columns(["Question", "answer", "response", "acc"]) == {
        "prompt": "Question",
        "answer": "response",
        "reward": "acc",
        "reference": "answer",
    }
    assert preview(open_source(CSV))[0] == {"question": "3*4?", "reply": "a\nb", "ok": "true", "gold": "12", "run": "3"}


@pytest.mark.parametrize("name", ["grp", "gid", "qid", "prompt_id", "question_id", "Group_Index"])
def test_short_names_of_groups_are_guessed(name: str) -> None:
    assert guess_columns([name, "q", "response", "acc"])["group"] == name


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"prompt": "question"}, "no column is named as the answer; name it"),
        ({**NAMED, "answer": "nix"}, "no row has a value in column 'nix', which was named as the answer"),
        ({**NAMED, "colour": "ok"}, "a column cannot be a 'colour'; it can be prompt, answer"),
        ({**NAMED, "reward": "reply"}, r'line 1: the reward "a\nb" is no number; name another column'),
    ],
)
def test_wrong_names(columns: dict[str, str], said: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(as_lines(ROWS), name="t", columns=columns)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,a\n1,2\n", "does not name the columns"),
        (b"question,reply\n1,2,3\n", "line 2: 3 values for 2 columns"),
        (b"[1]", r"$[0]: a row is no object"),
    ],
)
def test_tables_that_are_broken(content: bytes, said: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(content, name="t", columns={"prompt": "question", "answer": "reply"})
    assert said in str(caught.value)


def test_a_table_in_no_known_format_says_its_columns_and_how_to_name_them() -> None:
    with pytest.raises(FormatError) as caught:
        read(CSV, name="t.csv")
    assert "columns question, reply, ok, gold, run" in str(caught.value)
    assert "--map" not in str(caught.value)
    assert str(caught.value.at("here").in_shell).endswith(
        ": --map prompt=question --map answer=COLUMN --map reward=COLUMN"
    )


def test_an_unknown_object_names_the_nearest_format() -> None:
    with pytest.raises(FormatError, match=r"fields inputs, output, score; nearest to .*verl"):
        read(b'{"inputs": "a", "output": "b", "score": 1}')
    with pytest.raises(FormatError, match=r"nearest to lists of generations;"):
        read(b'{"problem": "a", "generations": []}')


CERTAIN = [
    {"prompt": "3*4?", "completion": text, "reward": reward, "answer": "12", "uid": "a"}
    for text, reward in (("a\nb", 1.0), ("a\nc", 0.0))
]


@pytest.mark.parametrize(
    "content", [as_lines(CERTAIN), as_parquet(CERTAIN), b"Question,response,acc\n3*4?,a,1\n3*4?,b,0\n"]
)
def test_columns_that_are_certain_by_name_are_read_at_once(content: bytes) -> None:
    report = read_with_report(content, name="mine")
    (forest,) = report.forests
    assert forest.reward.tolist() == [1.0, 0.0]
    assert report.format == "usual_table"
    assert any("is the reward, by its name" in clause for clause in report.notes.guessed)


def test_files_of_certain_columns_are_one_format_and_the_reference_is_no_answer() -> None:
    report = read_with_report({"1.jsonl": as_lines(CERTAIN[:1]), "2.jsonl": as_lines(CERTAIN[1:])}, name="run")
    (forest,) = report.forests
    assert (report.title, forest.reference, len(forest)) == ("table with usual columns", "12", 2)


@pytest.mark.parametrize(
    "names",
    [
        ("prompt", "completion"),
        ("prompt", "completion", "response", "reward"),
        ("instruction", "question", "output", "reward"),
        ("prompt", "answer", "reward"),
        ("prompt", "completion", "acc", "score"),
    ],
)
def test_columns_that_leave_a_doubt_are_not(names: tuple[str, ...]) -> None:
    assert certain_columns(names) == {}


def test_a_column_of_the_very_name_of_its_role_is_it() -> None:
    found = certain_columns(["prompt", "question", "completion", "reward", "score", "step"])
    assert found == {"prompt": "prompt", "answer": "completion", "reward": "reward", "step": "step"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["role", "content", "x"]), inner),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.sampled_from("pargsxozi"), VALUES, max_size=6), min_size=1, max_size=4))
def test_any_rows_give_forests_or_one_sentence(rows: list[dict[str, object]]) -> None:
    columns = dict(zip(USUAL, "pargsxozi", strict=True))
    said = ""
    try:
        assert read(json.dumps(rows).encode(), columns=columns)
    except TreecoreError as error:
        said = str(error)
    assert "\n" not in said


def by_token(advantages: object, **others: object) -> bytes:
    row = {"prompt": "3*4?", "completion": "12", "reward": 1.0, "advantages": advantages}
    return as_lines([row | others, {"prompt": "3*4?", "completion": "14", "reward": 0.0, "advantages": None}])


@pytest.mark.parametrize(
    "content",
    [
        by_token([0.5, 0.5, 0.5]),
        by_token([None, 0.5, 0.5]),
        by_token([0.5, 0.5]).replace(b'"advantages"', b'"step": 1, "advantage"'),
        by_token([0.5, 0.0, 0.5], completion_mask=[1, 0, 1]),
        as_parquet([json.loads(line) for line in by_token([0.5, 0.0], response_mask=[True, False]).splitlines()]),
    ],
)
def test_one_advantage_at_all_tokens_is_that_of_the_answer(content: bytes) -> None:
    (forest,) = read(content)
    np.testing.assert_array_equal(forest.claimed["advantage"], [0.5, np.nan])


@pytest.mark.parametrize("advantages", [["x"], [True], [[0.5]], "high"])
def test_advantages_that_are_no_numbers(advantages: object) -> None:
    with pytest.raises(FormatError, match=r"line 1: the advantage .* is no number"):
        read(by_token(advantages))
