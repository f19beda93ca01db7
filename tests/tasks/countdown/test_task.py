from __future__ import annotations

from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treecore.errors import TaskError
from treecore.protocols import Part, Step, Turn
from treecore.tasks.countdown import arithmetic
from treecore.tasks.countdown.arithmetic import (
    BrokenRuleError,
    Move,
    apply_move,
    outcomes,
    read_move,
    solve,
    write_move,
)
from treecore.tasks.countdown.task import CountdownTask, held_out, puzzles, replay

TASK = CountdownTask()
PROMPT = TASK.ask("Make 25 from 3, 7 and 4.")
SOLVED = ["3 * 7 = 21 , left 4 21 \n", "21 + 4 = 25 , left 25 \n", "<answer> 25 </answer>"]


def steps(*lines: str) -> list[Step]:
    return [Step(line) for line in lines]


@pytest.mark.parametrize(
    ("line", "move"),
    [
        ("3 * 7 = 21 \n", Move(3, "*", 7, 21)),
        ("3*7=21, left 4 21", Move(3, "*", 7, 21, (4, 21))),
        ("21 + 4 = 25 , left 25 \n", Move(21, "+", 4, 25, (25,))),
        ("aim 21 + 4 \n", None),
        ("3 * 7 = 21 = 21", None),
        ("3 ** 7 = 21", None),
        ("start over \n", None),
    ],
)
def test_read_move(line: str, move: Move | None) -> None:
    assert read_move(line) == move


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("3 * 7 = 22", arithmetic.WRONG_RESULT),
        ("3 * 3 = 9", arithmetic.NOT_LEFT),
        ("8 + 4 = 12", arithmetic.NOT_LEFT),
        ("3 - 7 = 4", arithmetic.WRONG_RESULT),
        ("7 / 3 = 2", arithmetic.WRONG_RESULT),
        ("3 * 7 = 21 , left 3 21", arithmetic.WRONG_LEFT),
    ],
)
def test_broken_rules_end_the_attempt_without_reward(line: str, message: str) -> None:
    assert TASK.respond(PROMPT, [], line) == Turn(f"{message} \n", done=True)
    with pytest.raises(BrokenRuleError, match=message):
        replay([3, 7, 4], [line])
    assert TASK.reward(PROMPT, steps(line, *SOLVED)) == 0.0


def test_each_number_may_be_used_once_only() -> None:
    with pytest.raises(BrokenRuleError, match=arithmetic.NOT_LEFT):
        replay([3, 7, 4], ["3 * 7 = 21", "21 + 7 = 28"])


def test_division_by_zero_cannot_be_written() -> None:
    assert arithmetic.combine(5, "/", 0) is None


def test_results_stay_small() -> None:
    with pytest.raises(BrokenRuleError, match=arithmetic.TOO_LARGE):
        replay([9, 9, 4], ["9 * 9 = 81"])


def test_rewards() -> None:
    graded = CountdownTask(reward_scheme="tree_grpo")
    detour = ["aim 7 * 3 \n", "7 + 3 = 10 \n", "start over \n", *SOLVED]
    wrong = ["3 * 7 = 21 \n", "21 - 4 = 17 \n", "<answer> 17 </answer>"]
    unfinished = ["3 * 7 = 21 \n", "<answer> 25 </answer>"]
    boast = ["3 * 7 = 21 \n", "21 - 4 = 17 \n", "<answer> 25 </answer>"]
    cases = [SOLVED, detour, wrong, unfinished, boast, SOLVED[:2], []]
    assert [TASK.reward(PROMPT, steps(*case)) for case in cases] == [1, 1, 0, 0, 0, 0, 0]
    assert [graded.reward(PROMPT, steps(*case)) for case in cases] == [1, 1, 0.2, 0.2, 0.2, 0, 0]


def test_only_an_answer_a_broken_rule_or_the_last_line_ends_it() -> None:
    thought = "aim 21 + 4 \n"
    assert TASK.respond(PROMPT, [], thought) == Turn()
    assert TASK.respond(PROMPT, steps(SOLVED[0]), SOLVED[1]) == Turn()
    assert TASK.respond(PROMPT, [], SOLVED[2]).done
    assert TASK.respond(PROMPT, steps(*[thought] * (TASK.max_steps - 1)), thought).done


def test_parts() -> None:
    assert TASK.parts(SOLVED[0]) == [(0, len(SOLVED[0]), Part.THOUGHT)]
    assert TASK.parts(SOLVED[2]) == [(0, len(SOLVED[2]), Part.ANSWER)]
    assert [span.part for span in TASK.parts("so <answer> 25 </answer>")] == [Part.THOUGHT, Part.ANSWER]
    assert TASK.parts("") == []


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("what is love ?", "is not a puzzle; ask like 'make 25 from 3 7 4'"),
        ("make 25 from 3 7", "2 numbers were given; give three or four"),
        ("make 25 from 3 7 99", "numbers may be 1 to 12, the target 1 to 50"),
        ("make 700 from 3 7 4", "numbers may be 1 to 12, the target 1 to 50"),
        ("make 47 from 1 1 1", "47 cannot be made from 1 1 1; try another target"),
    ],
)
def test_ask_refuses_with_what_is_allowed(question: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        TASK.ask(question)


def brute_force(numbers: tuple[int, ...]) -> set[int]:
    """Every last number of three, by trying all orders and shapes."""
    found = set()
    for (a, b, c), first, second in product(permutations(numbers), "+-*/", "+-*/"):
        inner = arithmetic.combine(a, first, b)
        if inner is not None and inner <= arithmetic.MAX_NUMBER:
            found |= {arithmetic.combine(inner, second, c), arithmetic.combine(c, second, inner)}
    return {value for value in found if value is not None and value <= arithmetic.MAX_NUMBER}


@given(st.lists(st.integers(1, 12), min_size=3, max_size=3))
def test_outcomes_agree_with_brute_force(numbers: list[int]) -> None:
    assert set(outcomes(tuple(sorted(numbers)))) == brute_force(tuple(numbers))


@given(st.lists(st.integers(1, 12), min_size=3, max_size=4), st.integers(1, arithmetic.MAX_NUMBER))
def test_solve_finds_a_legal_solution_or_there_is_none(numbers: list[int], target: int) -> None:
    solution = solve(numbers, target)
    if solution is None:
        assert target not in outcomes(tuple(sorted(numbers)))
    else:
        assert replay(numbers, [write_move(move) for move in solution]) == (target,)


def test_apply_move_reads_no_claim_when_none_is_made() -> None:
    assert apply_move([4, 3, 7], Move(3, "*", 7, 21)) == (4, 21)


def test_prompts_are_held_out_whatever_the_order() -> None:
    prompts = TASK.prompts(200, seed=3)
    assert all(held_out((tuple(sorted(one.data["numbers"])), one.data["target"])) for one in prompts)
    assert 0.2 < sum(map(held_out, puzzles(3))) / len(puzzles(3)) < 0.3
    assert {len(one.data["numbers"]) for one in prompts} == {3, 4}
