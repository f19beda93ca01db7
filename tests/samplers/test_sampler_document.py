"""The reference of samplers is the registry's, and up to date."""

from __future__ import annotations

from pathlib import Path

from documents import untrue

from treecore.registry.params import entries_of
from treecore.samplers import SAMPLERS, get_sampler
from treecore.samplers.document import markdown

FILE = Path(__file__).parents[2] / "docs" / "samplers.md"


def test_the_document_says_what_the_registry_says() -> None:
    assert untrue(FILE.read_text(), markdown()) == [], "stale: run `treecore samplers --markdown > docs/samplers.md`"


def test_the_document_is_whole() -> None:
    assert FILE.read_text() == markdown(), "stale: run `treecore samplers --markdown > docs/samplers.md`"


def test_every_sampler_tells_its_parameters_bias_and_source() -> None:
    text = markdown()
    for sampler in SAMPLERS.values():
        part = text.split(f"\n## {sampler.name}\n")[1].split("\n## ")[0]
        assert all(f"| `{param.name}` |" in part and param.meaning in part for param in sampler.params)
        assert sampler.bias in part
        assert str(sampler.citation) in part


def test_columns_of_the_search_are_explained() -> None:
    explained = entries_of(get_sampler("mcts").function, "Columns")
    assert explained["mcts_kind"].startswith("what a step is to the search: 0 a place")
    assert "mcts_visits, mcts_q" in explained
