from __future__ import annotations

import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treecore.errors import FormatError
from treecore.tasks.dataset.rows import Row, is_file_name, read_rows, rows_of, stem

GOOD = b'{"prompt": "2+2?", "answer": 4}\n'
TEXT = st.text(min_size=1, max_size=30).filter(lambda text: text.strip() and text.isprintable())


def test_ids_are_the_rows_own_or_the_line() -> None:
    rows = rows_of(b'\n{"id": 7, "prompt": "a", "answer": "b"}\n\n' + GOOD, name="d/quiz.jsonl").usable().good
    assert rows[0] == Row("7", "a", ("b",), {}, "d/quiz.jsonl, line 2")
    assert rows[1] == Row("quiz-4", "2+2?", ("4",), {}, "d/quiz.jsonl, line 4")


def test_other_fields_are_kept_and_several_answers_allowed() -> None:
    row = rows_of(
        b'[{"q": "a", "a": ["x", 2.0, 0.5], "level": {"n": 1}}]', name="x", prompt_field="q", answer_field="a"
    )
    assert row.good == (Row("x-1", "a", ("x", "2", "0.5"), {"level": {"n": 1}}, "x, row 1"),)


@pytest.mark.parametrize("ending", [".jsonl", ".json", ".jsonl.gz", ".json.gz"])
def test_all_kinds_of_files(tmp_path: Path, ending: str) -> None:
    value = [{"prompt": "a", "answer": "b"}] * 2
    text = "\n".join(map(json.dumps, value)) if "jsonl" in ending else json.dumps(value, indent=1)
    path = tmp_path / f"quiz{ending}"
    path.write_bytes(gzip.compress(text.encode()) if ending.endswith("gz") else text.encode())
    assert is_file_name(str(path))
    assert stem(str(path)) == "quiz"
    assert [row.id for row in read_rows(str(path)).usable().good] == ["quiz-1", "quiz-2"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"[1", "f.jsonl, line 1: not valid JSON"),
        (b"{", "f.jsonl, line 1: not valid JSON: .* at column 2; write one object on each line"),
        (b"3", "line 1: the row is a number, not an object"),
        (b"{}", "line 1: the row has no 'prompt' \\(it has no fields\\); add it"),
        (b'{"prompt": "x", "Answer": 1}', "has no 'answer' \\(it has 'prompt', 'Answer'\\)"),
        (b'{"prompt": " ", "answer": 1}', "'prompt' is empty text"),
        (b'{"prompt": 3, "answer": 1}', "'prompt' is a number; write the question as text"),
        (b'{"prompt": "x", "answer": null}', "'answer' is null; write text or a number"),
        (b'{"prompt": "x", "answer": true}', "'answer' is true"),
        (b'{"prompt": "x", "answer": []}', "'answer' is an empty list"),
        (b'{"prompt": "x", "answer": [[1]]}', "'answer' is a list"),
        (b'{"prompt": "x", "answer": {"a": 1}}', "'answer' is an object"),
        (b'{"prompt": "x", "answer": 123456789012345678901234}', "a number too large to be read exactly"),
        (b'{"prompt": "x", "answer": 1, "id": []}', "'id' is a list"),
        (b'{"prompt": "x", "answer": "\\ud800"}', "not valid JSON"),
        (b'{"prompt": "\xff", "answer": 1}', "f.jsonl, line 1: the text is not UTF-8; save it as UTF-8"),
        (GOOD + b'{"prompt": "caf\xe9", "answer": 1}\n', "f.jsonl, line 2: the text is not UTF-8"),
        (b'[{"prompt": "a",\n "answer": "caf\xe9"}]', "f.jsonl, line 2: the text is not UTF-8"),
        (b"\xff\xfe{\x00", "the text is UTF-16"),
        (b" \n ", "the file holds no questions"),
        (b"[]", "the file holds no questions"),
        (b'{"prompt": "%s", "answer": 1}' % (b"x" * 500_001), "a text of more than 500,000 characters"),
    ],
)
def test_bad_lines(line: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        rows_of(line, name="f.jsonl").usable()


def test_every_bad_line_has_its_own_error() -> None:
    rows = rows_of(b"{\n" + GOOD + b"[]\n" + b'{"id": "f-2", "prompt": "x", "answer": 1}', name="f")
    assert [str(error).partition(":")[0] for error in rows.errors] == ["f, line 1", "f, line 3", "f, line 4"]
    assert "the id 'f-2' was used before, at f, line 2" in str(rows.errors[2])
    assert len(rows.good) == 1
    with pytest.raises(FormatError, match=r"line 1: not valid JSON.* \(2 more rows are wrong\)"):
        rows.usable()


def test_a_broken_archive_a_missing_file_and_a_large_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FormatError, match="there is no such file"):
        read_rows(str(tmp_path / "no.jsonl"))
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(GOOD * 50)[:-20])
    with pytest.raises(FormatError, match="gzip file ends too early"):
        read_rows(str(path))
    path.write_bytes(gzip.compress(GOOD * 50))
    monkeypatch.setenv("TREECORE_MAX_BYTES", "1000")
    with pytest.raises(FormatError, match="where the limit is 1,000"):
        read_rows(str(path))


@given(st.lists(st.fixed_dictionaries({"prompt": TEXT, "answer": TEXT | st.integers(-(2**53), 2**53)}), min_size=1))
def test_what_was_written_is_read(values: list[dict[str, Any]]) -> None:
    rows = rows_of(b"\n".join(orjson.dumps(value) for value in values), name="f").usable().good
    assert [(row.prompt, row.answers) for row in rows] == [(one["prompt"], (str(one["answer"]),)) for one in values]
    assert rows_of(orjson.dumps(values), name="f").usable().good == tuple(
        Row(row.id, row.prompt, row.answers, row.data, f"f, row {number}") for number, row in enumerate(rows, 1)
    )


@given(st.binary(max_size=80) | st.text(alphabet='{}[]":,\n promtanswe1.5', max_size=80).map(str.encode))
def test_any_bytes_are_rows_or_one_of_our_errors(data: bytes) -> None:
    with suppress(FormatError):
        assert rows_of(data, name="f").usable().good
