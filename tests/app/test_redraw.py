"""What a click draws anew: one part of the page, in one run, whatever is clicked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from visitor import Sent, Visitor

from app.controls.methods import CHANNEL as METHOD_LIST
from app.visits.page import EVENTS

FILM = "?sample=early_fork&view=step_through&method=tree_grpo"
EXPLORE = "?sample=early_fork&method=tree_grpo"


class Counted(Visitor):
    """A visitor whose browser sends what is chosen from the part of the page that it stands in, and counts runs."""

    def send_from(self, widget: str, *sent: Sent) -> bool:
        """Send values of a widget; whether one run of one part of the page was all that they led to."""
        assert widget, "it is not on the page"
        self.run(self.query, *sent, fragment=self.fragments[widget])
        assert not self.errors
        return [len(parts) for parts in self.runs] == [1]

    def press_it(self, key: str) -> bool:
        """Press a button."""
        return self.send_from(self.widget(key), self.press(key))

    def choose(self, key: str, title: str) -> bool:
        """Choose one of a row of pills."""
        widget = self.widget(key)
        return self.send_from(widget, Sent(widget, "string_array_value", [title]))

    def tell(self, key: str, event: str, **value: Any) -> bool:
        """What a component of ours tells."""
        widget = self.widget(key)
        told = json.dumps([{"event": event, "value": value}])
        return self.send_from(widget, Sent(EVENTS.format(widget), "json_trigger_value", told))


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Counted]:
    with Counted(address) as page:
        yield page


def test_colour_axis_and_reading(page: Counted) -> None:
    page.run(EXPLORE)
    assert page.choose("colour", "entropy")
    assert "colour=entropy" in page.query
    assert page.choose("axis", "tokens")
    assert page.choose("explore:read", "table")
    assert page.choose("explore:read", "tree")


def test_a_method_and_its_settings(page: Counted) -> None:
    page.run(EXPLORE)
    assert page.press_it("methods")
    assert page.tell(METHOD_LIST, "asked", number=1, kind="choose", name="rloo")
    assert "method=rloo" in page.query
    assert page.tell(METHOD_LIST, "asked", number=2, kind="choose", name="grpo")
    field = page.widget("set:grpo:epsilon")
    assert page.send_from(field, Sent(field, "double_value", 0.5), page.press("Apply"))
    assert "set.epsilon=0.5" in page.query
    dialog = page.dialog()
    page.widgets.clear()
    assert page.send_from(dialog, Sent(dialog, "trigger_value", True))
    assert page.widget("methods")
    assert not page.widget(METHOD_LIST), "the list has closed"


def test_another_sample(page: Counted) -> None:
    page.run("?sample=all_right")
    assert page.press_it("sample:early_fork")
    assert "sample=early_fork" in page.query


def test_what_if(page: Counted) -> None:
    page.run(EXPLORE)
    assert page.press_it("what_if_pill")
    assert page.press_it("what_if_offer")
    assert "edit=" in page.query
    assert page.choose("set:tree_grpo:ddof", "0")
    assert "set.ddof=0" in page.query
    assert page.tell("what_if_board", "asked", number=1, verb="reset", node="")
    assert "edit=" not in page.query


def test_the_film(page: Counted) -> None:
    page.run(FILM)
    assert page.press_it("Next")
    assert page.press_it("stage_2")
    assert page.press_it("play")
    assert page.choose("step_through:speed", "2x")
    assert page.restless
    assert page.press_it("Next")
    assert not page.restless, "the timer has ended"
    assert "frame=" in page.query


def test_ways_to_another_view_draw_the_page_once(page: Counted) -> None:
    for view, button in (("compare", "compare_open"), ("granularity", "grain_open")):
        page.run(f"?sample=early_fork&view={view}")
        page.press_it(button)
        assert page.runs == [()]
        assert "view=explore" in page.query
