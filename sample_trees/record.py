"""Record the sample forests from the bundled model: `python sample_trees/record.py`. Same seeds, same files.

Each sample shows one thing. A few hundred prompts are sampled, and for each thing the forest that shows it best
is kept; nothing in a forest is edited. The index says what to look for, with numbers taken from the forest. `wanted`
is the table of samples, `shows` and `shows_values` say what makes a forest a good one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from shows import Shown, common
from wanted import IDEA, WANTED, Wanted

import treecore as tc
from treecore.core.forest import Forest, TokenTable
from treecore.formats import read_with_report
from treecore.formats.native_write import json_lines

HERE = Path(__file__).parent
BY_HAND, BY_HAND_PLACE = "by_hand", 1
"""The one sample that nobody sampled, and its place in the index."""
MEASURED, CLOSE = ("logprob", "entropy", "confidence"), 1e-4
"""Columns of tokens, nats, and how far two machines may be apart."""


def described(wanted: Wanted, forest: Forest) -> str:
    """`look_for` with the forest's own numbers.

    Raises:
        ValueError: the forest does not show what is wanted.
    """
    shown = wanted.show(forest)
    if shown is None:
        raise ValueError(f"forest {forest.id} does not show {wanted.name}")
    return wanted.look_for.format(**common(forest) | shown.words)


def pick(wanted: Wanted, forests: Iterable[Forest]) -> Forest:
    """The forest that shows the thing best; ties go to the first."""
    shown: list[tuple[Shown, Forest]] = [
        (found, forest) for forest in forests if (found := wanted.show(forest)) is not None
    ]
    if not shown:
        raise SystemExit(f"no forest shows {wanted.name}: sample more prompts")
    return max(shown, key=lambda pair: pair[0].score)[1]


def save(forest: Forest, path: Path) -> None:
    """Write the forest, unless the file holds the same one, recorded at another speed or on another machine."""
    written = read_with_report(b"".join(json_lines([forest])), name=path.name).forests[0]
    if not path.exists() or not same(tc.read(path)[0], written):
        tc.write([forest], path, overwrite=True)


def same(a: Forest, b: Forest) -> bool:
    """Whether two forests are equal, numbers of tokens up to what the order of a sum makes of them."""
    if a.tokens is None or b.tokens is None or unmeasured(a).digest != unmeasured(b).digest:
        return False
    pairs = [(getattr(a.tokens, name), getattr(b.tokens, name)) for name in MEASURED]
    pairs.append((nats(a.tokens), nats(b.tokens)))
    return all(np.allclose(one, other, atol=CLOSE, equal_nan=True) for one, other in pairs)


def nats(table: TokenTable) -> list[float]:
    """The numbers of the likeliest tokens, of all places in order."""
    return [number for pairs in table.top or () for _, number in pairs]


def unmeasured(forest: Forest) -> Forest:
    """The forest without what was measured at its tokens."""
    assert forest.tokens is not None
    absent: dict[str, Any] = dict.fromkeys(MEASURED)
    if forest.tokens.top is not None:
        absent["top"] = [[(text, 0.0) for text, _ in pairs] for pairs in forest.tokens.top]
    return forest.with_columns(tokens=replace(forest.tokens, **absent))


def main() -> None:
    """Write all recorded samples and the index."""
    runs: dict[str, list[Forest]] = {}
    entries: list[dict[str, Any]] = []
    for wanted in WANTED:
        key = json.dumps(wanted.run, sort_keys=True)
        runs[key] = runs.get(key) or tc.rollout(**wanted.run)
        forest = pick(wanted, runs[key])
        save(forest, HERE / f"{wanted.name}.forest.json")
        entries.append(entry(wanted.name, wanted.title, wanted.group, described(wanted, forest)))
    index = HERE / "index.json"
    by_hand = next(one for one in json.loads(index.read_text())["samples"] if one["name"] == BY_HAND)
    entries.insert(BY_HAND_PLACE, entry(BY_HAND, by_hand["title"], IDEA, by_hand["look_for"]))
    index.write_text(json.dumps({"samples": entries}, indent=2, ensure_ascii=False) + "\n")


def entry(name: str, title: str, group: str, look_for: str) -> dict[str, Any]:
    """A sample as the index lists it."""
    return {"name": name, "title": title, "group": group, "file": f"{name}.forest.json", "look_for": look_for}


if __name__ == "__main__":
    main()
