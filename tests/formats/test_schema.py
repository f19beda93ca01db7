"""The schema accepts a document exactly when the reader does, up to rules that no schema can state."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import jsonschema
import orjson
import pytest
from forests import any_forest
from hypothesis import given
from hypothesis import strategies as st

from treecore.core.forest import Forest
from treecore.errors import TreecoreError
from treecore.formats import read
from treecore.formats.native_write import encode
from treecore.formats.schema import json_schema

VALIDATOR = jsonschema.Draft202012Validator(json_schema())
BASE: dict[str, Any] = {
    "format": "treecore/1",
    "id": "q7",
    "prompt": "p",
    "task": "t",
    "reference": "r",
    "policy": {"name": "m"},
    "sampler": {},
    "provenance": {},
    "mine": [1],
    "nodes": [
        {"id": 0, "parent": None, "tree": 0},
        {"id": 1, "parent": 0, "text": "a", "observation": "o", "status": "open", "born": 3, "mine": 1},
        {
            "id": 2,
            "parent": 1,
            "reward": 0.5,
            "n_model_tokens": 2,
            "n_obs_tokens": 1,
            "tokens": {
                "id": [1, 2],
                "text": ["a", "b"],
                "logprob": [-1, None],
                "entropy": [0.5, 1],
                "confidence": [1, 2],
                "part": [1, 0],
                "top": [[["a", -1], ["b", -2.5]], None],
            },
            "columns": {"mc": 0.5},
            "credit": {"mine": None},
        },
    ],
}
VALUES = [
    -(2**63) - 2**12,
    None,
    True,
    False,
    0,
    -1,
    3,
    1.0,
    2.5,
    -0.5,
    2**63 - 1,
    2**63,
    2**64 - 1,
    2**64,
    1e300,
    "",
    "x",
    "open",
    [],
    [1],
    ["x"],
    [None],
    {},
    {"a": 1},
    {"a": "x"},
    {"id": ["x"]},
    {"part": [-1]},
    "treecore/1",
    "treecore/2",
]
SEMANTIC = (
    "already that of",
    "there is no node",
    "each other's ancestors",
    "its own parent",
    "children has a reward",
    "values where",
    "value where",
    "say",
    "second root",
    "more than 64 bits",
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all values inside `value`, but none inside fields that are not ours."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner if key != "mine" for found in places(item, (*path, key)))]


def mutants() -> list[tuple[str, Any]]:
    """Each place of the base document deleted, and replaced by each value."""
    documents = []
    for path in places(BASE)[1:]:
        for value in [..., *VALUES]:
            document = copy.deepcopy(BASE)
            holder: Any = document
            for key in path[:-1]:
                holder = holder[key]
            if value is ...:
                del holder[path[-1]]
            else:
                holder[path[-1]] = value
            documents.append((f"{path} = {value!r}", document))
    return documents


def agrees(document: Any) -> bool:
    """Reader and schema agree: what breaks a rule that no schema can state may be refused by the reader alone."""
    valid = VALIDATOR.is_valid(document)
    try:
        read(json.dumps(document).encode())
    except TreecoreError as error:
        return not valid or any(words in error.found for words in SEMANTIC)
    return valid


def test_the_schema_is_a_schema_and_accepts_the_base() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert VALIDATOR.is_valid(BASE)
    assert agrees(BASE)


def test_reader_and_schema_agree_on_every_single_change() -> None:
    changed = mutants()
    assert [name for name, document in changed if not agrees(document)] == []
    accepted = sum(VALIDATOR.is_valid(document) for _, document in changed)
    assert 100 < accepted < len(changed) - 100


@pytest.mark.parametrize("seed", range(5))
def test_reader_and_schema_agree_on_many_changes(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(40):
        document = copy.deepcopy(BASE)
        for _ in range(rng.randint(2, 4)):
            path = rng.choice(places(document)[1:])
            holder: Any = document
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = rng.choice(VALUES)
        assert agrees(document), document


@given(any_forest())
def test_what_is_written_fits_the_schema(forest: Forest) -> None:
    VALIDATOR.validate(orjson.loads(encode(forest)))


@given(st.recursive(st.sampled_from(VALUES), lambda inner: st.lists(inner) | st.dictionaries(st.just("nodes"), inner)))
def test_no_json_makes_the_reader_raise_anything_else(value: Any) -> None:
    for document in (value, {"format": "treecore/1", "nodes": value}, {"format": "treecore/1", "forests": value}):
        try:
            read(json.dumps(document).encode())
        except TreecoreError as error:
            complaint = str(error)
            assert "\n" not in complaint
