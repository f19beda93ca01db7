"""What a page shows of a library: filters, counts, curve and hits are those of the forests, however it is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from treecore.core.forest import Forest
from treecore.errors import FormatError
from treecore.formats import write
from treecore.library import Index, refresh
from treecore.library.filters import Filters
from treecore.library.overview import bin_edges, find, overview, place_of, same_prompt
from treecore.library.pair import answers, divergence
from treecore.library.process import refresh_apart

STEPS = (10, 20, 30)
ZEBRA = "Which zebra?"


def forest(prompt: str, step: int | None, rewards: list[float], texts: list[str] | None = None) -> Forest:
    words = texts or [f"answer {number}" for number in range(len(rewards))]
    known = {} if step is None else {"training_step": step}
    return Forest(
        parent=[-1, *[0] * len(rewards)],
        text=["", *words],
        reward=[np.nan, *rewards],
        id=f"{prompt} {step}",
        prompt=prompt,
        provenance=known,
    )


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    for number, step in enumerate(STEPS):
        made = [
            forest("one", step, [1.0] * number + [0.0] * (3 - number)),
            forest(ZEBRA, step, [1.0, 1.0] if step == 30 else [1.0, 0.0], ["look it up", f"say 100% of {step}"]),
        ]
        write(made, folder / f"{step}.forest.jsonl")
    return folder


@pytest.fixture
def index(run: Path, tmp_path: Path) -> Index:
    found = Index(tmp_path / "index.duckdb")
    refresh(run, found, workers=1)
    return found


def ids(index: Index, **asked: str) -> list[str]:
    return [row.columns["id"] for row in overview(index, Filters.of(asked)).rows]


def test_of_each_prompt_the_latest_step_is_listed(index: Index) -> None:
    assert sorted(ids(index)) == ["Which zebra? 30", "one 30"]
    assert sorted(ids(index, steps="10~20")) == ["Which zebra? 20", "one 20"]
    assert ids(index, steps="11~19") == []


def test_steps_in_which_each_prompt_stands_once_are_filtered_like_others(run: Path, index: Index) -> None:
    write([forest("two", 20, [1.0, 0.0], ["Élan vital", "no"])], run / "more.forest.jsonl")
    refresh(run, index, workers=1)
    seen = overview(index, Filters.of({"steps": "20~20", "find": "élan", "mixed": "1"}))
    assert [row.columns["id"] for row in seen.rows] == ["two 20"]
    assert (seen.forests, seen.prompts, seen.among, seen.asked, seen.passing) == (7, 3, 3, 3, 1)
    assert seen.alone == {"mixed": 3, "find": 1}
    seen = overview(index, Filters.of({"steps": "20~30", "find": "élan"}))
    assert (seen.prompts, seen.among, seen.passing) == (3, 3, 1)


def test_forests_without_a_training_step_are_all_listed(tmp_path: Path) -> None:
    write([forest("one", None, [1.0, 0.0]), forest("one", None, [0.0, 0.0])], tmp_path / "a.forest.jsonl")
    found = Index(tmp_path / "index.duckdb")
    refresh(tmp_path, found, workers=1)
    seen = overview(found, Filters())
    assert (len(seen.rows), seen.curve, seen.pair) == (2, [], None)


def test_the_numbers_of_a_page(index: Index) -> None:
    seen = overview(index, Filters())
    assert (seen.forests, seen.prompts, seen.trajectories, seen.among, seen.asked) == (6, 2, 15, 2, 2)
    assert seen.passing == 2
    assert [tuple(point) for point in seen.curve] == [
        (10, pytest.approx(1 / 5), 2),
        (20, pytest.approx(2 / 5), 2),
        (30, pytest.approx(4 / 5), 2),
    ]
    assert seen.pair is not None
    assert (seen.pair.first, seen.pair.second, seen.pair.better, seen.pair.same, seen.pair.worse) == (10, 30, 2, 0, 0)
    assert seen.pair.means == (pytest.approx(0.25), pytest.approx(5 / 6))
    assert {row.columns["prompt"]: row.training for row in seen.rows}[ZEBRA] == [(10, 0.5), (20, 0.5), (30, 1.0)]


def test_filters_hold_together_and_each_says_what_it_leaves_out(index: Index) -> None:
    assert ids(index, mixed="1") == ["one 30"]
    assert ids(index, only="pass_rate:0.5~0.7") == ["one 30"]
    assert ids(index, only="pass_rate:1~1", lint="1") == ["Which zebra? 30"]
    none = overview(index, Filters.of({"mixed": "1", "find": "zebra"}))
    assert (none.passing, none.without) == (0, {"mixed": 1, "find": 1})
    assert none.alone == {"mixed": 1, "find": 1}


def test_histograms_count_all_and_what_is_left(index: Index) -> None:
    whole = {one.column: one for one in overview(index, Filters.of({"mixed": "1"})).histograms}["pass_rate"]
    assert (whole.all, whole.left) == ([0, 0, 0, 0, 0, 1, 0, 1], [0, 0, 0, 0, 0, 1, 0, 0])
    assert whole.edges == [number / 8 for number in range(9)]
    assert {one.column: one for one in overview(index, Filters()).histograms}["tokens"].edges == []


@pytest.mark.parametrize(
    ("low", "high", "whole", "edges"),
    [
        (2, 8, True, [2, 3, 4, 5, 6, 7, 8, 9]),
        (3, 3, True, [3, 4]),
        (0.0, 1.3, False, [0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4]),
        (17, 702, True, [0, 100, 200, 300, 400, 500, 600, 700, 800]),
    ],
)
def test_bars_have_widths_that_read_easily(low: float, high: float, whole: bool, edges: list[float]) -> None:
    assert bin_edges(low, high, share=False, whole=whole) == edges


@pytest.mark.parametrize("search", ["zebra", "ZEBRA", "100% of", "which   zebra?"])
def test_words_are_found_as_they_are(index: Index, search: str) -> None:
    assert ids(index, find=search) == ["Which zebra? 30"]


@pytest.mark.parametrize("search", ["1_0", "100%%", "' OR 1=1 --", "%", "\\", ".", "a|b", "[a-z]", "\\E", "(", "+"])
def test_a_search_is_no_pattern_and_no_sql(index: Index, search: str) -> None:
    assert ids(index, find=search) == (["Which zebra? 30"] if search == "%" else [])


def test_a_hit_says_where_and_how_often() -> None:
    words = "the boss\nfind the boss of otto\nanswer boss"
    assert find(words, search="BOSS", after=8) == ("find the ", "boss", " of otto", 3)
    assert find(words, search="the b", after=30) == ("", "the b", "oss", 2)
    assert find(words, search="nobody", after=0) is None


@pytest.mark.parametrize(
    ("words", "search", "hit"),
    [
        ("<think>so the boss</think> is", "boss", ("so the ", "boss", " is", 1)),
        ("[THINK]so <answer>the boss</answer>", "the", ("so ", "the", " boss", 1)),
        ("<think> think again</think>", "think", ("", "think", " again", 1)),
        ("x" * 60 + "<think>" * 9 + "the boss", "boss", ("x" * 31 + " the ", "boss", "", 1)),
        ("<think>so it is", "<think>", ("", "<think>", "so it is", 1)),
    ],
)
def test_a_hit_has_no_tags_unless_they_are_searched(words: str, search: str, hit: tuple[str, str, str, int]) -> None:
    assert find(words, search=search, after=0) == hit


def test_order_and_pages(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ids(index, sort="prompt") == ["Which zebra? 30", "one 30"]
    assert ids(index, sort="-prompt") == ["one 30", "Which zebra? 30"]
    monkeypatch.setattr("treecore.library.overview.PAGE", 1)
    assert ids(index, sort="prompt", page="2") == ["one 30"]
    assert ids(index, sort="prompt", page="3") == []


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"steps": "10~20", "pair": "10~30", "only": "pass_rate:0.25~0.5,depth:1~3", "mixed": "1", "lint": "1"},
        {"find": "a b", "sort": "prompt", "page": "7"},
        {"sort": "-prompt"},
    ],
)
def test_an_address_keeps_what_is_asked_for(said: dict[str, str]) -> None:
    assert Filters.of(said).said == said


@pytest.mark.parametrize(
    "said",
    [
        {"steps": "9~1"},
        {"steps": "a~b"},
        {"pair": "1"},
        {"only": "words:0~1"},
        {"only": "depth:1"},
        {"only": 'depth" OR 1=1 --:0~1'},
        {"only": "depth:1e999~1"},
        {"only": "depth:1.2.3~4"},
        {"sort": "words; DROP"},
        {"page": "0"},
        {"page": "-1"},
        {"page": "9999999"},
        {"mixed": "yes"},
        {"find": "  "},
    ],
)
def test_what_is_no_filter_is_left_out(said: dict[str, str]) -> None:
    assert Filters.of(said) == Filters(descending=not said.get("sort"))


def test_the_same_prompt_at_other_steps(index: Index) -> None:
    row = place_of(index, "20.forest.jsonl", 0)
    assert row is not None
    assert [other.columns["training_step"] for other in same_prompt(index, row)] == list(STEPS)
    assert place_of(index, "20.forest.jsonl", 9) is None


def test_two_forests_part_where_their_words_do() -> None:
    early = forest("q", 1, [0.0, 0.0, 1.0], ["same", "old", "old"])
    late = forest("q", 2, [1.0, 0.0], ["same", "new"])
    assert divergence(early, late) == (1, [("old", 2)], [("new", 1)])
    assert divergence(early, early) == (0, [], [])
    deep = Forest(parent=[-1, 0, 1], text=["", "same", "then"], reward=[np.nan, np.nan, 1.0])
    flat = Forest(parent=[-1, 0], text=["", "same"], reward=[np.nan, 1.0])
    assert divergence(deep, flat) == (2, [("then", 1)], [])
    assert answers(early) == [("old", 1, False), ("old", 1, True), ("same", 1, False)] or len(answers(early)) == 3


def test_another_process_finds_the_same(run: Path, tmp_path: Path) -> None:
    told: list[int] = []
    other = Index(tmp_path / "other.duckdb")
    done = refresh_apart(run, other, on_progress=lambda now: told.append(now.files))
    assert (done.files, done.forests, told[-1]) == (3, 6, 3)
    assert sorted(ids(other)) == ["Which zebra? 30", "one 30"]


def test_another_process_tells_why_it_cannot(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no such folder"):
        refresh_apart(tmp_path / "nowhere", Index(tmp_path / "index.duckdb"))


def test_what_progress_raises_ends_the_other_process(run: Path, tmp_path: Path) -> None:
    def stop(progress: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh_apart(run, Index(tmp_path / "other.duckdb"), on_progress=stop)


def test_one_page_reads_while_another_does(index: Index) -> None:
    with index.reading() as first, index.reading() as second:
        assert first.execute("SELECT count(*) FROM forests").fetchall() == [(6,)]
        assert second.execute("SELECT count(*) FROM forests").fetchall() == [(6,)]
