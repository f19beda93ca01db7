"""What a click on a step costs: one run of one part of the page, a few elements, and bytes that no script is among."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import ROOT, serve
from visitor import Sent, Visitor

from app.resident import RESIDENTS, residents_script
from app.visits.page import EVENTS

MAX_BYTES = 8_000
"""Of what a click draws; addresses and the beginnings and ends of runs come on top."""


class Watcher(Visitor):
    """A visitor who notes what is drawn and how often a run begins."""

    def __init__(self, address: str) -> None:
        self.drawn: list[Any] = []
        super().__init__(address)

    def _drawn(self, element: Any, *, fragment: str) -> None:
        super()._drawn(element, fragment=fragment)
        self.drawn.append(element)

    def choose(self, node: str, *, number: int) -> None:
        """What a click on a step sends."""
        self.drawn.clear()
        widget = self.widget("selection")
        value = json.dumps([{"event": "chosen", "value": {"number": number, "id": node}}])
        self.run(self.query, Sent(EVENTS.format(widget), "json_trigger_value", value), fragment=self.fragments[widget])


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watcher]:
    log: Path = tmp_path_factory.mktemp("click") / "server.log"
    with serve(ROOT / "app" / "main.py", log=log) as address, Watcher(address) as page:
        page.run("?sample=early_fork&method=tree_grpo")
        yield page


def names(drawn: list[Any]) -> list[str]:
    """Components by their names, other elements by their kinds."""
    kinds = [(one.WhichOneof("type"), one) for one in drawn]
    return [one.bidi_component.component_name if kind == "bidi_component" else kind for kind, one in kinds]


@pytest.mark.parametrize("method", ["tree_grpo", "treerl"])
def test_a_click_draws_the_words_of_the_step_and_little_else(page: Watcher, method: str) -> None:
    page.run(f"?sample=early_fork&method={method}")
    page.choose("4", number=1)
    assert page.fragments[page.widget("selection")], "the whole page would run"
    assert names(page.drawn) == ["treecore.step_panel", "checkbox", "treecore.selection"]
    assert "node=4" in page.query
    assert sum(one.ByteSize() for one in page.drawn) < MAX_BYTES
    panel = page.drawn[0].bidi_component
    assert len(panel.js_content) + len(panel.css_content) < 600
    assert json.loads(panel.json)["numbers"]["equations"]


def test_scripts_of_what_a_click_draws_come_with_the_page(page: Watcher) -> None:
    page.run("?sample=early_fork")
    sent = {
        one.bidi_component.component_name: one.bidi_component for one in page.drawn if one.HasField("bidi_component")
    }
    assert sent["treecore.residents"].js_content == residents_script()
    for name in RESIDENTS:
        assert f"{name}:{{run:" in residents_script()
