"""Cutting steps: the released code's segments and credits, and what a cut must leave as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from treecore.core.builder import ForestBuilder, StepTokens
from treecore.core.forest import Forest
from treecore.core.transforms import END, cut_text, lay_out, segments, split
from treecore.errors import ForestError
from treecore.methods import compute

MISC = json.loads((Path(__file__).parents[1] / "data" / "public_misc.json").read_text())["sections"]


def forest_of(chains: list[dict[str, Any]]) -> Forest:
    """Chains that start inside others, as a forest of segments."""
    rows: list[dict[str, Any] | None] = []
    parent, fork, row = [], [], {}
    for chain in chains:
        above = chain["parent"]
        if above is None:
            rows.append(None)
            parent.append(-1)
            fork.append(END)
        row[chain["id"]] = len(rows)
        parent.append(len(rows) - 1 if above is None else row[above])
        fork.append(END if above is None else chain["split"])
        rows.append(chain)
    builder = ForestBuilder()
    for piece in lay_out(parent, fork):
        chain = rows[piece.source]
        if chain is None:
            builder.root()
            continue
        end = chain["tokens"] if piece.end == END else piece.end
        reward = chain["reward"] if piece.end == END else float("nan")
        tokens = StepTokens(part=[1] * (end - piece.start))
        builder.add(piece.parent, text=str(chain["id"]), reward=reward, tokens=tokens)
    return builder.build()


@pytest.mark.parametrize("case", MISC["treerl_native"])
def test_segments_and_credits_are_those_of_the_released_code(case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    forest = forest_of(given["chains"])
    size = {one["id"]: one["tokens"] for one in expected["segments"]}
    weight = {"original": "none"}.get(given["weighted_value_style"], given["weighted_value_style"])
    credit = compute(forest, "treerl", mode=given["mode"], weight=weight, norm=given["overall_norm_style"]).credit
    paths = [forest.topology.path(int(leaf))[1:] for leaf in forest.leaves]
    found = [[(int(forest.n_model_tokens[row]), round(float(credit[row]), 9)) for row in path] for path in paths]
    wanted = [
        [
            (size[one], round(value, 9))
            for one, value in zip(path["path"], path["token_advantage_per_segment"], strict=True)
        ]
        for path in expected["paths"]
    ]
    assert sorted(found) == sorted(wanted)


def two_steps() -> Forest:
    builder = ForestBuilder()
    root = builder.root(node_id="r")
    texts = ["a", " b", " c", " d", "<eos>"]
    first = builder.add(
        root,
        text="a b c",
        observation="seen",
        node_id="s",
        extra={"round": 1},
        tokens=StepTokens(text=[*texts[:3], "seen"], part=[1, 1, 2, 0], logprob=[-1.0, -2.0, -3.0, float("nan")]),
    )
    builder.add(first, text="a b c d", reward=1.0, tokens=StepTokens(text=texts, part=[1] * 5, logprob=[-1.0] * 5))
    forest = builder.build()
    return forest.with_columns(columns={"value": [0.5, 0.25, 1.0]}, claimed={"x": [1.0, 2.0, 3.0]})


def test_a_cut_step_is_a_run_of_steps_with_the_same_tokens() -> None:
    forest = two_steps()
    cut = split(forest, {1: [2, 1], 2: [3], 0: []})
    assert cut.parent.tolist() == [-1, 0, 1, 2, 3, 4]
    assert list(cut.node_id) == ["r", "s:1", "s:2", "s", "2:3", 2]
    assert list(cut.text) == ["", "a", " b", " c", "a b c", " d"]
    assert list(cut.observation) == ["", "", "", "seen", "", ""]
    assert cut.tokens is not None
    assert cut.tokens.start.tolist() == [0, 0, 1, 2, 4, 7, 9]
    assert cut.tokens.text == forest.tokens.text
    assert cut.n_model_tokens.tolist() == [0, 1, 1, 1, 3, 2]
    assert cut.n_obs_tokens.tolist() == [0, 0, 0, 1, 0, 0]
    assert np.isnan(cut.reward).tolist() == [True] * 5 + [False]
    assert cut.born.tolist() == [0, 1, 1, 1, 2, 2]
    assert np.isnan(cut.columns["value"]).tolist() == [False, True, True, False, True, False]
    assert cut.claimed["x"].tolist() == [1, 2, 2, 2, 3, 3]
    assert cut.node_extra == {3: {"round": 1}}


def test_segments_of_some_tokens() -> None:
    cut = segments(two_steps(), every=2)
    assert cut.n_model_tokens.tolist() == [0, 2, 1, 2, 2, 1]
    assert list(cut.text) == ["", "a b", " c", "a b", " c d", ""]
    assert segments(two_steps(), every=9).digest == two_steps().digest
    with pytest.raises(ForestError, match="at least 1"):
        segments(two_steps(), every=0)


def test_cuts_leave_the_credit_of_whole_trajectories() -> None:
    forest = two_steps()
    before, after = compute(forest, "tree_grpo"), compute(split(forest, {1: [1], 2: [2]}), "tree_grpo")
    assert after.credit[-1] == before.credit[-1]


@pytest.mark.parametrize(
    ("cuts", "said"),
    [
        ({1: [3]}, "node 's' cannot be cut at token 3; its own tokens can be cut at 1 to 2"),
        ({1: [0]}, "cannot be cut at token 0"),
        ({0: [1]}, "leave it whole"),
    ],
)
def test_cuts_outside_the_models_tokens_are_refused(cuts: dict[int, list[int]], said: str) -> None:
    with pytest.raises(ForestError, match=said):
        split(two_steps(), cuts)


def test_texts_that_are_not_those_of_the_tokens_are_refused() -> None:
    forest = two_steps()
    with pytest.raises(ForestError, match="are not its text"):
        split(forest.with_columns(text=["", "other", "text"]), {1: [1]})
    with pytest.raises(ForestError, match="tokens have texts"):
        split(forest.with_columns(tokens=None), {1: [1]})


def test_children_of_one_place_hang_beside_the_rest() -> None:
    laid = lay_out([-1, 0, 1, 1, 1], [END, END, 4, 2, 4])
    assert [(one.source, one.start, one.end, one.parent) for one in laid] == [
        (0, 0, END, -1),
        (1, 0, 2, 0),
        (1, 2, 4, 1),
        (1, 4, END, 2),
        (2, 0, END, 2),
        (3, 0, END, 1),
        (4, 0, END, 2),
    ]


def test_the_name_of_the_end_token_is_no_text() -> None:
    assert cut_text("a b", ["a", " b", "<eos>"], 1, END) == " b"
    assert cut_text("a b", ["a", " b", "<eos>"], 2, END) == ""
