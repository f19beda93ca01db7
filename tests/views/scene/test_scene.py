"""What a scene says about a forest: nulls, scales, stages, text; and what goes over the wire."""

from __future__ import annotations

import json

import numpy as np
import pytest
from forests import random_forest

from app.canvas import Stage, make_scene, outcome_share
from treecore.analysis.stages import PREDICT, frames
from treecore.bundled import samples
from treecore.core.batch import Forests
from treecore.core.forest import Forest, TokenTable
from treecore.formats import read
from treecore.methods import compute
from treecore.methods.explain import explain
from treecore.methods.registry import Ends
from treecore.views.inspector import numbers
from treecore.views.scene.film import lane_of, stage_of
from treecore.views.scene.scene import mean_entropy

NAN = float("nan")
PARENT = np.array([-1, 0, 1, 1, 0, -1, 5])


def forest(**changes: object) -> Forest:
    fields: dict[str, object] = {
        "parent": PARENT,
        "text": ["", "<think>plan</think>", "<answer>7</answer>", "b", "c", "", "d"],
        "observation": ["", "saw\n\tthis", "", "", "", "", ""],
        "reward": np.array([NAN, NAN, 1.0, 0.0, NAN, NAN, 0.5]),
        "n_model_tokens": np.array([-1, 4, 2, 3, 9, -1, 2]),
    }
    return Forest(**{**fields, **changes})  # type: ignore[arg-type]


def test_rows_do_not_depend_on_the_stage() -> None:
    whole = make_scene(forest(), None)
    part = make_scene(forest(), None, stage=Stage(visible=np.array([1, 1, 0, 0, 0, 1, 0], dtype=bool)))
    assert part["row"] == whole["row"]
    assert part["x"] == whole["x"]
    assert part["stage"]["visible"] == [1, 1, 0, 0, 0, 1, 0]


def test_a_stage_must_show_whole_paths() -> None:
    with pytest.raises(ValueError, match="without its parent"):
        make_scene(forest(), None, stage=Stage(visible=np.array([1, 0, 1, 0, 0, 1, 0], dtype=bool)))


def test_a_stage_changes_what_is_told_but_no_scale() -> None:
    one = forest()
    credit = compute(one, "tree_grpo")
    before = make_scene(one, credit, stage=Stage(outcomes=False, advantages=False, filled=False))
    after = make_scene(one, credit)
    assert (before["fill"]["low"], before["fill"]["high"]) == (after["fill"]["low"], after["fill"]["high"])
    assert (before["fill"]["on"], after["fill"]["on"]) == (False, True)
    assert (before["table"]["outcomes"], before["table"]["numbers"]) == (False, False)
    staged = make_scene(one, credit, stage=Stage(fill=np.full(7, 0.5), numbers=np.arange(7.0), badges={1: "1/2"}))
    assert staged["fill"]["values"] == [0.5] * 7
    assert staged["table"]["values"] == [None, None, 2.0, 3.0, 4.0, None, 6.0]
    assert staged["stage"]["badges"] == {"1": "1/2"}


def test_not_assigned_is_null_and_zero_is_zero() -> None:
    one = forest(reward=np.array([NAN, NAN, 1.0, 1.0, NAN, NAN, 1.0]))
    scene = make_scene(one, compute(one, "grpo"))
    assert scene["fill"]["values"][2] == 0.0
    assert scene["fill"]["values"][4] is None
    assert scene["table"]["values"][4] is None


def test_scale_is_that_of_the_whole_batch_unless_given() -> None:
    one, other = forest(), forest(reward=np.array([NAN, NAN, 9.0, -9.0, 3.0, NAN, 0.5]))
    batch = compute(Forests([one, other]), "rloo")
    assert make_scene(one, batch)["fill"]["high"] == batch.scale == make_scene(other, batch)["fill"]["high"]
    assert make_scene(one, batch, ends=Ends(-4.0, 4.0, True))["fill"]["low"] == -4.0
    assert make_scene(one, batch)["credit"] == make_scene(one, batch.of(0))["credit"]


def test_credit_of_another_forest_is_refused() -> None:
    with pytest.raises(ValueError, match="other forests"):
        make_scene(forest(), compute(forest(prompt="another"), "grpo"))


def test_the_column_of_numbers_is_the_advantage_or_else_the_credit() -> None:
    one = forest()
    assert make_scene(one, compute(one, "grpo"))["table"]["title"] == "advantage"
    sibling = compute(one, "sibling")
    table = make_scene(one, sibling)["table"]
    assert table["title"] == ("advantage" if "advantage" in sibling.leaves else "credit")
    assert make_scene(one, None)["table"] == {
        "outcomes": True,
        "numbers": False,
        "title": "",
        "values": [None] * 7,
        "low": None,
        "limit": 1.0,
        "decimals": 2,
    }


def test_outcomes_lie_between_wrong_and_right() -> None:
    assert outcome_share(forest())[[2, 3, 6]].tolist() == [1.0, 0.0, 0.5]
    wide = forest(reward=np.array([NAN, NAN, 3.0, -1.0, NAN, NAN, 1.0]))
    assert outcome_share(wide)[[2, 3, 6]].tolist() == [1.0, 0.0, 0.5]


def test_token_axis_ends_where_the_longest_trajectory_ends() -> None:
    scene = make_scene(forest(), None, axis="tokens")
    assert scene["axis"] == {"kind": "tokens", "end": 9.0, "note": ""}
    assert scene["x"][4] == 1.0
    assert scene["x"][1] == pytest.approx(4 / 9, abs=1e-5)


def test_token_axis_without_counts_says_so() -> None:
    scene = make_scene(forest(n_model_tokens=()), None, axis="tokens")
    assert scene["axis"]["kind"] == "steps"
    assert "no token counts" in scene["axis"]["note"]


def test_labels_are_single_lines_without_tags() -> None:
    scene = make_scene(forest(), None)
    assert scene["label"][1:3] == ["plan", "answer 7"]
    assert scene["observation"][1] == "saw this"


def test_a_changed_outcome_keeps_the_digest_and_another_prompt_does_not() -> None:
    flipped = forest(reward=np.array([NAN, NAN, 0.0, 1.0, NAN, NAN, 0.5]))
    assert make_scene(forest(), None)["digest"] == make_scene(flipped, None)["digest"]
    assert make_scene(forest(), None)["digest"] != make_scene(forest(prompt="p"), None)["digest"]


def test_looks_at_one_growing_forest_share_a_name() -> None:
    grown = forest(parent=[*PARENT, 0], text=[""] * 8, observation=(), reward=np.full(8, NAN), n_model_tokens=())
    assert make_scene(forest(), None)["forest"] == make_scene(grown, None)["forest"]
    for other in (forest(prompt="p"), forest(id="p"), forest(task="p")):
        assert make_scene(forest(), None)["forest"] != make_scene(other, None)["forest"]


def test_entropy_is_the_mean_of_the_models_own_tokens() -> None:
    tokens = TokenTable(
        start=np.array([0, 0, 3, 3, 4, 4, 4, 4]),
        entropy=np.array([1.0, 3.0, 8.0, NAN]),
        part=np.array([1, 1, 0, 1]),
    )
    assert mean_entropy(forest(n_model_tokens=(), tokens=tokens))[1] == 2.0
    assert np.isnan(mean_entropy(forest(n_model_tokens=(), tokens=tokens))[[0, 3]]).all()
    assert make_scene(forest(n_model_tokens=(), tokens=tokens), None, colour="entropy")["fill"]["high"] == 2.0


def test_rewards_that_are_equal_up_to_rounding_are_drawn_neutral() -> None:
    near = Forest(parent=[-1, 0, 0, 0], reward=[NAN, 0.1 + 0.2, 0.3, 0.30000000000000016])
    for method in ("grpo", "sibling", "tree_grpo"):
        scene = make_scene(near, compute(near, method).of(0))
        assert (scene["fill"]["low"], scene["fill"]["high"], scene["decimals"]) == (-1.0, 1.0, 2)
        assert set(scene["fill"]["values"]) <= {0, None}


def test_empty_roots_are_one_fork_to_methods_over_states_alone() -> None:
    two = Forest(parent=[-1, 0, -1, 2], reward=[NAN, 1, NAN, 0])
    assert make_scene(two, compute(two, "sibling").of(0))["prompts"] == [0, 2]
    assert make_scene(two, compute(two, "tree_grpo").of(0))["prompts"] == []
    assert make_scene(two, None)["prompts"] == []


def test_tagged_steps_have_their_words_without_tags() -> None:
    text = ["", "<think>plan</think> so", "<answer>7</answer>", "b < c", "<think></think>", "", "x</think> y <call> z"]
    words = make_scene(forest(text=text), None)["words"]
    assert words == {"1": "plan\nso", "2": "", "4": "<think></think>", "6": "x\ny <call> z"}


def test_scene_of_a_large_forest_shortens_texts(rng: np.random.Generator) -> None:
    n = 20_100
    large = random_forest(rng, n, text=["x" * 500] * n)
    assert max(map(len, make_scene(large, None)["text"])) <= 120


def test_a_text_that_is_its_label_is_sent_once() -> None:
    scene = make_scene(forest(text=["", "short", "<think>plan</think> so", "b", "c", "d", "e"]), None)
    assert json.loads(scene.forest.body)["text"][1:3] == [None, "<think>plan</think> so"]
    assert scene["text"][1:3] == ["short", "<think>plan</think> so"]


def test_a_level_has_no_sign_in_its_film_and_its_equations() -> None:
    credit = compute(read(samples()["surprisal"].path)[0], "deepconf").of(0)
    forest, row = credit.forests[0], int(credit.forests[0].leaves[0])
    scene = make_scene(forest, credit, stage=stage_of(frames(credit)[-1]))
    assert scene["table"]["low"] == credit.ends.low
    assert not any("+" in badge for shot in frames(credit) for badge in shot.badges.values())
    assert not any("+" in number for shot in frames(credit) for number in shot.numbers.values())
    assert [numbers.equation(line, credit.ends).result for line in explain(credit, row).lines] == [
        rf"\mathbf{{{credit.credit[row]:.4f}}}"
    ]


def test_words_leave_room_for_every_badge_of_the_film() -> None:
    forests = read(samples()["early_fork"].path)
    shots = frames(compute(forests, "tree_grpo").of(0))
    lane = lane_of(shots)
    assert lane.badges.max() > 0
    for shot in shots:
        assert all(lane.badges[row] >= len(text) for row, text in shot.badges.items())
    looks = [make_scene(forests[0], None, stage=stage_of(shot, lane))["stage"] for shot in shots]
    assert all(look["lane"] == lane.badges.tolist() for look in looks)


def test_siblings_that_say_the_same_before_different_calls_have_labels_of_their_own() -> None:
    words = ["", "look <search>rome</search>", "look <search>oslo</search>", "look", "look", "look"]
    calls = {row: {"tool_calls": [{"name": "get", "arguments": {"n": row}}]} for row in (3, 4)}
    scene = make_scene(Forest(parent=[-1, 0, 0, 0, 0, 0], text=words, node_extra=calls), None)
    labels = json.loads(scene.forest.body)["label"]
    assert labels == ["", "look · rome", "look · oslo", "look · get(n=3)", "look · get(n=4)", "look"]


@pytest.mark.parametrize("method", ["tree_grpo", "sibling", "gigpo"])
def test_nothing_tells_the_answer_before_it_was_asked_for(method: str) -> None:
    forest = read(samples()["by_hand"].path)[0]
    credit = compute(forest, method).of(0)
    shots = frames(credit)
    asked = [shot.stage for shot in shots].index(PREDICT)
    for shot in shots[: asked + 1]:
        look = json.loads(make_scene(forest, credit, stage=stage_of(shot)).look.body)
        assert not any(value is not None for name in ("credit", "value") for value in look[name]), shot.stage
        assert not look["table"]["numbers"]
    look = json.loads(make_scene(forest, credit, stage=stage_of(shots[-1])).look.body)
    assert any(value is not None for value in look["value"])
