"""Numbers finer than a double: found whatever is around them, told with count and place, kept where they are text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from treecore.cli import main
from treecore.formats import read, read_with_report
from treecore.formats.json_digits import Rounded, changes, has_long_number, may_round, rounded_in

FINE = "0.12345678901234567890123"
ROOT = '{"id":0,"parent":null}'


def forest(node: str, head: str = "") -> bytes:
    return f'{{"format":"treecore/1",{head}"nodes":[{ROOT},{{"id":1,"parent":0,{node}}}]}}'.encode()


def warned(data: bytes) -> str:
    return " ".join(read_with_report(data, name="f").warnings)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_that_programs_write_from_doubles_are_no_loss(value: float) -> None:
    for text in (repr(value), f"{value:.17g}", json.dumps(value)):
        assert not changes(text)
    assert rounded_in(f"[{value!r}]".encode(), lambda path: True) is None


@pytest.mark.parametrize(
    "number",
    [
        FINE,
        "1.23456789012345678",
        "0.000123456789012345678",
        "-12345.6789012345678901",
        "1e-400",
        "3E-0400",
        "123456789012345678901",
        "0." + "0" * 400 + "1",
    ],
)
def test_finer_numbers_are_found_at_any_place(number: str) -> None:
    assert changes(number)
    for before in ("", " " * 131_060, '{"text": "0.1234567890123456789", "x": '):
        text = f"{before or '['}{number}{']' if not before else ''}".encode()
        assert may_round(text)
    found = rounded_in(f'[1, {{"a": "{FINE}", "b": [0.5, {number}, {number}]}}]'.encode(), lambda path: True)
    assert found == Rounded(2, (1, "b", 1), number)


def test_words_and_exact_numbers_are_let_through() -> None:
    assert not has_long_number(b'{"a": 0.12345678901234567, "b": -1.2345678901234567, "c": 0.00012345678901234567}')
    assert rounded_in(f'{{"a": "x {FINE}", "b": "1e-400"}}'.encode(), lambda path: True) is None
    exact = "0.1000000000000000055511151231257827021181583404541015625"
    assert rounded_in(f"[{exact}]".encode(), lambda path: True) is None, "all digits of a double"


@pytest.mark.parametrize(
    ("node", "place"),
    [
        (f'"columns":{{"v":{FINE}}}', "$.nodes[1].columns.v (node 1)"),
        (f'"rating":{{"by":[1,{FINE}]}}', "$.nodes[1].rating.by[1] (node 1)"),
        (f'"reward":{FINE}', "$.nodes[1].reward (node 1)"),
        (f'"text":"a","tokens":{{"logprob":[-{FINE}]}}', "$.nodes[1].tokens.logprob[0] (node 1)"),
    ],
)
def test_what_was_rounded_is_told_with_its_place(node: str, place: str) -> None:
    said = warned(forest(node))
    assert said.startswith("a number is finer than a double and was rounded: ")
    assert f"{FINE} at f, {place}; text would keep it" in said


def test_all_are_counted_and_the_first_is_named() -> None:
    data = forest(f'"a":{FINE},"b":[1e-400]', head=f'"note":{FINE},')
    said = warned(data + b"\n" + data)
    assert said.startswith("6 numbers are finer than a double and were rounded, the first 0.123")
    assert "at f, line 1, $.note" in said


def test_whole_numbers_that_become_doubles_count() -> None:
    assert "12345678901234567891 at f, $.nodes[1].columns.seed" in warned(
        forest('"columns":{"seed":12345678901234567891}')
    )
    assert warned(forest('"seed":12345678901234567891')) == "", "whole numbers up to 64 bits stay"


def test_ids_and_references_keep_their_digits() -> None:
    (found,) = read(forest('"text":"a"', head=f'"reference":{FINE},"id":123456789012345678901234,'))
    assert (found.reference, found.id) == (FINE, "123456789012345678901234")


def test_convert_does_not_say_that_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "f.forest.json"
    path.write_bytes(forest(f'"rating":{FINE}'))
    done = CliRunner().invoke(main, ["convert", str(path), "-o", str(tmp_path / "g.forest.json")])
    assert done.exit_code == 0
    assert "nothing lost" not in done.stdout
    assert f"was rounded: {FINE} at" in done.stdout
