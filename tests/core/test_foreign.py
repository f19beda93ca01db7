"""What a file says beyond the format, in the inspector and the terminal."""

from __future__ import annotations

import io

from rich.console import Console

import treecore as tc
from treecore.cli.tree_text import forest_lines
from treecore.core.foreign import MAX_CHARS, ForeignField, foreign_fields
from treecore.views.inspector.recorded import recorded

RATED = b"""{"format": "treecore/1", "prompt": "q", "nodes": [{"id": 0, "parent": null},
 {"id": 1, "parent": 0, "text": null, "tool_calls": [{"name": "calc", "arguments": {"e": "3*4"}}], "flagged": true,
  "columns": {"rating": 4, "mc_value": 0.5, "mc_count": 8}, "reward": 1,
  "notes": {"by": "ann", "said": ["unsure"]}}]}"""


def test_fields_that_the_package_gives_no_meaning_to() -> None:
    forest = tc.read(RATED)[0]
    assert foreign_fields(forest, 0) == []
    assert foreign_fields(forest, 1) == [
        ForeignField("rating", "4"),
        ForeignField("flagged", "true"),
        ForeignField("notes", '{"by": "ann", "said": ["unsure"]}'),
    ]
    said = 'In the file: rating 4 · flagged true · notes {"by": "ann", "said": ["unsure"]}'
    assert said in recorded(forest, 1)


def test_long_values_are_cut() -> None:
    forest = tc.read(RATED.replace(b"ann", b"a" * 5000))[0]
    assert len(foreign_fields(forest, 1)[2].value) == MAX_CHARS


def test_show_has_calls_and_fields() -> None:
    console = Console(file=io.StringIO(), width=160)
    for line in forest_lines(tc.read(RATED)[0], None, width=160):
        console.print(line)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert 'call calc(e="3*4") · {rating 4, flagged true' in shown
