"""A unit by keyboard in a browser, from the course to the next unit; what the browser remembers of it."""

from __future__ import annotations

from collections import Counter

import pytest
from browser import Open, settled

from app.lessons.pages import STAGES
from treecore.lessons.unit import units
from treecore.lessons.worksheet import worksheet

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_charts")]


def test_a_whole_unit_by_keyboard(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?view=lessons")
    page.locator(".lessons .card.now").wait_for()
    page.keyboard.press("8")
    page.locator(".panel .choice").first.wait_for()
    assert page.locator(".lessons .cell, .lessons .sign, .lessons .points").count() == 0
    page.keyboard.press("5")
    page.locator(".picture .mine", has_text="your mark").wait_for()
    for _ in range(6):
        page.keyboard.press("Shift+ArrowLeft")
    page.locator(".bubble", has_text="\N{MINUS SIGN}0.60").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("The right step, and a good bet").wait_for()
    page.wait_for_url("**stage=truth**")
    assert page.locator(".says-row.method").count() == 0
    page.keyboard.press("n")
    page.locator(".says-row.method").first.wait_for()
    page.keyboard.press("n")
    page.locator(".try input").fill("-0.17")
    page.keyboard.press("Enter")
    page.get_by_text("✓ Right.").wait_for()
    page.locator(".lessons h1").click()
    page.keyboard.press("n")
    page.wait_for_url("**unit=samples**")
    page.keyboard.press("Escape")
    page.locator(".card.done", has_text="Who is to blame?").wait_for()
    page.get_by_text("you found the step in 1 of 1").wait_for()
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("button", name="Forget my bets").click()
    page.get_by_text("No bets yet").wait_for()


def test_what_a_link_brings_is_not_the_bet_of_who_opens_it(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?view=lessons&unit=blame&stage=why&mark=5&bet=-60")
    page.locator(".says-row.method").first.wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("No bets yet").wait_for()
    assert page.locator(".card.done").count() == 0


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_a_way_out(open_page: Open, address: str, stage: str) -> None:
    page = open_page(f"{address}/?view=lessons&unit=outcome&stage={stage}")
    page.locator(".panel").get_by_role("button", name="All units").click()
    page.locator(".lessons .card").first.wait_for()


CUT = """() => [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]
    .flatMap((host) => [...host.shadowRoot?.querySelectorAll('.step-words') ?? []])
    .map((words) => [words.title, words.textContent, words.scrollHeight - words.clientHeight])"""


def test_words_that_do_not_fit_end_in_an_ellipsis(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?view=lessons&unit=depth&stage=why&mark=1&bet=10", width=1024, height=768)
    page.locator(".step-words", has_text="…").first.wait_for()
    found = page.evaluate(CUT)
    cut = [(whole, said) for whole, said, _ in found if said != whole]
    assert cut
    assert all(said.endswith("…") and whole.startswith(said[:-1]) for whole, said in cut)
    assert all(over <= 1 for *_, over in found)


def test_what_is_no_number_is_told_in_plain_words(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?view=lessons&unit=outcome&stage=try")
    page.locator(".try input").fill("abc")
    page.keyboard.press("Enter")
    said = page.get_by_text("Write a number, such as")
    said.wait_for()
    assert said.evaluate("said => getComputedStyle(said).backgroundImage") == "none"


WORDS_A_MINUTE, ACTING = 200, 0.5
"""Words that are read in a minute, labels and numbers of the picture among them; minutes to mark, bet and answer."""


@pytest.mark.parametrize("name", units())
def test_a_unit_takes_the_minutes_that_it_says(open_page: Open, address: str, name: str) -> None:
    page = open_page(f"{address}/?view=lessons")
    seen, drawn, words = Counter[str](), Counter[str](), 0
    for stage in STAGES:
        page.goto(f"{address}/?view=lessons&unit={name}&stage={stage}&mark=1&bet=10")
        page.locator(".panel [aria-current]", has_text=stage).wait_for()
        panel = Counter(page.locator(".lessons .panel").inner_text().splitlines())
        words += sum(len(line.split()) * times for line, times in (panel - seen).items())
        picture = Counter(page.locator(".lessons").inner_text().split())  # its labels may be cut at another word
        words += (picture - drawn - Counter(" ".join(panel).split())).total()
        seen, drawn = seen | panel, drawn | picture
    minutes = words / WORDS_A_MINUTE + ACTING
    assert round(minutes) == units()[name].minutes
    assert minutes <= 5


LAID_OUT = """() => {
    const hosts = [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')];
    const root = hosts.map(({ shadowRoot }) => shadowRoot).find((one) => one?.querySelector('.picture'));
    const boxOf = (one) => {
        const range = document.createRange();
        range.selectNodeContents(one);
        return range.getBoundingClientRect();
    };
    const all = (what) => [...root.querySelectorAll(what)];
    const picture = root.querySelector('.picture'), { left, top } = picture.getBoundingClientRect();
    const named = (one) => `${one.className}: ${one.textContent}`;
    const texts = all('.step-words, .picture .answered').map((one) => [named(one), boxOf(one)]);
    const crossed = new Set();
    for (const path of all('.branch')) {
        for (let at = 0; at <= path.getTotalLength(); at += 2) {
            const { x, y } = path.getPointAtLength(at);
            const inside = ([, box]) => left + x > box.left + 1 && left + x < box.right - 1
                && top + y > box.top + 1 && top + y < box.bottom - 1;
            for (const [name] of texts.filter(inside)) crossed.add(name);
        }
    }
    const beyond = (one) => boxOf(one).width && (boxOf(one).right > innerWidth || boxOf(one).left < 0);
    const outside = all('p, h1, h2, h3, small, span, .cell, .who, button').filter((one) => !one.closest('.picture'));
    const starts = [...all('.outcome-head'), ...all('.outcome')].map((one) => Math.round(boxOf(one).left));
    return {
        cut: all('.step-words').filter((one) => one.textContent !== one.title).map(named),
        crossed: [...crossed],
        beyond: [...outside, ...all('.outcome')].filter(beyond).map(named),
        starts: [...new Set(starts)].length,
    };
}"""
"""Of a unit: words that are cut, text that a branch crosses, what stands beyond the window, where outcomes begin."""


@pytest.mark.parametrize("name", units())
def test_a_unit_is_read_whole_on_a_phone(open_page: Open, address: str, name: str) -> None:
    page = open_page(f"{address}/?view=lessons", width=390, height=844)
    for stage in ("bet", "why"):
        page.goto(f"{address}/?view=lessons&unit={name}&stage={stage}&mark=1&bet=10")
        page.locator(".panel [aria-current]", has_text=stage).wait_for()
        assert page.evaluate(LAID_OUT) == {"cut": [], "crossed": [], "beyond": [], "starts": 1}, stage


@pytest.mark.parametrize("name", units())
@pytest.mark.parametrize("width", [1024, 1400])
def test_branches_of_a_unit_go_past_its_words(open_page: Open, address: str, name: str, width: int) -> None:
    page = open_page(f"{address}/?view=lessons&unit={name}&stage=why&mark=1&bet=10", width=width)
    page.locator(".panel [aria-current]", has_text="why").wait_for()
    assert page.evaluate(LAID_OUT) | {"cut": []} == {"cut": [], "crossed": [], "beyond": [], "starts": 1}


def test_a_worksheet_that_is_dropped_on_its_page_is_checked(open_page: Open, address: str) -> None:
    page = open_page(f"{address}/?view=lessons&page=worksheet")
    page.locator(".st-key-lessons_solved input[type=file]").wait_for(state="attached")
    settled(page)
    transfer = page.evaluate_handle(
        """(text) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], "solved.csv", { type: "text/csv" }));
            return transfer;
        }""",
        worksheet(),
    )
    page.wait_for_function(
        """(dataTransfer) => {
            document.querySelector(".stMain").dispatchEvent(new DragEvent("dragover", { dataTransfer, bubbles: true }));
            return document.querySelector(".stApp").hasAttribute("data-tc-dropping");
        }""",
        arg=transfer,
    )
    page.locator(".stMain").dispatch_event("drop", {"dataTransfer": transfer})
    page.get_by_text(f"0 of {len(units())} right.").wait_for()
