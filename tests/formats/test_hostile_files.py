"""Files of hostile words are read as words, whole, and written again as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hostile import ATTACKS, HOST, hostile_file, hostile_forest, tagged_file

from treecore.core.columns import NODE_COLUMNS, TOKEN_COLUMNS
from treecore.formats import read, write
from treecore.formats.native_fields import MAP_FIELDS, OBJECT_FIELDS, TEXT_FIELDS


def words_of(value: Any) -> list[str]:
    """All texts in plain data, names of fields included."""
    if isinstance(value, dict):
        return [*value, *(word for item in value.values() for word in words_of(item))]
    if isinstance(value, list):
        return [word for item in value for word in words_of(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_field_that_may_hold_words_is_hostile(attack: str) -> None:
    forest, marks = hostile_forest(attack)
    texts = [f"nodes[].{column.name}" for column in NODE_COLUMNS if column.kind == "text"]
    tokens = [f"tokens.{column.name}" for column in TOKEN_COLUMNS if column.kind in ("text", "pairs")]
    maps = [f"nodes[].{field} name" for field in MAP_FIELDS]
    objects = [f"{name} field" for name in OBJECT_FIELDS]
    assert {"nodes[].id", "foreign field", *TEXT_FIELDS, *texts, *tokens, *maps, *objects} <= marks.keys()
    written = "\n".join(words_of(forest))
    assert all(mark in written for mark in marks.values())
    assert HOST in ATTACKS[attack]


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_words_come_back_as_they_were(attack: str, tmp_path: Path) -> None:
    content = hostile_file(attack)
    forests = read(content)
    path = tmp_path / "again.forest.json"
    write(forests, path)
    assert orjson.loads(path.read_bytes()) == {
        **orjson.loads(content),
        "nodes": orjson.loads(path.read_bytes())["nodes"],
    }
    assert read(path)[0].digest == forests[0].digest
    assert forests[0].prompt == hostile_forest(attack)[0]["prompt"]
    assert forests[0].text[1] == hostile_forest(attack)[0]["nodes"][1]["text"]
    assert len(read(tagged_file(attack))[0]) == len(forests[0])
