"""The reference of all methods is whole, and the file in the repository is the one that the registry gives."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from documents import untrue

from treecore.cli import main
from treecore.core.batch import Forests
from treecore.methods import METHODS
from treecore.methods.families import FAMILIES, Family, family_of
from treecore.methods.reference import complete_forest, markdown, signals_of

TREE = FAMILIES["tree"]
FILE = Path(__file__).parents[2] / "docs" / "methods.md"


@cache
def whole() -> str:
    """The reference as the registry gives it; made once."""
    return markdown()


def test_the_document_says_what_the_registry_says() -> None:
    assert untrue(FILE.read_text(), whole()) == [], "stale: run `treecore methods --markdown > docs/methods.md`"


def test_the_document_is_whole() -> None:
    assert FILE.read_text() == whole(), "stale: run `treecore methods --markdown > docs/methods.md`"


def test_the_command_prints_it() -> None:
    assert CliRunner().invoke(main, ["methods", "--markdown"]).stdout == whole()
    assert CliRunner().invoke(main, ["methods", "--markdown", "--json"]).exit_code == 2


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_told_in_full(name: str) -> None:
    method = METHODS[name]
    section = re.search(rf"^### {name}\n(.*?)(?=^##|\Z)", whole(), re.M | re.S)
    assert section is not None
    text = section.group(1)
    for wanted in (method.title, method.summary.split("\n")[0], str(method.citation), method.departures):
        assert wanted in text
    assert all(f"| `{param.name}` |" in text for param in method.params)
    assert all(param.meaning for param in method.params)
    assert all(f"| ${symbol}$ |" in text for symbol in method.symbols)
    assert all(left.split(" = ")[0] in method.symbols for left in method.formula().splitlines())


def test_a_method_names_the_place_in_its_source() -> None:
    """Section, equation or function; those without one are named, so that a new method does not join them unseen."""
    unread = {name for name, method in METHODS.items() if not method.citation.where}
    assert unread == {"genprm", "tempo", "tree_diff"}


def test_what_is_untrue_in_a_document_is_found() -> None:
    assert untrue("a\nc\n", "a\nb\nc\n") == []
    assert untrue("a\nx\nc\n", "a\nb\nc\n")[0] == "x"
    assert untrue("c\na\n", "a\nb\nc\n") == ["a"]


def test_every_link_leads_to_a_heading() -> None:
    text = whole()
    assert set(re.findall(r"\]\(#(\w+)\)", text)) == set(re.findall(r"^### (\w+)$", text, re.M)) == set(METHODS)


def test_bundled_families_have_headings() -> None:
    assert {method.family for method in METHODS.values() if method.is_bundled} == set(FAMILIES.values())


@pytest.mark.parametrize(
    ("declared", "heading"),
    [(Family("turns", "Turns: against turns"), "Turns: against turns"), ("agents", "Agents"), ("tree", TREE.heading)],
)
def test_the_heading_of_a_family_follows_from_the_declaration(
    declared: str | Family, heading: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(METHODS, "made_up", replace(METHODS["grpo"], name="made_up", family=family_of(declared)))
    text = markdown().partition("### made_up")[0]
    assert re.findall(r"^## (.*)$", text, re.M)[-1] == heading


@pytest.mark.parametrize("name", METHODS)
def test_uncertainty_is_there_or_its_absence_is_written_down(name: str) -> None:
    method = METHODS[name]
    signals = signals_of(method)
    assert {"credit", "n_leaves", "value"} <= set(signals.nodes)
    assert ("stderr" in signals.nodes) == method.laws.averages
    row = next(line for line in whole().splitlines() if line.startswith(f"| [`{name}`]"))
    assert row.split(" | ")[4] == ("yes" if "stderr" in signals.nodes else "no")


def test_the_example_forest_lacks_nothing() -> None:
    batch = Forests(complete_forest())
    assert [method.lacking(batch) for method in METHODS.values() if method.lacking(batch)] == []
