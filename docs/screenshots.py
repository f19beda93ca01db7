"""Take README's screenshots from the running app: `python docs/screenshots.py`. Needs the extra `test` and Chromium."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "sample_trees")]

from browser import FLAGS, find_browser, serve, wait_for_canvas  # noqa: E402
from record_run import main as record  # noqa: E402

from treecore import rollout, write  # noqa: E402

SIZE = {"width": 1400, "height": 900}


def settled(page: Page) -> Page:
    """The page when the trees have been drawn and nothing runs any more."""
    wait_for_canvas(page)
    page.locator("[data-testid=stStatusWidget]").wait_for(state="detached")
    page.wait_for_load_state("networkidle")
    return page


def main() -> None:
    """Every view at its main thing; Explore also as a table, with a change, token by token, and large."""
    with serve(ROOT / "app" / "main.py") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(FLAGS))
        page = browser.new_page(viewport=SIZE, device_scale_factor=1)
        page.goto(f"{address}/?sample=late_fork")
        page.get_by_role("button", name="Show the fork that matters most").click()
        page.get_by_text("How far to trust it").wait_for()
        settled(page).screenshot(path=ROOT / "docs" / "explore.png")
        page.goto(f"{address}/?sample=late_fork&read=table&sort=-credit&node=11")
        page.locator(".steps tbody tr").nth(4).wait_for()
        page.get_by_text("How far to trust it").wait_for()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=ROOT / "docs" / "images" / "table.png")
        changes = "edit=flip:f3,prune:c1&what_if=1&set.ddof=0&node=f1"
        page.goto(f"{address}/?sample=by_hand&{changes}")
        page.get_by_text("Why every number moved").wait_for()
        settled(page).screenshot(path=ROOT / "docs" / "images" / "what_if.png")
        page.goto(f"{address}/?sample=surprisal&method=treerl&read=tokens&end=14")
        page.locator(".reader .token").first.wait_for()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=ROOT / "docs" / "images" / "tokens.png")
        page.goto(f"{address}/?sample=large&view=compare")
        page.locator(".compare .row").nth(4).wait_for()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=ROOT / "docs" / "images" / "compare.png")
        page.goto(f"{address}/?sample=by_hand&view=step_through")
        settled(page).get_by_role("button", name="Normalise within each tree").click()
        page.get_by_text("measured against the other leaves of its own tree").wait_for()
        settled(page).screenshot(path=ROOT / "docs" / "step.png")
        grown(page, address)
        lessons(page, address)
        browser.close()
    large()
    granularity()
    library()


def grown(page: Page, address: str) -> None:
    """A rollout of the bundled model, over."""
    page.goto(f"{address}/?view=rollout")
    page.get_by_role("button", name="Grow trees").click()
    page.get_by_role("button", name="Open in Explore").wait_for()
    settled(page).screenshot(path=ROOT / "docs" / "images" / "rollout.png")


def large() -> None:
    """A forest of 1,419 trajectories with a search."""
    forests = rollout(model="tiny", task="multihop", sampler="random_expansion", prompts=1, seed=0, m=43, n=8, l=4)
    with TemporaryDirectory() as place:
        write(forests, Path(place) / "large.forest.jsonl")
        given = {"TREECORE_FILE": f"{place}/large.forest.jsonl"}
        with serve(ROOT / "app" / "main.py", **given) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=list(FLAGS))
            page = browser.new_page(viewport=SIZE, device_scale_factor=1)
            page.goto(f"{address}/?find=recall")
            settled(page).screenshot(path=ROOT / "docs" / "images" / "explore_large.png")
            browser.close()


def granularity() -> None:
    """Where three samplers put their forks, over the same 64 prompts; the picture is as high as all of it."""
    settings: dict[str, dict[str, Any]] = {
        "random_expansion": {"m": 2, "n": 2, "l": 2},
        "fixed_width": {"k": 8, "widths": "3,2,2"},
        "surprisal": {"m": 2, "n": 2, "l": 1, "t": 2},
    }
    forests = [
        forest
        for sampler, given in settings.items()
        for forest in rollout(
            model="tiny", task="multihop", sampler=sampler, prompts=64, seed=5, sampler_settings=given
        )
    ]
    with TemporaryDirectory() as place:
        file = Path(place) / "three-samplers.forest.jsonl"
        write(forests, file)
        with serve(ROOT / "app" / "main.py", TREECORE_FILE=str(file)) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=list(FLAGS))
            page = browser.new_page(viewport={**SIZE, "height": 1100}, device_scale_factor=1)
            page.goto(f"{address}/?view=granularity&every=24")
            page.locator(".grain .dot").first.wait_for()
            page.get_by_role("button", name="Close").click()
            page.get_by_role("button", name="Close").wait_for(state="detached")
            page.mouse.move(0, 0)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=ROOT / "docs" / "images" / "granularity.png")
            browser.close()


def lessons(page: Page, address: str) -> None:
    """The course, a unit before the bet, and the same unit after it."""
    shots = {
        "lessons_index": "",
        "lesson": "&unit=blame&mark=5&bet=-60",
        "lesson_reveal": "&unit=blame&stage=why&mark=5&bet=-60",
    }
    for name, query in shots.items():
        page.goto(f"{address}/?view=lessons{query}")
        page.locator(".lessons .work").wait_for()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=ROOT / "docs" / "images" / f"{name}.png")


def library() -> None:
    """A run of the bundled model, searched."""
    with TemporaryDirectory() as place:
        run = Path(place) / "falling-temperature"
        record(run)
        given = {"TREECORE_LIBRARIES": str(run), "TREECORE_CACHE": str(Path(place) / "cache")}
        with serve(ROOT / "app" / "main.py", **given) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=list(FLAGS))
            page = browser.new_page(viewport=SIZE, device_scale_factor=1)
            page.goto(f"{address}/?view=library&steps=150~350&mixed=1&find=recall")
            page.locator(".browse tbody tr").first.wait_for()
            page.locator(".st-key-scanning").wait_for(state="detached")
            settled(page).screenshot(path=ROOT / "docs" / "library.png")
            browser.close()


if __name__ == "__main__":
    main()
