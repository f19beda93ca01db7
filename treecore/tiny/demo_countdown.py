"""Demonstrations of the countdown task, good and bad: which sum to aim for, which pair to take, when to give up.

Every draw of `rng` is a decision that the trained model will take itself.
"""

from __future__ import annotations

import random

from treecore.protocols import Prompt, Step
from treecore.tasks.countdown import arithmetic
from treecore.tasks.countdown.arithmetic import MAX_NUMBER, Move, combine, moves, outcomes, write_move
from treecore.tasks.countdown.task import CountdownTask

Choice = tuple[Move, tuple[int, ...]]


def vocabulary() -> list[str]:
    """Words that demonstrations use beyond those of the task."""
    return ["aim"]


class Demonstrator:
    """One trajectory at a time, in the style that `rng` picks.

    Args:
        rng: source of every decision.
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.task = CountdownTask()

    def trajectory(self, prompt: Prompt) -> list[Step]:
        """Steps for `prompt`, ended by an answer, a broken rule or the task's step limit."""
        self.prompt, self.steps = prompt, list[Step]()
        self.target = int(prompt.data["target"])
        self.numbers = tuple(sorted(int(number) for number in prompt.data["numbers"]))
        left = self.numbers
        while not self._over():
            left = self._continue(left)
            if not left:
                break
        return self.steps

    def _continue(self, left: tuple[int, ...]) -> tuple[int, ...]:
        """Write the next line or lines; what is left then, empty when the attempt is over."""
        if len(left) == 1:
            if left[0] == self.target or self._chance(0.3) or not self._room():
                self._write(f"<answer> {self.target if self._chance(0.4) else left[0]} </answer>")
                return ()
            return self._start_over()
        choices = list(moves(left))
        right = [choice for choice in choices if self.target in outcomes(choice[1])]
        if not right and self._room() and self._chance(0.7):
            return self._start_over()
        move, after = self._choose(left, choices, right=right)
        if self._over():
            return ()
        if self._chance(0.012):
            return self._miscalculate(move)
        self._write(f"{write_move(move)} \n")
        return after

    def _choose(self, left: tuple[int, ...], choices: list[Choice], *, right: list[Choice]) -> Choice:
        if len(left) == 3 and right and self._chance(0.65):
            return self._aim(left, choices, right=right)
        skill = {2: 0.96, 3: 0.8, 4: 0.9}[len(left)]
        return self.rng.choice(right if right and self._chance(skill) else choices)

    def _aim(self, left: tuple[int, ...], choices: list[Choice], *, right: list[Choice]) -> Choice:
        """Say which last line to aim for, perhaps think better of it, then take the pair."""
        hopeless = self._hopeless_aims(left, choices)
        for _ in range(3):
            if hopeless and self._chance(0.3):
                self._write_aim(self.rng.choice(hopeless))
                if self._over() or self._chance(0.2):
                    return self.rng.choice(choices)
                continue
            move, after = self.rng.choice(right)
            kept = next(number for number in left if _without(left, move) == (number,))
            self._write_aim(self._aim_text(move.result, kept=kept))
            return move, after
        return self.rng.choice(right)

    def _aim_text(self, made: int, *, kept: int) -> str:
        high, low = max(made, kept), min(made, kept)
        fitting = [op for op in "+-*/" if combine(high, op, low) == self.target]
        return f"{high} {self.rng.choice(fitting)} {low}"

    def _hopeless_aims(self, left: tuple[int, ...], choices: list[Choice]) -> list[str]:
        """Last lines that give the target, but whose other number the remaining pair cannot make."""
        wrong: list[str] = []
        for kept in set(left):
            made_by_others = {move.result for move, _ in choices if _without(left, move) == (kept,)}
            for other in range(1, MAX_NUMBER + 1):
                high, low = max(other, kept), min(other, kept)
                if other not in made_by_others:
                    wrong += [f"{high} {op} {low}" for op in "+-*/" if combine(high, op, low) == self.target]
        return wrong

    def _write_aim(self, text: str) -> None:
        self._write(f"aim {text} \n")

    def _miscalculate(self, move: Move) -> tuple[int, ...]:
        wrong = max(1, min(MAX_NUMBER, move.result + self.rng.choice([-2, -1, 1, 2])))
        self._write(f"{write_move(Move(move.a, move.op, move.b, wrong))} \n")
        return ()

    def _start_over(self) -> tuple[int, ...]:
        self._write(f"{arithmetic.START_OVER} \n")
        return () if self._over() else self.numbers

    def _room(self) -> bool:
        return len(self.steps) + 1 + len(self.numbers) < self.task.max_steps

    def _write(self, text: str) -> None:
        turn = self.task.respond(self.prompt, self.steps, text)
        self.steps.append(Step(text, turn.observation))

    def _over(self) -> bool:
        return len(self.steps) >= self.task.max_steps

    def _chance(self, share: float) -> bool:
        return self.rng.random() < share


def _without(left: tuple[int, ...], move: Move) -> tuple[int, ...]:
    rest = list(left)
    rest.remove(move.a)
    rest.remove(move.b)
    return tuple(rest)
