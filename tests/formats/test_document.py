"""The page on formats is what the registry says."""

from __future__ import annotations

from pathlib import Path

from documents import untrue

from treecore.formats import FORMATS
from treecore.formats.document import markdown

FILE = Path(__file__).parents[2] / "docs" / "formats.md"


def test_the_document_says_what_the_registry_says() -> None:
    assert untrue(FILE.read_text(), markdown()) == [], "stale: run `treecore formats --markdown > docs/formats.md`"


def test_the_document_is_whole() -> None:
    assert FILE.read_text() == markdown(), "stale: run `treecore formats --markdown > docs/formats.md`"


def test_every_format_of_others_says_where_it_comes_from() -> None:
    silent = [entry.name for entry in FORMATS.values() if not entry.written_by and entry.write is None]
    assert silent == []
