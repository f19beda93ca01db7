"""The trees in a notebook: Python and a page with the widget's own module tell each other what is selected."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from browser import seen_by_axe

import treecore as tc
from treecore.bundled import samples
from treecore.core.forest import Forest
from treecore.errors import ForestError, MethodError
from treecore.views.widget import widget_class

NAMES = ("index", "forest", "look", "film", "inspection", "height", "selected")
MOUNT = """async ({ esm, state }) => {
    const { default: widget } = await import(URL.createObjectURL(new Blob([esm], { type: "text/javascript" })));
    const heard = new Map();
    const tell = (name) => [...(heard.get(`change:${name}`) ?? [])].forEach((act) => act());
    globalThis.model = {
        get: (name) => state[name],
        set: (name, value) => { state[name] = value; },
        on: (name, act) => heard.set(name, [...(heard.get(name) ?? []), act]),
        off: (name, act) => heard.set(name, (heard.get(name) ?? []).filter((one) => one !== act)),
        save_changes: () => globalThis.saved(state.selected).then((found) => {
            state.inspection = found;
            tell("inspection");
        }),
        change: (changed) => { Object.assign(state, changed); Object.keys(changed).forEach(tell); },
    };
    const el = document.body.appendChild(document.createElement("div"));
    globalThis.leave = widget.render({ model: globalThis.model, el });
}"""
HELD = """[...document.querySelectorAll('div')].map((one) => one.shadowRoot?.querySelector('.tree')?.shadowRoot
    .querySelector('.tc-canvas')?.treecore).find(Boolean)"""


def mounted(open_page: Callable[..., Any], widget: Any, *, dark: bool = False) -> Any:
    """A plain page with the widget in it, as a notebook would mount it."""
    page = open_page("about:blank")

    def saved(selected: str | None) -> str:
        widget.selected = selected
        return str(widget.inspection)

    page.expose_function("saved", saved)
    if dark:
        page.evaluate("document.body.style.background = '#111'")
    state = {name: getattr(widget, name) for name in NAMES}
    page.evaluate(MOUNT, {"esm": str(widget._esm), "state": state})
    page.wait_for_function(f"() => {HELD}?.ready")
    return page


@pytest.mark.browser
def test_a_click_reaches_python_and_python_selects(open_page: Callable[..., Any]) -> None:
    forests = tc.read(str(samples()["early_fork"].path))
    widget = tc.show(forests[0], tc.credit(forests, "tree_grpo"))
    page = mounted(open_page, widget, dark=True)
    assert page.evaluate(f"{HELD}.theme") == "dark"
    first, last = str(forests[0].node_id[forests[0].leaves[0]]), str(forests[0].node_id[forests[0].leaves[-1]])
    at = page.evaluate(f"(id) => {HELD}.position(id)", first)
    page.mouse.click(at["x"], at["y"])
    page.locator(f".panel[data-node='{first}']").wait_for()
    assert widget.selected == first
    assert page.locator(".equation math").count() > 0
    widget.selected = last
    page.evaluate("(changed) => model.change(changed)", {"inspection": widget.inspection, "selected": last})
    assert page.locator(".panel").get_attribute("data-node") == last
    assert page.evaluate(f"{HELD}.selected") == last
    page.evaluate("leave()")


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_words_of_the_widget_can_be_read_and_controls_have_names(open_page: Callable[..., Any], dark: bool) -> None:
    forests = tc.read(str(samples()["early_fork"].path))
    widget = tc.show(forests[0], tc.credit(forests, "tree_grpo"))
    widget.selected = str(forests[0].node_id[forests[0].leaves[0]])
    page = mounted(open_page, widget, dark=dark)
    page.locator(".panel").wait_for()
    assert seen_by_axe(page) == []


@pytest.mark.browser
def test_two_widgets_do_not_share_a_selection(open_page: Callable[..., Any]) -> None:
    forest = Forest(parent=[-1, 0, 0], text=["", "a", "b"], reward=[np.nan, 1.0, 0.0], prompt="q")
    one, other = tc.show(forest, tc.credit(forest, "grpo")), tc.show(forest)
    page = mounted(open_page, one)
    state = {name: getattr(other, name) for name in NAMES}
    page.evaluate(MOUNT, {"esm": str(other._esm), "state": state})
    page.wait_for_function(f"() => {HELD.replace('.find(Boolean)', '.filter(Boolean).length')} === 2")
    page.wait_for_function(f"() => {HELD}.ready")
    at = page.evaluate(f"(id) => {HELD}.position(id)", "1")
    page.mouse.click(at["x"], at["y"])
    page.locator(".panel").wait_for()
    selected = HELD.replace(".find(Boolean)", ".filter(Boolean).map((held) => held.selected)")
    assert sorted(page.evaluate(selected), key=str) == ["1", None]


def test_what_is_told_is_of_the_step_that_is_selected() -> None:
    forest = Forest(parent=[-1, 0, 0], text=["", "a", "b"], reward=[np.nan, 1.0, 0.0], prompt="q")
    widget = tc.show(forest, tc.credit([forest, forest], "grpo"))
    widget.selected = "2"
    assert json.loads(widget.inspection)["words"]["title"] == "b"
    widget.selected = "none of them"
    assert json.loads(widget.inspection) is None
    assert json.loads(widget.index)["forests"][0]["note"] == "q"
    words = tc.show(forest)
    words.selected = "1"
    assert json.loads(words.inspection)["credit"] == ""


def test_a_credit_of_other_forests_is_refused() -> None:
    forest = Forest(parent=[-1, 0], text=["", "a"], reward=[np.nan, 1.0], prompt="q")
    with pytest.raises(ForestError, match="computed on other forests"):
        tc.show(forest, tc.credit(forest.with_columns(text=["", "b"]), "grpo"))


def test_without_anywidget_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anywidget", None)
    widget_class.cache_clear()
    with pytest.raises(MethodError, match=r"anywidget, which is not installed; pip install 'treecore\[notebook\]'"):
        tc.show(Forest(parent=[-1, 0], text=["", "a"], reward=[np.nan, 1.0], prompt="q"))
    widget_class.cache_clear()
