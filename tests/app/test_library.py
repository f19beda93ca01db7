"""The library in the app: folders that may be opened, what is asked for, and the way into Explore."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from browser import PATIENCE_MS, ROOT, serve, settled
from pages import finish_opening
from streamlit.testing.v1 import AppTest

from app.browse import asked_in, two_steps
from app.browse.words import page
from app.library import folders, preview, rows
from app.serving import permissions
from app.state import open_files, side_job
from app.views import library
from treecore.core.forest import Forest
from treecore.errors import FormatError
from treecore.formats import write
from treecore.library import Progress
from treecore.library.filters import Filters
from treecore.library.overview import overview, same_prompt
from treecore.library.scan import refresh

MAIN = str(ROOT / "app" / "main.py")
HOSTILE = "<img src=x onerror=alert(1)> $x$ :material/check: **bold** [a](javascript:alert(1))"


def forest(prompt: str, step: int, rewards: list[float]) -> Forest:
    texts = [f"look up {prompt} at {step}, way {number}" for number in range(len(rewards))]
    return Forest(
        parent=[-1, *[0] * len(rewards)],
        text=["", *texts],
        reward=[np.nan, *rewards],
        id=f"{prompt} {step}",
        prompt=prompt,
        reference="cello",
        provenance={"training_step": step},
    )


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TREECORE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(folders, "_typed", {})
    monkeypatch.setattr(folders, "_scans", {})
    monkeypatch.setattr(folders, "refresh_apart", refresh)  # a process of its own takes a second to start
    for module in (open_files, side_job):  # pages wait for what is read, however slow the machine
        monkeypatch.setattr(module, "MOMENT", 60.0)
    before = st.get_option("server.address")
    st.config.set_option("server.address", "localhost")
    folder = tmp_path / "my-run"
    folder.mkdir()
    for step in (100, 200):
        made = [
            forest("who is milo ?", step, [1.0, 0.0, 0.0]),
            forest(HOSTILE, step, [1.0, float(step == 200)]),
            forest("who is vera ?", step, [0.0, 0.0]),
        ]
        write(made, folder / f"{step}.forest.jsonl")
    yield folder
    st.config.set_option("server.address", before)


def indexed(run: Path) -> folders.Run:
    """The folder, once it has been read."""
    found = folders.typed(str(run))
    assert folders.scan(found).work.wait(60)
    assert folders.scan(found).work.error == ""
    return found


def app(**query: str) -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=60)
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


def words(test: AppTest) -> str:
    blocks = [*test.markdown, *test.caption, *test.text, *test.info, *test.warning, *test.error]
    return "\n".join(block.value for block in blocks)


def test_without_a_folder_it_says_what_to_do(run: Path) -> None:
    test = app(view="library")
    assert not test.exception
    assert "Open a folder of rollouts" in words(test)
    assert test.text_input(key="folder_path").label == "Folder of a run"


def test_a_typed_folder_opens_and_its_first_row_is_shown(run: Path) -> None:
    key = indexed(run).key
    test = app(view="library")
    test.text_input(key="folder_path").set_value(str(run)).run()
    assert not test.exception
    assert test.session_state["library:folder"] == key
    said = words(test)
    assert "3 prompts at 2 training steps · 6 forests, 14 trajectories" in said
    assert "who is milo ?" in said
    assert "They first differ at step 1 of the trajectory" in said


@pytest.mark.parametrize("path", ["", "/nowhere/at/all", "a\0b"])
def test_a_folder_that_is_none_is_told_and_nothing_is_lost(run: Path, path: str) -> None:
    with pytest.raises(FormatError, match="there is no such folder"):
        folders.typed(path)


def test_the_address_holds_what_is_asked_for(run: Path) -> None:
    asked = {"steps": "100~100", "find": "milo", "sort": "prompt", "row": "2@100.forest.jsonl"}
    test = app(view="library", folder=indexed(run).key, **asked)
    assert not test.exception
    assert {name: test.query_params[name] for name in asked} == asked
    assert "who is vera ? 100" in words(test)


def said_of(run: Path, **asked: str) -> Any:
    filters = Filters.of(asked)
    return page(overview(indexed(run).index, filters), filters)


def test_the_filter_that_leaves_out_most_is_offered_where_nothing_passes(run: Path) -> None:
    said = said_of(run, find="milo", mixed="1", only="pass_rate:0.9~1")
    assert said["empty"] == "No prompt passes all filters."
    assert said["relax"] == {"name": "pass_rate", "text": "pass rate 9/10\u20131"}
    said = said_of(run, find="nowhere", mixed="1", only="depth:90~99")
    assert said["relax"]["name"] in ("find", "depth")
    assert said_of(run, steps="3~4")["relax"]["name"] == "steps"
    assert said_of(run, find="milo")["relax"] is None


def test_rows_are_counted_as_prompts_and_what_lint_says_is_explained(run: Path) -> None:
    said = said_of(run, steps="100~100")
    assert said["count"] == "3 of 3 prompts"
    assert "flat: all outcomes are the same, so nothing to compare" in said["marks"]


def test_the_card_of_the_row_is_beside_that_of_the_step_it_is_compared_with(run: Path) -> None:
    (row, *_) = overview(indexed(run).index, Filters.of({"steps": "200~200", "find": "milo"})).rows
    others = same_prompt(indexed(run).index, row)
    pair = overview(indexed(run).index, Filters()).pair
    partner = preview.partner_of([one for one in others if one.columns["training_step"] != 200], pair)
    assert partner is not None
    card = two_steps.card(partner, rows.forests_of(indexed(run), [partner])[0], here=False)
    assert (card["step"], card["right"], card["here"]) == ("step 100", "1 of 3 right", False)
    assert [answer["right"] for answer in card["answers"]] == [True, False, False]


@pytest.mark.parametrize("row", ["0@../../etc/passwd", "0@/etc/passwd", "99@100.forest.jsonl", "x", "0@"])
def test_a_row_that_is_none_opens_nothing(run: Path, row: str) -> None:
    test = app(view="library", folder=indexed(run).key, row=row)
    assert not test.exception
    assert "Choose a row to see its trees here" in words(test)


def test_a_folder_that_is_not_open_here_is_told(run: Path) -> None:
    test = app(view="library", folder="0123456789ab")
    assert not test.exception
    assert "The folder of this link is not open here" in words(test)


def test_a_folder_without_forests_says_what_was_found(run: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.txt").write_text("nothing")
    test = app(view="library", folder=indexed(empty).key)
    assert not test.exception
    assert "No forest was found in empty" in words(test)


def test_a_row_opens_in_explore(run: Path) -> None:
    test = app(view="library", folder=indexed(run).key, row="0@200.forest.jsonl")
    test.button(key="open_row").click().run()
    assert not test.exception
    assert test.session_state["view"] == "explore"
    assert test.session_state["opened"].forests[0].id == "who is milo ? 200"


def test_a_row_in_explore_comes_back_in_another_session(run: Path) -> None:
    test = app(view="library", folder=indexed(run).key, row="0@200.forest.jsonl")
    test.button(key="open_both").click().run()
    found = dict(test.query_params.items())
    again = app(**{name: value if isinstance(value, str) else value[0] for name, value in found.items()})
    assert not again.exception
    assert not again.warning
    opened = again.session_state["opened"]
    assert [one.id for one in opened.forests] == ["who is milo ? 100", "who is milo ? 200"]
    assert (again.session_state["view"], again.session_state["forest"]) == ("compare", 1)


def test_all_that_is_listed_opens_as_the_scope_of_granularity(run: Path) -> None:
    wrong_and_right = [
        {"input": "q", "output": f"a\nb\n{n}", "score": float(n), "step": 300, "gts": "1"} for n in (0, 1)
    ]
    (run / "300.jsonl").write_text("\n".join(map(json.dumps, wrong_and_right)))
    found = indexed(run)
    test = app(view="library", folder=found.key, steps="200~300", mixed="1")
    assert "all 2 in Granularity" in [button.label for button in test.button]
    test.button(key="all_in_granularity").click().run()
    wait(test)
    assert not test.exception
    assert (test.session_state["view"], test.session_state["opened"].title) == ("granularity", "my-run")
    prompts = {"who is milo ?", "q"}
    assert {one.prompt for one in test.session_state["opened"].forests} == prompts
    assert max(len(one) for one in test.session_state["opened"].forests) == 4
    link = {name: value if isinstance(value, str) else value[0] for name, value in test.query_params.items()}
    again = wait(app(**link))
    assert again.session_state["view"] == "granularity"
    assert {one.prompt for one in again.session_state["opened"].forests} == prompts
    assert again.query_params == test.query_params


def wait(test: AppTest) -> AppTest:
    """The page once what is being opened is open."""
    finish_opening(test)
    return test


@pytest.mark.parametrize("origin", ["library:0123456789ab:0@200.forest.jsonl", "library:KEY:9@x", "run:nobody", "x"])
def test_what_an_address_came_from_and_is_not_there_is_said(run: Path, origin: str) -> None:
    test = app(file="0" * 12, **{"from": origin.replace("KEY", indexed(run).key)})
    assert not test.exception
    assert "is not open in this session" in words(test)


def test_steps_with_the_words_that_were_searched_are_circled(run: Path) -> None:
    one = forest("who ?", 1, [1.0, 0.0])
    assert preview.steps_with(one, "WAY 1") == [row for row, text in enumerate(one.text) if "way 1" in text.lower()]
    assert preview.steps_with(one, "way 1")
    assert preview.steps_with(one, "") == []
    assert "`○ “way 1” in 1 step`" in words(app(view="library", folder=indexed(run).key, find="way 1"))


def test_both_steps_open_as_prompts_of_one_file(run: Path) -> None:
    test = app(view="library", folder=indexed(run).key, row="0@200.forest.jsonl")
    test.button(key="open_both").click().run()
    assert not test.exception
    assert (test.session_state["view"], test.session_state["compare:show"]) == ("compare", "forests")
    assert [one.id for one in test.session_state["opened"].forests] == ["who is milo ? 100", "who is milo ? 200"]


def test_the_public_sees_only_what_the_operator_named(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = indexed(run)
    named = tmp_path / "named"
    named.mkdir()
    write([forest("who ?", 1, [1.0, 0.0])], named / "a.forest.jsonl")
    monkeypatch.setenv(permissions.PUBLIC_VARIABLE, "1")
    monkeypatch.setenv(folders.LIBRARIES_VARIABLE, str(named))
    assert [one.path for one in folders.allowed().values()] == [named.resolve()]
    with pytest.raises(FormatError, match="only the folders that its operator named"):
        folders.typed(str(run))
    test = app(view="library", folder=other.key)
    assert not test.exception
    assert "The folder of this link is not open here" in words(test)
    assert not [field for field in test.text_input if field.key == "folder_path"]
    assert not [one for one in test.button if str(one.key) == "open_folder"]
    assert str(tmp_path) not in words(test)


def test_a_public_server_without_folders_says_so(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(permissions.PUBLIC_VARIABLE, "1")
    assert "The operator of this server has named no folder" in words(app(view="library"))


@pytest.mark.parametrize(
    "value",
    [None, 3, {}, {"number": "1", "said": {}}, {"number": True, "said": {}}, {"number": 1}, {"number": 1, "said": []}],
)
def test_what_no_page_sends_is_not_heard(value: Any) -> None:
    assert asked_in({"asked": value}) is None


def test_fields_that_are_no_text_are_left_out() -> None:
    asked = asked_in({"asked": {"number": 1, "said": {"find": "a" * 5000, "row": 3}, "open": "yes"}})
    assert asked is not None
    assert (len(asked.said["find"]), "row" in asked.said, asked.open) == (1000, False, False)


def test_a_run_that_is_followed_takes_over_what_is_written_meanwhile(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = indexed(run)
    test = app(view="library", folder=found.key)
    test.toggle(key="set:follow").set_value(True).run()
    assert "6 forests" in words(test)
    seen = folders.scan(found)
    assert seen.work.wait(60)
    write([forest("who is otto ?", 300, [1.0, 0.0])], run / "300.forest.jsonl")
    drawn_anew: list[None] = []
    with monkeypatch.context() as patched:
        patched.setattr(library.st, "rerun", lambda: drawn_anew.append(None))
        library.catch_up(found, seen)
        assert folders.scan(found).work.wait(60)
        library.catch_up(found, seen)
    assert drawn_anew == [None]
    assert folders.scan(found).work.wait(60)
    index = overview(found.index, Filters())
    assert (index.forests, index.prompts) == (7, 4)


def test_a_page_that_is_opened_later_shows_what_was_written_since(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = indexed(run)
    page = app(view="library", folder=found.key)
    write([forest("who is otto ?", 300, [1.0, 0.0])], run / "300.forest.jsonl")
    monkeypatch.setattr(library, "STALE", 0.0)
    assert "6 forests" in words(page.run())
    app(view="library", folder=found.key)
    assert folders.scan(found).work.wait(60)
    assert "7 forests" in words(app(view="library", folder=found.key))


def test_a_scan_that_is_broken_off_ends_and_can_be_begun_again(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refresh(path: Path, index: Any, *, on_progress: Callable[[Any], None]) -> Any:
        began.set()
        assert go_on.wait(60)
        on_progress(Progress(files=1, of=2))
        raise AssertionError("the scan went on")

    began, go_on = threading.Event(), threading.Event()
    found = folders.typed(str(run))
    with monkeypatch.context() as patched:
        patched.setattr(folders, "refresh_apart", refresh)
        scan = folders.scan(found)
        assert began.wait(60)
        scan.work.cancel()
        go_on.set()
        assert scan.work.wait(60)
    assert scan.work.error == ""
    assert folders.scan(found, older=0.0) is not scan
    assert folders.scan(found).work.wait(60)


def test_what_is_sent_twice_is_done_once(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held: dict[str, Any] = {"browse": {"asked": {"number": 7, "said": {"row": "0@200.forest.jsonl"}, "open": True}}}
    monkeypatch.setattr(library.state, "get", held.get)
    monkeypatch.setattr(library.state, "get_or", held.get)
    monkeypatch.setattr(library.state, "put", held.update)
    monkeypatch.setattr(library.redraw, "now", lambda: None)
    opened: list[list[str]] = []
    monkeypatch.setattr(library.rows, "open_in_explore", lambda run, rows: opened.append(rows))
    for _ in range(2):
        library.take(folders.typed(str(run)))
    assert opened == [["0@200.forest.jsonl"]]


@pytest.mark.browser
def test_from_a_folder_to_explore(run: Path, open_page: Callable[..., Any], tmp_path: Path) -> None:
    expect = pytest.importorskip("playwright.sync_api").expect
    expect.set_options(timeout=PATIENCE_MS)
    dialogs: list[str] = []
    with serve(ROOT / "app" / "main.py", TREECORE_CACHE=str(tmp_path / "cache")) as address:
        page = open_page(f"{address}/?view=library")
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.get_by_label("Folder of a run").fill(str(run))
        page.get_by_label("Folder of a run").press("Enter")
        rows = page.locator(".browse tbody tr")
        expect(rows).to_have_count(3)
        assert page.get_by_text(HOSTILE, exact=False).first.is_visible()
        page.get_by_role("button", name="pass rate 0.25 to 0.375: 1 forests, 1 left").click()
        expect(rows).to_have_count(1)
        page.wait_for_url("**only=pass_rate*")
        page.get_by_role("button", name="take this filter away").click()
        expect(rows).to_have_count(3)
        page.keyboard.press("/")
        page.keyboard.type("way 1")
        expect(page.locator(".browse .hit mark").first).to_have_text("way 1")
        page.wait_for_url("**find=way*")
        page.keyboard.press("ArrowDown")
        page.wait_for_url("**row=*")
        page.keyboard.press("Enter")
        page.wait_for_url("**view=explore**")
        settled(page)
        page.go_back()
        expect(page.locator(".browse tbody tr")).to_have_count(3)
        settled(page)
        page.close()
    assert dialogs == []


@pytest.mark.browser
def test_going_back_takes_the_words_out_of_the_search(run: Path, open_page: Callable[..., Any], tmp_path: Path) -> None:
    expect = pytest.importorskip("playwright.sync_api").expect
    expect.set_options(timeout=PATIENCE_MS)
    named = {"TREECORE_LIBRARIES": str(run), "TREECORE_CACHE": str(tmp_path / "cache")}
    with serve(ROOT / "app" / "main.py", **named) as address:
        page = open_page(f"{address}/?view=library")
        expect(page.locator(".browse tbody tr")).to_have_count(3)
        settled(page)
        search = page.locator(".browse input[type=search]")
        search.fill("way 1")
        page.wait_for_url("**find=way*")
        settled(page)
        page.go_back()
        page.wait_for_function("!location.search.includes('find=')")
        expect(search).to_have_value("")
        settled(page)
        page.go_forward()
        expect(search).to_have_value("way 1")
        settled(page)
