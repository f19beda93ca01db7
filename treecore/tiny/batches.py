"""Endless training batches: fresh demonstrations of training prompts, as ids with observations masked."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

from treecore.protocols import Prompt, Step
from treecore.tasks.countdown import task as countdown
from treecore.tasks.countdown.arithmetic import MAX_NUMBER, Move, combine, write_move
from treecore.tasks.multihop import questions
from treecore.tasks.multihop import task as multihop
from treecore.tiny import demo_countdown, demo_multihop

IGNORED = -100
COUNTDOWN_SHARE = 0.55
PRACTICE_SHARE = 0.12
_HOP_SHARES = (0.12, 0.4, 0.48)
_FOUR_NUMBERS = 0.12
_SUMS_A_ROW = 14
_RESULT_PLACE = 4
_BATCHES_SORTED_TOGETHER = 8


class Batch(NamedTuple):
    """`input_ids` `[B, T]`, padded on the right; `labels` `[B, T]`, `IGNORED` where the token is not the model's.

    Attention is causal, so that padding on the right needs no mask.
    """

    input_ids: Tensor
    labels: Tensor


class Example(NamedTuple):
    """Token ids of a trajectory and, of equal length, the ids to learn or `IGNORED`."""

    ids: list[int]
    labels: list[int]


class Stream:
    """Examples of both tasks in a fixed proportion, none from a held-out prompt.

    Args:
        ids: word to token id.
        bos: id that begins a row without a prompt.
        eos: id that follows a finished trajectory.
        seed: fixes every demonstration.
    """

    def __init__(self, ids: Mapping[str, int], *, bos: int, eos: int, seed: int) -> None:
        self.ids, self.bos, self.eos, self.rng = ids, bos, eos, random.Random(seed)
        self.sums = list(_sums())
        self.multihop = demo_multihop.Demonstrator(self.rng)
        self.countdown = demo_countdown.Demonstrator(self.rng)
        training = [question for question in questions.all_questions() if not question.held_out]
        hops = range(1, questions.MAX_HOPS + 1)
        self.questions = [[question for question in training if len(question.words) == hop] for hop in hops]
        self.puzzles = {
            size: [puzzle for puzzle in countdown.puzzles(size) if not countdown.held_out(puzzle)] for size in (3, 4)
        }

    def example(self) -> Example:
        """The next demonstration."""
        kind = self.rng.random()
        if kind < PRACTICE_SHARE:
            return self.practice()
        if kind < PRACTICE_SHARE + COUNTDOWN_SHARE:
            size = 4 if self.rng.random() < _FOUR_NUMBERS else 3
            numbers, target = self.rng.choice(self.puzzles[size])
            prompt = countdown.make_prompt(self.rng.sample(numbers, size), target)
            return self.encode(prompt, self.countdown.trajectory(prompt))
        pool = self.rng.choices(self.questions, _HOP_SHARES)[0]
        prompt = multihop.make_prompt(self.rng.choice(pool), identity="training")
        return self.encode(prompt, self.multihop.trajectory(prompt))

    def practice(self) -> Example:
        """Bare sums without a prompt, of which only the results are to be learned."""
        ids, labels = [self.bos], [IGNORED]
        for _ in range(_SUMS_A_ROW):
            words = self._words(f"{write_move(self.rng.choice(self.sums))} \n")
            ids += words
            labels += [word if place == _RESULT_PLACE else IGNORED for place, word in enumerate(words)]
        return Example(ids, labels)

    def encode(self, prompt: Prompt, steps: Sequence[Step]) -> Example:
        """Ids of the whole trajectory; only what the model writes is to be learned."""
        ids = self._words(prompt.text)
        labels = [IGNORED] * len(ids)
        for step in steps:
            written, seen = self._words(step.text), self._words(step.observation)
            ids += written + seen
            labels += written + [IGNORED] * len(seen)
        if labels[-1] != IGNORED:
            ids.append(self.eos)
            labels.append(self.eos)
        return Example(ids, labels)

    def batches(self, size: int, *, pad: int) -> Iterator[Batch]:
        """Batches of `size` examples of similar length, for ever."""
        while True:
            examples = sorted(
                (self.example() for _ in range(size * _BATCHES_SORTED_TOGETHER)), key=lambda one: len(one.ids)
            )
            groups = [examples[start : start + size] for start in range(0, len(examples), size)]
            self.rng.shuffle(groups)
            yield from (collate(group, pad=pad) for group in groups)

    def _words(self, text: str) -> list[int]:
        return [self.ids[word] for word in text.split(" ") if word]


def _sums() -> Iterator[Move]:
    for a, b, op in product(range(1, MAX_NUMBER + 1), range(1, MAX_NUMBER + 1), "+-*/"):
        result = combine(a, op, b)
        if result is not None and result <= MAX_NUMBER and b <= a:
            yield Move(a, op, b, result)


def collate(examples: Sequence[Example], *, pad: int) -> Batch:
    """Pad `examples` on the right to the longest of them."""
    width = max(len(example.ids) for example in examples)
    ids = torch.full((len(examples), width), pad)
    labels = torch.full((len(examples), width), IGNORED)
    for row, example in enumerate(examples):
        length = len(example.ids)
        ids[row, :length] = torch.tensor(example.ids)
        labels[row, :length] = torch.tensor(example.labels)
    return Batch(ids, labels)
