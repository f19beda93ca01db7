"""What Python writes beyond JSON is read as null in files of other tools, and only there."""

from __future__ import annotations

import pytest

from treecore.errors import FormatError
from treecore.formats import gather, read
from treecore.formats.json_nan import nan_as_null
from treecore.formats.source import open_source

LINE = (
    b'{"input": "say NaN, or [NaN]", "output": "a\\": NaN,", "gts": "", "score": %s, "step": 1, '
    b'"x": [NaN, -Infinity]}\n'
)


@pytest.mark.parametrize("written", [b"NaN", b"Infinity", b"-Infinity"])
def test_a_score_that_is_no_number_is_not_scored(written: bytes) -> None:
    (forest,) = read(LINE % b"1.0" + LINE % written)
    assert forest.reward.tolist()[0] == 1.0
    assert forest.reward[1] != forest.reward[1]
    assert forest.prompt == "say NaN, or [NaN]"
    assert forest.text[1] == 'a": NaN,'
    assert forest.node_extra[1]["x"] == [None, None]


def test_lines_stay_where_they_are() -> None:
    source = open_source(b'{"a": [\n  NaN,\n  1], "b": "\\\\"}\n{"a": NaN}', name="x")
    assert nan_as_null(source).data == b'{"a": [\n  null,\n  1], "b": "\\\\"}\n{"a": null}'
    plain = open_source(b'{"a": "NaN", "b": "x, NaN, y"}', name="x")
    assert nan_as_null(plain).data == plain.data


def test_our_own_format_stays_strict() -> None:
    with pytest.raises(FormatError, match="NaN is not JSON"):
        read(b'{"format": "treecore/1", "nodes": [{"id": 0, "parent": null, "reward": NaN}]}')


def test_names_that_are_not_utf_8() -> None:
    with pytest.raises(FormatError, match="is not UTF-8"):
        read(b'{"st\x99p": 1}\n{"step": 2}\n')


@pytest.mark.parametrize("rows", [LINE % b"1.0", b'{"question": "1+1?", "response": "2", "correct": true}\n'])
def test_content_that_is_claimed_and_can_be_parsed_is_not_searched(
    rows: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[str] = []
    monkeypatch.setattr(gather, "nan_as_null", lambda source: searched.append(source.name) or source)
    read(rows.replace(b"NaN, -Infinity", b"0"), name="x")
    assert not searched
    with pytest.raises(FormatError):
        read(rows.replace(b"input", b"asked").replace(b"question", b"asked"), name="x")
    assert searched


def test_a_table_with_columns_that_are_certain_by_name_may_hold_them() -> None:
    line = b'{"question": "1+1?", "response": "2", "correct": %s}\n'
    (forest,) = read(line % b"1.0" + line % b"NaN")
    assert forest.reward[0] == 1.0
    assert forest.reward[1] != forest.reward[1]
