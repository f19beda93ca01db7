"""Files with something wrong in them: values of another type, fields that are missing, bytes that were flipped."""

from __future__ import annotations

import io
import json
from copy import deepcopy
from random import Random
from typing import Any

DEEP: Any = []
for _ in range(300):
    DEEP = [DEEP]
JUNK: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e308,
    2**63,
    "",
    "x",
    "NaN",
    [],
    {},
    [None],
    {"a": None},
    [[["x"]]],
    ["x", 1],
    DEEP,
    {"role": 5, "content": 3},
    [{"role": None, "content": [{"type": "text", "text": 5}]}],
    [{}],
    "\x00\ud7ff</script>",
)
"""What is put in place of a value."""


def mutated(data: bytes, random: Random) -> bytes:
    """The same file with one to four things wrong in it; of Parquet its rows as JSON lines."""
    documents, lines = documents_of(data)
    if not documents:
        return flipped(data, random)
    changed = deepcopy(documents)
    for _ in range(random.randint(1, 4)):
        spoil(changed, random)
    if lines or len(changed) != 1:
        return "".join(f"{json.dumps(one, default=str)}\n" for one in changed).encode()
    return json.dumps(changed[0], default=str).encode()


def documents_of(data: bytes) -> tuple[list[Any], bool]:
    """The JSON values of a file, or the rows of a Parquet file, and whether each is a line; none of other files."""
    if data[:4] == b"PAR1":
        import pyarrow.parquet as pq

        return pq.read_table(io.BytesIO(data)).to_pylist(), True
    try:
        return [json.loads(data)], False
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in data.split(b"\n") if line.strip()], True
    except ValueError:
        return [], False


def spoil(documents: list[Any], random: Random) -> None:
    """Change one value anywhere: put another one there, take it out, or repeat it."""
    holder: Any = documents
    while True:
        key = random.choice(list(holder)) if isinstance(holder, dict) else random.randrange(len(holder))
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner or random.random() < 0.15:
            break
        holder = inner
    how = random.random()
    if how < 0.7 or holder is documents:
        holder[key] = deepcopy(random.choice(JUNK))
    elif how < 0.9:
        del holder[key]
    elif isinstance(holder, list):
        holder.insert(key, deepcopy(inner))
    else:
        holder[key] = [deepcopy(inner), deepcopy(inner)]


def flipped(data: bytes, random: Random) -> bytes:
    """Other bytes in a few places, or an end that is missing."""
    if random.random() < 0.3:
        return data[: random.randrange(1, len(data))]
    changed = bytearray(data)
    for _ in range(random.randint(1, 8)):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)
