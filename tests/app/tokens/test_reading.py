"""What is drawn of a branch: lines as written, forks inside the sentence, what was nearly said, and windows."""

from __future__ import annotations

import json
import math

import pytest

import treecore as tc
from app.tokens.branch import Branch, ends, read
from app.tokens.reading import WINDOW, Reading, reading, telling_token, window_start
from app.tokens.small_tree import MAX_DOTS, small_tree
from app.tokens.ways import Way, ways
from treecore.bundled import samples
from treecore.core.builder import ForestBuilder, StepTokens
from treecore.core.forest import Forest


def sampled(name: str) -> Forest:
    return tc.read(samples()[name].path)[0]


def drawn(forest: Forest, leaf: int, *, method: str = "treerl", at: int = 0) -> tuple[Branch, Reading]:
    credit = tc.credit(forest, method)
    branch = read(forest, credit.of(0), leaf)
    return branch, reading(branch, credit.of(0), credit.ends, at=at)


def fork() -> tuple[Branch, Reading]:
    forest = sampled("surprisal")
    leaf = next(leaf for leaf in ends(forest) if str(forest.node_id[leaf]) == "14")
    return drawn(forest, leaf)


def test_lines_are_sentences_calls_and_what_was_answered() -> None:
    _, made = fork()
    lines = made["lines"]
    assert [line["call"] for line in lines] == [False, True, False, True, False]
    assert [line["answer"] for line in lines] == ["", "jade", "", "fay", ""]
    assert [line["count"] for line in lines] == ["16", "4 + 3", "7", "4 + 3", "9"]
    assert lines[0]["number"] == "\N{MINUS SIGN}0.40"
    assert [line["number"] for line in lines[1:]] == ["+1.09"] * 4
    assert lines[-1]["outcome"].startswith("right")
    assert [item["at"] for line in lines for item in line["items"]] == list(range(made["total"]))
    json.dumps(made, allow_nan=False)


def test_a_fork_inside_a_sentence_stands_in_it_with_how_the_ways_on_ended() -> None:
    branch, made = fork()
    at = telling_token(branch)
    item = made["lines"][0]["items"][at]
    assert (item["text"], item["forked"], item["context"]) == (" rosa", True, "of emil is")
    words = {one["text"].strip(): one["outcome"] for one in item["choices"] if one["drawn"]}
    assert words == {"clara": "0 of 1 right", "rosa": "1 of 1 right", "fay": "0 of 3 right"}
    assert [one["text"].strip() for one in item["choices"] if one["here"]] == ["rosa"]
    assert len(item["choices"]) == 14
    shares = [one["share"] for one in item["choices"]]
    assert shares == sorted(shares, reverse=True)
    assert item["rest"] == "all others 30.8 % together"
    assert item["unsure"] == "As unsure as an even draw of one in 24.9."
    forest = branch.forest
    for one in item["choices"]:
        if one["end"] and not one["here"]:
            other = read(forest, None, forest.row(one["end"]))
            assert [token.text for token in other.tokens[:at]] == [token.text for token in branch.tokens[:at]]
            assert other.tokens[at].text == one["text"]


def test_numbers_are_those_that_are_recorded() -> None:
    branch, made = fork()
    for token, item in zip(branch.tokens, (one for line in made["lines"] for one in line["items"]), strict=True):
        assert item["surprise"] == -token.logprob
        assert item["entropy"] == token.entropy
        assert item["words"]["probability"] == f"{100 * math.exp(token.logprob):.1f} %"


def test_a_line_ends_where_the_model_ended_it() -> None:
    forest = sampled("countdown")
    _, made = drawn(forest, ends(forest)[2])
    assert all("\n" in line["items"][-1]["text"] for line in made["lines"])
    assert not any("\n" in item["text"] for line in made["lines"] for item in line["items"][:-1])


def test_without_alternatives_only_what_was_drawn_is_known() -> None:
    forest = sampled("late_fork")
    _, made = drawn(forest, ends(forest)[0])
    items = [item for line in made["lines"] for item in line["items"]]
    assert not any(item["rest"] for item in items)
    assert all(one["drawn"] for item in items for one in item["choices"])
    assert any(item["forked"] for item in items)


def test_what_is_not_recorded_is_told() -> None:
    builder = ForestBuilder(prompt="p")
    root = builder.root()
    builder.add(root, text="a b", reward=1.0, tokens=StepTokens(text=["a", " b"]))
    builder.add(root, text="a c", reward=0.0, tokens=StepTokens(text=["a", " c"]))
    forest = builder.build()
    _, made = drawn(forest, 1, method="grpo")
    assert "No log probabilities are recorded" in made["note"]
    first, second = made["lines"][0]["items"]
    assert (first["surprise"], first["words"]["probability"], first["forked"]) == (None, "–", False)
    assert [(one["text"], one["outcome"]) for one in second["choices"]] == [
        (" b", "1 of 1 right"),
        (" c", "0 of 1 right"),
    ]
    _, bare = drawn(forest.with_columns(tokens=None), 1, method="grpo")
    assert "No tokens are recorded" in bare["note"]
    assert bare["unit"] == "word"


def test_a_long_branch_comes_in_windows_that_overlap() -> None:
    text = [f" w{number}" for number in range(5 * WINDOW)]
    builder = ForestBuilder(prompt="p")
    builder.add(builder.root(), text="".join(text), reward=1.0, tokens=StepTokens(text=text))
    forest = builder.build()
    for at in (0, WINDOW // 2, WINDOW, 3 * WINDOW + 7, 5 * WINDOW - 1):
        _, made = drawn(forest, 1, method="grpo", at=at)
        items = [item["at"] for line in made["lines"] for item in line["items"]]
        assert items == list(range(made["first"], made["first"] + WINDOW))
        assert at in items
    assert {window_start(at, total=10) for at in range(10)} == {0}


def test_ways_part_where_tokens_do() -> None:
    texts = {4: ["a", "b", "c"], 5: ["a", "x"], 6: ["a", "b", "d"], 7: ["a", "b"], 8: []}
    assert ways(texts[4], texts, 4) == [
        [],
        [Way("b", (4, 6, 7)), Way("x", (5,))],
        [Way("c", (4,)), Way("d", (6,))],
    ]


@pytest.mark.parametrize("name", ["surprisal", "large"])
def test_the_small_tree_has_every_end_and_the_branch(name: str) -> None:
    forest = sampled(name)
    branch = read(forest, None, ends(forest)[3])
    tree = small_tree(branch, None)
    assert len(tree["dots"]) <= MAX_DOTS
    assert [dot["end"] for dot in tree["dots"] if dot["leaf"]] == [str(forest.node_id[leaf]) for leaf in ends(forest)]
    path = forest.topology.path(branch.leaf)
    assert sum(dot["on"] for dot in tree["dots"]) == len(path)
    assert all(tree["dots"][dot["above"]]["x"] == dot["x"] - 1 for dot in tree["dots"] if dot["above"] >= 0)
