"""Granularity in the app: rows of dots, what is chosen, and the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import PATIENCE_MS, ROOT, serve, settled, wait_for_canvas
from compared import mixed
from streamlit.testing.v1 import AppTest

from app.grain import words
from app.views.granularity import shares_of
from treecore.analysis.forks import forks_of, grain
from treecore.analysis.label_route import route
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.methods import METHODS, compute

MAIN = str(ROOT / "app" / "main.py")


def drawn(forest: Forest, method: str = "grpo", by: str = "kind") -> words.Picture:
    credit = compute(forest, method)
    forks = forks_of(credit)
    names = [f"1:{node}" for node in forks.node]
    return words.picture(forks, names, by=by, samplers=[grain("x", forks.share)], way=route(credit), shown=credit)


def test_rows_are_kinds_depths_or_trees() -> None:
    found = {by: [row["title"] for row in drawn(mixed(), by=by)["rows"]] for by in ("kind", "depth", "tree")}
    assert found["kind"] == ["most words"]
    assert found["depth"] == ["at the prompt", "after 1 step"]
    assert found["tree"] == ["tree 1", "tree 2"]


def test_many_depths_end_in_one_row() -> None:
    n = 21
    forest = Forest(parent=[-1, *[(k - 1) // 2 * 2 for k in range(1, n)]], reward=[*[np.nan] * 19, 1, 0])
    titles = [row["title"] for row in drawn(forest, by="depth")["rows"]]
    assert len(titles) == words.ROWS
    assert titles[-1].endswith("and on")


def test_what_is_not_there_is_null() -> None:
    forest = Forest(parent=[-1, 0, 0, 1, 1], text=["", "a", "b", "c", "d"], reward=[np.nan, np.nan, 1, np.nan, np.nan])
    picture = drawn(forest, "sibling")
    assert picture["rows"][0]["dots"][1]["contrast"] is None
    json.dumps(picture, allow_nan=False)
    json.dumps(drawn(Forest(parent=[-1, -1], text=["a", "b"], reward=[1, 0])), allow_nan=False)


@pytest.mark.parametrize("method", ["sibling", "tree_grpo"])
def test_the_grain_of_a_sampler_is_that_of_the_dots(method: str) -> None:
    """Where trees part at the prompt, one fork to methods over states and none to those over trees."""
    batch = Forests(mixed())
    grown = Forest(parent=[-1, 0, 1, 1, -1, 4], text=["", *"abc", "", "d"], reward=[np.nan] * 2 + [1, 0, np.nan, 1])
    for one in (batch, Forests(grown)):
        (shares,) = shares_of(one, METHODS[method].over, "tokens").values()
        assert sorted(shares) == pytest.approx(sorted(forks_of(compute(one, method)).share.tolist()))


def app(**query: str) -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=60)
    for name, value in {"view": "granularity", **query}.items():
        test.query_params[name] = value
    return test.run()


def said(test: AppTest) -> str:
    blocks = [*test.markdown, *test.caption, *test.text, *test.info, *test.warning, *test.error]
    return "\n".join(block.value for block in blocks)


def chosen(test: AppTest) -> str:
    """Id of the fork that the picture marks."""
    drawn = {one.key: one.proto.json for one in test.get("bidi_component")}
    return str(json.loads(drawn["grain_picture"])["said"]["fork"])


@pytest.mark.parametrize("sample", ["early_fork", "all_right", "chains", "large", "surprisal"])
def test_every_kind_of_forest_has_its_sentences(sample: str) -> None:
    test = app(sample=sample)
    assert not test.exception
    assert "##### What the data say" in said(test)
    assert "##### Two routes to step credit" in said(test)


def test_few_forks_draw_no_conclusion_and_chains_have_none() -> None:
    assert "allow no conclusion" in said(app(sample="early_fork"))
    assert "separate chains" in said(app(sample="chains"))


def test_the_chosen_fork_shows_its_siblings_and_opens() -> None:
    test = app(sample="by_hand", fork="1:r2")
    assert not test.exception
    assert "find the teacher of paul" in said(test)  # one of its steps; the usual fork is another
    assert "##### The fork you chose" in said(test)
    test = app(sample="early_fork", fork="nothing", brush="x~y")
    assert not test.exception
    assert "##### The fork of the largest contrast" in said(test)
    test.button(key="grain_open").click().run()
    assert test.session_state["view"] == "explore"
    assert test.session_state["node"]


def test_a_fork_that_is_selected_elsewhere_is_the_chosen_one() -> None:
    usual = chosen(app(sample="by_hand"))
    other = next(one for one in ("1:r1", "1:r2", "1:a1") if one != usual)
    assert chosen(app(sample="by_hand", node=other[2:])) == other
    assert chosen(app(sample="by_hand", node="a4", fork=other)) == other  # the step is an end


def test_a_method_that_cannot_run_says_why() -> None:
    test = app(sample="early_fork", method="vineppo")
    assert not test.exception
    assert "Monte Carlo value" in said(test)


def test_lengths_are_counted_in_steps_where_that_is_chosen() -> None:
    test = app(sample="large")
    words = said(test)
    test.session_state["granularity:length"] = "steps"
    test.run()
    assert not test.exception
    assert test.query_params["length"] in ("steps", ["steps"])
    assert said(test) != words
    drawn = {one.key: one.proto.json for one in test.get("bidi_component")}
    assert '"unit":"steps"' in drawn["grain_picture"].replace(" ", "")


def test_a_forest_without_token_counts_is_measured_in_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bare.forest.json"
    ends = [{"id": row, "parent": 1, "text": f"answer {row}", "reward": row - 2} for row in (2, 3)]
    path.write_text(
        json.dumps(
            {"format": "treecore/1", "nodes": [{"id": 0, "parent": None}, {"id": 1, "parent": 0, "text": "a"}, *ends]}
        )
    )
    monkeypatch.setenv("TREECORE_FILE", str(path))
    test = app()
    assert not test.exception
    assert "length in steps: token counts are not recorded" in said(test)


def test_a_brushed_range_changes_the_sentences() -> None:
    whole, part = (said(app(sample="large", brush=brush)) for brush in ("", "0.9~1"))
    assert "Escape shows all" in part
    assert whole != part


@pytest.mark.browser
def test_dots_slider_and_brush(open_page: Callable[..., Any], address: str) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=PATIENCE_MS)
    page = open_page(f"{address}/?view=granularity&sample=large")
    page.locator(".grain .dot").first.wait_for()
    settled(page)
    page.locator(".grain .dot:not(.hollow)").last.dispatch_event("click", {"bubbles": True})
    page.wait_for_url("**fork=**")
    playwright.expect(page.locator(".grain .dot + .chosen")).to_have_count(1)
    playwright.expect(page.locator(".grain .ring + .chosen")).to_have_count(1)
    page.wait_for_url("**node=**")
    page.locator(".grain .ring").first.dispatch_event("click", {"bubbles": True})
    page.wait_for_url(f"**node={page.locator('.grain .ring').first.get_attribute('data-id').partition(':')[2]}&**")
    slider = page.locator(".grain input[type=range]")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    playwright.expect(page.locator(".routes .now td").first).to_have_text("every 16 tokens")
    page.wait_for_url("**every=16**")
    ruler = page.locator(".grain .ruler").bounding_box()
    page.mouse.move(ruler["x"] + 400, ruler["y"] + 24)
    page.mouse.down()
    page.mouse.move(ruler["x"] + 700, ruler["y"] + 24)
    page.mouse.up()
    page.get_by_text("Escape shows all").wait_for()
    settled(page)
    page.close()


@pytest.mark.browser
def test_a_fork_of_another_prompt_is_selected_there_and_shown_in_explore(
    open_page: Callable[..., Any], browser: Any, tmp_path: Path
) -> None:
    ends = [{"id": row, "parent": 0, "text": f"answer {row}", "reward": row - 1} for row in (1, 2)]
    nodes = [{"id": 0, "parent": None}, *ends]
    forests = [{"format": "treecore/1", "prompt": prompt, "nodes": nodes} for prompt in ("first", "second")]
    (tmp_path / "two.forest.jsonl").write_text("\n".join(map(json.dumps, forests)))
    with serve(ROOT / "app" / "main.py", TREECORE_FILE=str(tmp_path / "two.forest.jsonl")) as address:
        page = open_page(f"{address}/?view=granularity")
        page.locator(".grain .dot[data-id='2:0']").dispatch_event("click", {"bubbles": True})
        page.wait_for_url("**prompt=2**")
        page.locator(".grain .ring[data-id='2:0'] + .chosen").wait_for()
        page.locator(".st-key-header button", has_text="Explore").click()
        page.wait_for_function("() => globalThis.treecoreSelected === '0'")
        wait_for_canvas(page)
