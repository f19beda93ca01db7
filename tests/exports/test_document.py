"""The page on exports is what the registry says."""

from __future__ import annotations

from pathlib import Path

from documents import untrue

from treecore.exports import EXPORTS
from treecore.exports.document import markdown

FILE = Path(__file__).parents[2] / "docs" / "exports.md"


def test_the_document_says_what_the_registry_says() -> None:
    assert untrue(FILE.read_text(), markdown()) == [], "stale: run `treecore exports --markdown > docs/exports.md`"


def test_the_document_is_whole() -> None:
    assert FILE.read_text() == markdown(), "stale: run `treecore exports --markdown > docs/exports.md`"


def test_every_kind_and_parameter_says_what_it_is() -> None:
    assert [entry.name for entry in EXPORTS.values() if not entry.summary] == []
    silent = [(entry.name, param.name) for entry in EXPORTS.values() for param in entry.params if not param.meaning]
    assert silent == []
