from __future__ import annotations

import numpy as np
import pytest

from treecore.analysis.frames import named
from treecore.analysis.growth import expansions
from treecore.analysis.question import question
from treecore.analysis.stages import NO_PREDICTION, PREDICT, frames, growing
from treecore.analysis.wording import BACKED_UP, PLAIN, WORDS, words_for
from treecore.analysis.working import COMPARED
from treecore.bundled import samples
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.errors import MethodError
from treecore.formats import read
from treecore.methods import METHODS, compute
from treecore.methods.registry import Credit


@pytest.fixture
def by_hand() -> Forest:
    return read(samples()["by_hand"].path)[0]


def test_growth_is_read_back_from_born(by_hand: Forest) -> None:
    found = expansions(by_hand)
    names = [[by_hand.node_id[row] for row in expansion.rows] for expansion in found]
    assert names == [
        ["a1", "a2", "a3", "a4"],
        ["d1"],
        ["b1"],
        ["c1"],
        ["e1", "e2", "e3"],
        ["f1", "f2", "f3"],
    ]
    assert [expansion.is_chain for expansion in found] == [True, True, False, False, False, False]
    assert [by_hand.node_id[expansion.origin] for expansion in found] == ["r1", "r2", "a3", "r1", "r2", "r2"]


def test_growth_without_born_follows_the_rows() -> None:
    found = expansions(Forest(parent=[-1, 0, 1, 1, 0]))
    assert [list(expansion.rows) for expansion in found] == [[1, 2], [3], [4]]
    assert expansions(Forest(parent=[-1, -1])) == []


def test_no_step_is_drawn_before_the_one_that_it_follows() -> None:
    """A file may say of a step that it was sampled later than what follows it."""
    forest = Forest(parent=[-1, 0, 1, 1], text=["", "a", "b", "c"], reward=[np.nan, np.nan, 1, 0], born=[0, 3, 1, 2])
    assert [expansion.rows.tolist() for expansion in expansions(forest)] == [[1, 2], [3]]
    for shot in growing(forest):
        assert shot.visible[forest.parent[shot.visible & (forest.parent >= 0)]].all()


def test_a_prompt_alone_grows_nothing() -> None:
    assert [shot.stage for shot in growing(Forest(parent=[-1, -1]))] == ["Prompt"]


@pytest.mark.parametrize("method", ["tree_grpo", "grpo", "sibling"])
def test_the_film_goes_from_the_prompt_to_token_weights(by_hand: Forest, method: str) -> None:
    credit = compute(by_hand, method).of(0)
    shots = frames(credit)
    assert shots[0].stage == "Prompt"
    assert shots[-1].stage == "Weight on every token"
    counts = [int(shot.visible.sum()) for shot in shots]
    assert counts == sorted(counts)
    assert counts[-1] == len(by_hand)
    for shot in shots:
        assert not (shot.highlight & ~shot.visible).any()
        assert all(shot.visible[row] for row in shot.badges)
        assert shot.sentence.endswith(".")
    titles = list(dict.fromkeys(shot.stage for shot in shots))
    order = [shot.stage for shot in shots]
    assert all(
        order.index(title) + order.count(title) - 1 == max(i for i, t in enumerate(order) if t == title)
        for title in titles
    )


def test_the_last_frame_counts_the_tokens_that_carry_a_weight() -> None:
    forest = read(samples()["early_fork"].path)[0]
    said = {name: frames(compute(forest, name).of(0))[-1].sentence.split(" carry ")[0] for name in ("sibling", "grpo")}
    assert said["sibling"] == "99 of the 283 tokens that the model wrote now"
    assert said["grpo"] == "All 283 tokens that the model wrote now"


def test_steps_are_called_by_their_words_and_place() -> None:
    forest = read(samples()["early_fork"].path)[0]
    assert named(forest, forest.row("8")) == "“find the job of milo”"
    assert named(forest, forest.row("18")) == "“find the teacher of jade” (step 1 of tree 2)"
    assert named(Forest(parent=[-1, 0]), 1) == "step 1 of tree 1"
    ends = {shot.example.name for shot in frames(compute(forest, "grpo").of(0)) if shot.example is not None}
    assert "the trajectory that ends in “answer farmer” (step 4 of tree 2)" in ends


@pytest.mark.parametrize("sample", list(samples()))
def test_every_frame_that_computes_shows_its_equation_with_numbers(sample: str) -> None:
    for name in METHODS:
        try:
            credit = compute(read(samples()[sample].path), name).of(0)
        except MethodError:
            continue
        shots = [shot for shot in frames(credit) if not shot.stage.startswith("Search")]
        first = next((i for i, shot in enumerate(shots) if shot.example is not None), len(shots))
        assert len(shots) - first >= 2
        for shot in shots[first:]:
            assert shot.example is not None, (name, shot.stage)
            line = shot.example.line
            assert line.row in shot.example.rows
            assert not np.isnan(line.result)
            assert any(digit in line.numbers for digit in "0123456789"), (name, shot.stage)
            assert "n/a" not in line.numbers
        for shot in shots:
            assert "does not" not in shot.sentence


def test_a_stage_that_changes_nothing_is_left_out() -> None:
    even = Forest(parent=[-1, 0, 0, 0], reward=[np.nan, 1, 0, 0])
    assert "Fill in gains of zero" not in {shot.stage for shot in frames(compute(even, "treerl").of(0))}
    chain = Forest(parent=[-1, 0, 1, 0, 0], reward=[np.nan, np.nan, 1, 0, 0])
    shots = frames(compute(chain, "treerl", weight="none").of(0))
    (shot,) = [shot for shot in shots if shot.stage == "Fill in gains of zero"]
    assert shot.example is not None
    assert shot.example.rows == (2,)


def test_outcomes_are_left_out_where_the_method_rests_on_something_else() -> None:
    forests = read(samples()["early_fork"].path)
    for name in METHODS:
        if METHODS[name].lacking(Forests(forests)):
            continue
        shots = frames(compute(forests, name).of(0))
        assert ("Outcomes" in {shot.stage for shot in shots}) == METHODS[name].judges_outcomes
        assert any(shot.outcomes for shot in shots) == METHODS[name].judges_outcomes


def test_a_deep_chain_makes_no_endless_film() -> None:
    n = 300
    forest = Forest(parent=np.arange(n) - 1, reward=[*[np.nan] * (n - 1), 1.0])
    shots = frames(compute(forest, "sibling").of(0))
    assert sum(shot.stage == BACKED_UP for shot in shots) == 24
    assert np.all(
        np.any([shot.highlight for shot in shots if shot.stage == BACKED_UP], axis=0) == (np.arange(n) < n - 1)
    )


def test_every_fork_that_is_compared_has_the_credit_of_one_of_its_branches() -> None:
    credit = compute(read(samples()["early_fork"].path), "sibling").of(0)
    shots = [shot for shot in frames(credit) if shot.stage == COMPARED]
    assert len(shots) >= 2
    for shot in shots:
        assert shot.example is not None
        assert shot.highlight[shot.example.line.row]
        assert shot.example.line.column == "credit"


def test_the_weight_of_a_token_is_that_of_its_step() -> None:
    credit = compute(read(samples()["early_fork"].path), "grpo").of(0)
    last = frames(credit)[-1].example
    assert last is not None
    assert last.line.numbers == r"w_t = 3 \cdot (-0.645)"
    assert last.line.result == pytest.approx(3 * credit.credit[last.line.row])


def test_names_of_columns_are_words() -> None:
    for name in METHODS:
        try:
            shots = frames(compute(read(samples()["early_fork"].path), name).of(0))
        except MethodError:
            continue
        assert all("_" not in shot.column and len(shot.column) <= 12 for shot in shots), name


def test_growth_goes_to_the_end_only_where_it_does() -> None:
    whole = {name: read(samples()[name].path)[0] for name in ("by_hand", "mcts")}
    said = {name: [shot.sentence for shot in growing(forest)] for name, forest in whole.items()}
    assert said["by_hand"][1:3] == [
        "Two whole answers to the prompt: each is the first branch of a tree.",
        "The next branch starts after “find the home of sam”: one step, to the end.",
    ]
    assert said["mcts"][1] == "One step after the prompt: the first branch of the tree."
    for name, forest in whole.items():
        later = [branch for branch in expansions(forest) if not branch.is_chain]
        for branch, sentence in zip(later, said[name][2:], strict=True):
            last = int(branch.rows[-1])
            ended = bool(forest.topology.is_leaf[last]) and not np.isnan(forest.reward[last])
            assert sentence.endswith(", to the end.") == ended


def test_tree_grpo_has_the_stages_of_the_lesson(by_hand: Forest) -> None:
    titles = list(dict.fromkeys(shot.stage for shot in frames(compute(by_hand, "tree_grpo").of(0))))
    assert titles == [
        "Prompt",
        "Two chains",
        "Expand: four branches",
        "Outcomes",
        "Your prediction",
        "Normalise within each tree",
        "Normalise across trees",
        "Advantage of every trajectory",
        "Credit for every step",
        "Weight on every token",
    ]


def test_a_frame_does_not_give_away_the_next(by_hand: Forest) -> None:
    shots = frames(compute(by_hand, "tree_grpo").of(0))
    outcomes = next(shot for shot in shots if shot.stage == "Outcomes")
    assert set(outcomes.badges) == set(by_hand.leaves.tolist())


def test_nothing_is_coloured_before_there_is_credit(by_hand: Forest) -> None:
    shots = frames(compute(by_hand, "tree_grpo").of(0))
    coloured = [shot.fill is not None for shot in shots]
    assert coloured == sorted(coloured)
    assert not coloured[0]
    assert coloured[-1]


@pytest.mark.parametrize("rewards", [[0.0, 0.0, 0.0], [1.0, 0.0, np.nan]])
def test_degenerate_forests_still_make_a_film(rewards: list[float]) -> None:
    forest = Forest(parent=[-1, 0, 0, -1, 3], reward=[np.nan, rewards[0], rewards[1], np.nan, rewards[2]])
    for name, method in METHODS.items():
        if method.needs == {"reward"}:
            assert frames(compute(forest, name).of(0))


def settings() -> list[tuple[str, str, str]]:
    """Every method with every choice of each of its parameters."""
    found = [(name, "", "") for name in METHODS]
    for name, method in METHODS.items():
        found += [(name, param.name, choice) for param in method.params for choice in param.choices]
    return found


@pytest.mark.parametrize(("name", "param", "choice"), settings())
def test_every_equation_has_words_of_its_own(name: str, param: str, choice: str) -> None:
    method = METHODS[name]
    for line in method.formula({param: choice} if param else {}).splitlines():
        column = method.symbols[line.split(" = ", 1)[0]]
        todo = f"give {name} words={{{column!r}: '...'}}: what the film says of {line!r}"
        assert column in {*WORDS, *method.words, "advantage", "credit"}, todo
        credit = Credit(Forests(Forest(parent=[-1])), {"credit": np.zeros(1)}, method=name)
        if column == "credit":
            assert words_for(credit, line, column=column).sentence != PLAIN["credit"], todo


@pytest.mark.parametrize("sample", ["by_hand", "chains", "monte_carlo"])
@pytest.mark.parametrize("name", list(METHODS))
def test_stages_are_those_of_the_equations(name: str, sample: str) -> None:
    try:
        credit = compute(read(samples()[sample].path), name).of(0)
    except MethodError:
        pytest.skip("not on this sample")
    method = METHODS[name]
    shots = frames(credit)
    titles = {shot.stage for shot in shots}
    columns = [method.symbols[line.split(" = ", 1)[0]] for line in method.formula(credit.params).splitlines()]
    assert (BACKED_UP in titles) == ("value" in columns)
    assert (COMPARED in titles) == ("siblings:value" in method.symbols.values() and bool(len(credit.shape.forks)))
    shown = [shot.example.line for shot in shots[:-1] if shot.example is not None]
    assert [*dict.fromkeys(line.column for line in shown)] == [c for c in columns if c in {one.column for one in shown}]
    assert {"filled_local"} >= set(columns) - {line.column for line in shown}
    assert all(line.result == pytest.approx(credit.column(line.column)[line.row]) for line in shown)


def test_grpo_has_a_stage_that_normalises(by_hand: Forest) -> None:
    shots = frames(compute(by_hand, "grpo").of(0))
    (shot,) = [shot for shot in shots if shot.stage == "Normalise over the prompt"]
    assert shot.example is not None
    assert shot.example.line.formula == METHODS["grpo"].formula().splitlines()[0]


def test_the_question_is_asked_before_anything_is_computed(by_hand: Forest) -> None:
    for name in METHODS:
        if METHODS[name].lacking(Forests(by_hand)):
            continue
        credit = compute(by_hand, name).of(0)
        shots = frames(credit)
        at = [number for number, shot in enumerate(shots) if shot.stage == PREDICT]
        assert len(at) == (question(credit) is not None)
        for shot in shots[: at[0] + 1] if at else []:
            assert shot.fill is None
            assert shot.example is None
            assert set(shot.badges) <= set(by_hand.leaves.tolist())


def test_several_blamed_branches_are_no_choice_of_their_own() -> None:
    forest = Forest(parent=[-1, 0, 0, 0], text=["", "a", "b", "c"], reward=[np.nan, 1, 0, 0])
    asked = question(compute(forest, "sibling").of(0))
    assert asked is not None
    assert asked.choices == ("a", "b", "c", "more than one", "none")
    assert asked.answer == "more than one"


def test_branches_named_like_the_other_choices_are_numbered() -> None:
    forest = Forest(parent=[-1, 0, 0], text=["", "both", "neither"], reward=[np.nan, 1, 0])
    asked = question(compute(forest, "sibling").of(0))
    assert asked is not None
    assert asked.choices == ("both, branch 1", "neither, branch 2", "both", "neither")
    assert asked.answer == "neither, branch 2"


def test_branches_are_called_by_words_and_numbered_only_where_these_are_equal() -> None:
    asked = question(compute(read(samples()["early_fork"].path)[0], "sibling").of(0))
    assert asked is not None
    again = [f"find the teacher of jade, branch {number}" for number in (1, 3, 4)]
    other = "i recall the teacher of jade is otto , find the…"
    assert asked.choices == (again[0], other, *again[1:], "more than one", "none")
    long = "the same words over and over again, up to the very end where they say "
    forest = Forest(parent=[-1, 0, 0], text=["", long + "yes", long + "no"], reward=[np.nan, 1, 0])
    asked = question(compute(forest, "sibling").of(0))
    assert asked is not None
    assert asked.choices == ("…yes", "…no", "both", "neither")
    asked = question(compute(Forest(parent=[-1, 0, 0], reward=[np.nan, 1, 0]), "sibling").of(0))
    assert asked is not None
    assert asked.choices == ("branch 1", "branch 2", "both", "neither")


def test_trajectories_without_an_outcome_are_counted_and_told() -> None:
    forest = Forest(parent=[-1, 0, 0, 0], reward=[np.nan, 1, 0, np.nan])
    shots = frames(compute(forest, "grpo").of(0))
    said = next(shot.sentence for shot in shots if shot.stage == "Outcomes")
    assert said == "The verifier looks only at the end: 1 of 3 trajectories earn the full reward. 1 has no outcome."


def test_every_node_of_a_branch_stands_for_it() -> None:
    forest = read(samples()["early_fork"].path)[0]
    asked = question(compute(forest, "sibling").of(0))
    assert asked is not None
    for name, step in zip(asked.choices, asked.rows, strict=False):
        for leaf in forest.topology.leaves_under(step):
            assert {asked.branch_of(forest, int(row)) for row in forest.topology.path(int(leaf))[1:]} == {name}
    assert asked.branch_of(forest, asked.fork) is None


def test_the_question_has_one_right_answer(by_hand: Forest) -> None:
    asked = question(compute(by_hand, "tree_grpo").of(0))
    assert asked is not None
    assert by_hand.node_id[asked.fork] == "a3"
    assert asked.answer == "answer rome"
    assert asked.choices == ("answer cairo", "answer rome", "both", "neither")


def test_no_question_without_a_signal() -> None:
    forest = Forest(parent=[-1, 0, 0], reward=[np.nan, 1, 1])
    assert question(compute(forest, "sibling").of(0)) is None


def test_where_nothing_is_asked_the_film_says_why(by_hand: Forest) -> None:
    recorded = read(samples()["reverse_curriculum"].path)
    one_path = Forest(parent=[-1, 0, 1], reward=[np.nan, np.nan, 1.0])
    level = Forest(parent=[-1, 0, 0], reward=[np.nan, 1.0, 1.0])
    wide = Forest(parent=[-1, 0, 0, 0, 0, 0], reward=[np.nan, 1.0, 0.0, 0.0, 0.0, 0.0])
    reasons = {
        "rests on something else": compute(by_hand, "srl"),
        "gives all branches the same credit": compute(level, "sibling"),
        "no step has a sibling": compute(one_path, "grpo"),
        "has more than 4 branches": compute(wide, "sibling"),
        "give a number to every branch": compute(recorded, "spo_chain"),
    }
    for reason, credit in reasons.items():
        (shot,) = [shot for shot in frames(credit.of(0)) if shot.stage == NO_PREDICTION]
        assert reason in shot.sentence


def test_means_of_the_same_rewards_say_over_what_they_are_taken(by_hand: Forest) -> None:
    shots = {shot.stage: shot for shot in frames(compute(by_hand, "gigpo").of(0))}
    assert list(shots["Outcomes"].numbers) == ["mean over trajectories"]
    episode = shots["Episode against its group"]
    assert "over the steps of all trajectories" in episode.sentence
    assert "mean over trajectories" in episode.sentence
    assert "once for every trajectory through it" in shots["Step against its anchor group"].sentence


def test_outcomes_that_differ_by_rounding_alone_agree() -> None:
    """A mean of 0.1, 0.2 and 0.3 beside a leaf of 0.2."""
    forest = Forest(
        parent=[-1, 0, 0, 1, 1, 1], text=["", *"abcde"], reward=[np.nan, np.nan, 0.2, 0.1, 0.2, 0.3], prompt="q"
    )
    said = [shot.sentence for shot in frames(compute(forest, "sibling")) if shot.stage == COMPARED]
    assert any("at the prompt" in sentence and "the outcomes agree" in sentence for sentence in said)
