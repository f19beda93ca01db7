"""Combine all given numbers into a target, one line a step, and say so in `<answer>`.

A line is a move (`3 * 7 = 21 , left 4 21`), `start over` (all numbers back), an answer, or a thought, which changes
nothing (`aim 21 + 4`). A move that breaks a rule ends the attempt. Knows nothing about how a model was trained.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import combinations_with_replacement
from zlib import crc32

from treecore.core.numerals import counted
from treecore.errors import TaskError
from treecore.protocols import Part, Prompt, Span, Step, Task, Turn
from treecore.tasks.countdown import arithmetic
from treecore.tasks.pools import drawn_by_share
from treecore.tasks.registry import check_scheme
from treecore.tasks.reward import STRUCTURE_SCORE

NUMBERS = range(1, 10)
TARGETS = range(2, 31)
ASK_NUMBERS = range(1, 13)
ASK_TARGETS = range(1, arithmetic.MAX_NUMBER + 1)
INSTRUCTION = f"lines up to {arithmetic.MAX_NUMBER} like 2 + 3 = 5 , left 5 9 then <answer> 14 </answer> ."
_SIZE_SHARES = {3: 0.9, 4: 0.1}
_MIN_SOLUTIONS = {3: 1, 4: 20}
_MIN_SOLUTIONS_DRAWN = {3: 2, 4: 40}
_HELD_OUT_SHARE = 4
_ANSWER = re.compile(r"<answer>(.*?)(?:</answer>|$)", re.DOTALL)
_ASKED = re.compile(r"make (\d+) (?:from|with) (\d+(?: \d+)*)")

Puzzle = tuple[tuple[int, ...], int]


class CountdownTask(Task):
    """Puzzles of three or four numbers, each to be used exactly once.

    Args:
        reward_scheme: `exact` (1 if solved, else 0) or `tree_grpo` (a wrong answer after legal lines gets the
            structure score, 0.2).
    """

    name = "countdown"
    title = "Countdown: reach a target with + - * /"
    stop: tuple[str, ...] = ("\n", "</answer>")
    max_steps = 12
    max_step_tokens = 24
    reward_schemes = ("exact", "tree_grpo")

    def __init__(self, *, reward_scheme: str = "exact") -> None:
        self.reward_scheme = check_scheme(self.name, scheme=reward_scheme, known=self.reward_schemes)

    def prompts(self, n: int, *, seed: int) -> list[Prompt]:
        """`n` different held-out puzzles, nine in ten of three numbers, the others of four; all have several solutions.

        Raises:
            TaskError: more prompts than there are held-out puzzles.
        """
        rng = random.Random(f"{self.name}-{seed}")
        pools = {size: drawn_puzzles(size) for size in _SIZE_SHARES}
        found = drawn_by_share(rng, pools, shares=_SIZE_SHARES, n=n)
        return [make_prompt(rng.sample(numbers, size), target) for size, (numbers, target) in found]

    def ask(self, question: str) -> Prompt:
        """A prompt for a puzzle that a user typed, for example `make 25 from 3 7 4`.

        Raises:
            TaskError: another kind of question, numbers out of range, or a target that cannot be reached.
        """
        match = _ASKED.fullmatch(" ".join(re.sub(r"[,.?]|\band\b", " ", question.lower()).split()))
        if match is None:
            raise TaskError(f"{question.strip()!r} is not a puzzle", todo="ask like 'make 25 from 3 7 4'")
        target, numbers = int(match.group(1)), [int(word) for word in match.group(2).split()]
        _check_range(numbers, target)
        if arithmetic.solve(numbers, target) is None:
            raise TaskError(f"{target} cannot be made from {_join(numbers)}", todo="try another target")
        return make_prompt(numbers, target)

    def respond(self, prompt: Prompt, steps: Sequence[Step], text: str) -> Turn:
        """Silence while the lines are legal; a broken rule, an answer or the last allowed line ends it."""
        if _ANSWER.search(text):
            return Turn(done=True)
        try:
            replay(prompt.data["numbers"], [*(step.text for step in steps), text])
        except arithmetic.BrokenRuleError as broken:
            return Turn(f"{broken} \n", done=True)
        return Turn(done=len(steps) + 1 >= self.max_steps)

    def reward(self, prompt: Prompt, steps: Sequence[Step]) -> float:
        """1 if all lines are legal, one number is left and both it and the answer are the target."""
        answer = _ANSWER.search(steps[-1].text) if steps else None
        if answer is None:
            return 0.0
        try:
            left = replay(prompt.data["numbers"], [step.text for step in steps[:-1]])
        except arithmetic.BrokenRuleError:
            return 0.0
        if left == (prompt.data["target"],) and answer.group(1).strip() == prompt.reference:
            return 1.0
        return STRUCTURE_SCORE if self.reward_scheme == "tree_grpo" else 0.0

    def parts(self, text: str) -> list[Span]:
        """The answer's span; every other line is thought."""
        spans = [Span(match.start(), match.end(), Part.ANSWER) for match in _ANSWER.finditer(text)]
        first = spans[0].start if spans else len(text)
        return [Span(0, first, Part.THOUGHT), *spans] if first else spans

    def gold(self, prompt: Prompt) -> list[Step]:
        """The first solution found, one move a step, then the answer."""
        solution = arithmetic.solve(prompt.data["numbers"], prompt.data["target"])
        if solution is None:
            raise TaskError(f"{prompt.question!r} has no solution")
        lines = [Step(f"{arithmetic.write_move(move)} \n") for move in solution]
        return [*lines, Step(f"<answer> {prompt.reference} </answer>")]


def replay(numbers: Iterable[int], lines: Iterable[str]) -> tuple[int, ...]:
    """The numbers left after `lines`, in rising order; lines that are no move change nothing.

    Raises:
        BrokenRuleError: a move is not legal.
    """
    start = tuple(sorted(numbers))
    left = start
    for line in lines:
        move = arithmetic.read_move(line)
        if move is not None:
            left = arithmetic.apply_move(left, move)
        elif line.strip() == arithmetic.START_OVER:
            left = start
    return left


def make_prompt(numbers: Sequence[int], target: int) -> Prompt:
    """The prompt of a puzzle, numbers in the order given."""
    question = f"make {target} from {_join(numbers)}"
    data = {"numbers": list(numbers), "target": target}
    identity = f"countdown-{target}-from-{'-'.join(str(number) for number in numbers)}"
    return Prompt(id=identity, text=f"{INSTRUCTION} {question} \n", question=question, reference=str(target), data=data)


@cache
def puzzles(size: int) -> tuple[Puzzle, ...]:
    """Every puzzle of `size` numbers (rising order) and target with enough solutions, in a fixed order."""
    fewest = _MIN_SOLUTIONS[size]
    return tuple(
        (numbers, target)
        for numbers in combinations_with_replacement(NUMBERS, size)
        for target in TARGETS
        if arithmetic.outcomes(numbers)[target] >= fewest
    )


def drawn_puzzles(size: int) -> list[Puzzle]:
    """The held-out puzzles that `prompts` draws from: those with more than one way to the target."""
    fewest = _MIN_SOLUTIONS_DRAWN[size]
    return [one for one in puzzles(size) if held_out(one) and arithmetic.outcomes(one[0])[one[1]] >= fewest]


def held_out(puzzle: Puzzle) -> bool:
    """True for the quarter of all puzzles that training never sees, whatever the order of the numbers."""
    numbers, target = puzzle
    return crc32(f"{target} {_join(sorted(numbers))}".encode()) % _HELD_OUT_SHARE == 0


def vocabulary() -> list[str]:
    """Every word that a prompt or an observation of this task may hold."""
    texts = [INSTRUCTION, "make from = + - * /", arithmetic.START_OVER, arithmetic.WRONG_RESULT]
    texts += [arithmetic.TOO_LARGE, arithmetic.NOT_LEFT, arithmetic.WRONG_LEFT]
    words = [word for text in texts for word in text.split()]
    return list(dict.fromkeys([*words, *(str(number) for number in range(1, arithmetic.MAX_NUMBER + 1)), "\n"]))


def _check_range(numbers: Sequence[int], target: int) -> None:
    if len(numbers) not in _SIZE_SHARES:
        raise TaskError(f"{counted(len(numbers), 'number was', 'numbers were')} given", todo="give three or four")
    if any(number not in ASK_NUMBERS for number in numbers) or target not in ASK_TARGETS:
        raise TaskError(
            f"make {target} from {_join(numbers)} is out of range",
            todo=f"numbers may be {_span(ASK_NUMBERS)}, the target {_span(ASK_TARGETS)}",
        )


def _join(numbers: Iterable[int]) -> str:
    return " ".join(str(number) for number in numbers)


def _span(allowed: range) -> str:
    return f"{allowed[0]} to {allowed[-1]}"
