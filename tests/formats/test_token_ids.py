"""Token ids that stand in tables beside the answers."""

from __future__ import annotations

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from treecore.core.prefixes import merge
from treecore.errors import FormatError
from treecore.formats import read, read_with_report
from treecore.formats.mapping import guess_columns

TEXTS = ["so it is 14", "so it is 15", "so they"]
IDS = [[1, 2, 3, 4], [1, 2, 3, 5], [1, 9]]
MERGED = ("", "so", " it is", " 14", " 15", " they")


def rows(name: str = "token_ids", ids: list[object] | None = None, **others: object) -> list[dict[str, object]]:
    said = zip(TEXTS, ids or IDS, strict=True)
    return [{"prompt": "q?", "completion": text, "reward": 1, name: own, **others} for text, own in said]


def lines(given: list[dict[str, object]]) -> bytes:
    return "\n".join(map(json.dumps, given)).encode()


def parquet(given: list[dict[str, object]]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(given), file)
    return file.getvalue()


def csv(given: list[dict[str, object]], printed: str = ", ") -> bytes:
    of_row = '{prompt},{completion},{reward},"{token_ids}"'
    return "\n".join([",".join(given[0]), *(of_row.format(**row) for row in given)]).replace(", ", printed).encode()


@pytest.mark.parametrize("content", [lines(rows()), parquet(rows()), csv(rows()), csv(rows(), " ")])
def test_answers_are_merged_by_the_ids_of_any_table(content: bytes) -> None:
    report = read_with_report(content)
    (forest,) = report.forests
    assert forest.n_model_tokens.tolist() == [4, 4, 2]
    merged = merge(forest)
    assert (merged.text, merged.provenance["merged"]["by"]) == (MERGED, "token_ids")
    assert "column 'token_ids' holds the token ids, by its name" in report.notes.guessed
    assert not forest.node_extra


@pytest.mark.parametrize("name", ["completion_ids", "response_ids", "output_ids", "whatever"])
def test_the_column_is_guessed_or_named(name: str) -> None:
    columns = {"prompt": "prompt", "answer": "completion"} | ({"ids": name} if name == "whatever" else {})
    assert ("ids" in guess_columns(rows(name)[0], rows=rows(name))) == (name != "whatever")
    (forest,) = read(lines(rows(name)), columns=columns | {"ids": name})
    assert merge(forest).text == MERGED


def test_a_mask_and_log_probabilities_of_the_tokens_are_taken_along() -> None:
    said = {"completion_mask": [1, 0, 1], "sampling_logprobs": [-0.5, None, -0.25]}
    (forest,) = read(lines(rows(ids=[[1, 2, 3]] * 3, **said)))
    assert forest.tokens is not None
    assert forest.n_model_tokens.tolist() == [2, 2, 2]
    np.testing.assert_array_equal(forest.tokens.logprob[:3], [-0.5, np.nan, -0.25])
    assert not forest.node_extra


@pytest.mark.parametrize("ids", [["x"], [1.5], "1 2", [-1], [1 << 31], 7])
def test_a_column_of_such_a_name_that_holds_no_ids_is_kept_as_it_is(ids: object) -> None:
    (forest,) = read(lines(rows(ids=[ids] * 3)))
    assert forest.tokens is None
    assert "ids" not in guess_columns(rows()[0], rows=rows(ids=[ids] * 3))
    with pytest.raises(FormatError, match="in column 'token_ids' is no list of token ids"):
        read(lines(rows(ids=[ids] * 3)), columns={"prompt": "prompt", "answer": "completion", "ids": "token_ids"})


def test_answers_without_ids_leave_a_group_to_its_words() -> None:
    (forest,) = read(lines(rows(ids=[[1, 2], [1, 3], None])))
    assert merge(forest).provenance["merged"]["by"] == "sentences"


def test_turns_of_a_chat_are_the_stretches_that_the_model_wrote() -> None:
    chat = [
        {"role": "assistant", "content": "ask"},
        {"role": "tool", "content": "heard"},
        {"role": "assistant", "content": "12"},
    ]
    row = {"prompt": "q?", "completion": chat, "reward": 1, "completion_ids": [1, 2, 3, 4]}
    (forest,) = read(lines([row | {"completion_mask": [1, 0, 1, 1]}]))
    assert forest.n_model_tokens.tolist() == [1, 2]
    report = read_with_report(lines([row]))
    assert report.forests[0].n_model_tokens.tolist() == [-1, -1]
    assert any("several turns" in clause for clause in report.notes.dropped)
