"""One branch token by token: text, what a trainer would make of each token, and its log probability. Pure.

The weights are those of `treecore export --to training`: the same code makes both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from treecore.core.forest import Forest
from treecore.core.step_text import whole_text
from treecore.core.topology import FloatArray
from treecore.exports.trajectories import Signals, Trajectory
from treecore.methods.registry import Credit
from treecore.protocols import Part

NAN = float("nan")
WORDS = re.compile(r"\s*\S+|\s+")


@dataclass(frozen=True)
class Token:
    """A token of the model, or a word where no tokens are recorded.

    Attributes:
        text: as it was written.
        row: of its step; place: among the step's own tokens.
        weight: that a trainer puts on it; NaN where the method gives no signal.
        logprob, entropy, confidence: nats; NaN where they are not recorded.
        part: see `protocols.Part`, -1 where it is not recorded.
        top: the likeliest tokens there, text and nats.
    """

    text: str
    row: int
    place: int
    weight: float
    logprob: float = NAN
    entropy: float = NAN
    confidence: float = NAN
    part: int = -1
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Branch:
    """One path from the prompt to a leaf.

    Attributes:
        forest, leaf: what it is of, and the row of its end.
        steps: rows of its steps.
        tokens: of the model, in reading order; what the environment answered is not among them.
        recorded: whether these are recorded tokens; they are words otherwise.
    """

    forest: Forest
    leaf: int
    steps: tuple[int, ...]
    tokens: tuple[Token, ...]
    recorded: bool

    @cached_property
    def last_place(self) -> dict[int, int]:
        """Row of a step -> place of its last token."""
        return {one.row: one.place for one in self.tokens}


def ends(forest: Forest) -> list[int]:
    """Rows of the leaves that can be read, from top to bottom."""
    return [leaf for leaf in forest.leaves.tolist() if not forest.is_prompt[leaf]]


def read(forest: Forest, credit: Credit | None, leaf: int) -> Branch:
    """The branch that ends at a leaf.

    Args:
        credit: of this forest alone; None gives no weights.
    """
    path = forest.topology.path(leaf)
    trajectory = Trajectory(forest, leaf, path[~forest.is_prompt[path]])
    signals = None if credit is None else Signals(credit)
    recorded = has_text(forest) and len(trajectory.tokens) > 0
    tokens = recorded_tokens(trajectory, signals) if recorded else words(trajectory, signals)
    return Branch(forest, leaf, tuple(trajectory.steps.tolist()), tuple(tokens), recorded)


def has_text(forest: Forest) -> bool:
    """Whether tokens with their texts are recorded."""
    return forest.tokens is not None and forest.tokens.text is not None


def recorded_tokens(trajectory: Trajectory, signals: Signals | None) -> list[Token]:
    """The model's own tokens with what is recorded of them."""
    table, at = trajectory.forest.tokens, trajectory.tokens
    assert table is not None
    assert table.text is not None
    weight = np.full(len(at), NAN) if signals is None else signals.of_tokens(trajectory)
    measured = {
        name: held[at] if (held := getattr(table, name)) is not None else np.full(len(at), NAN)
        for name in ("logprob", "entropy", "confidence")
    }
    found: list[Token] = []
    for number, place in enumerate(at.tolist()):
        if not trajectory.is_model[number]:
            continue
        row = int(table.node[place])
        found.append(
            Token(
                table.text[place],
                row,
                own_place(found, row),
                float(weight[number]),
                part=-1 if table.part is None else int(table.part[place]),
                top=tuple(table.top[place]) if table.top is not None else (),
                **{name: float(values[number]) for name, values in measured.items()},
            )
        )
    return found


def words(trajectory: Trajectory, signals: Signals | None) -> list[Token]:
    """The words of steps without recorded tokens, each with the signal of its step."""
    steps = trajectory.steps
    weights: FloatArray = np.full(len(steps), NAN) if signals is None else signals.of_steps(trajectory)
    found: list[Token] = []
    for row, weight in zip(steps.tolist(), weights.tolist(), strict=True):
        pieces = words_of(trajectory.forest, row)
        found += [Token(text, row, place, weight) for place, text in enumerate(pieces)]
    return found


def words_of(forest: Forest, row: int) -> list[str]:
    """The words of a step with the blanks before them, those beside its text among them."""
    return WORDS.findall(whole_text(forest.text[row], forest.node_extra.get(row, {})))


def own_place(before: Sequence[Token], row: int) -> int:
    """The place of the next token among those of its step."""
    return before[-1].place + 1 if before and before[-1].row == row else 0


def texts_of(forest: Forest, row: int, *, recorded: bool) -> list[str]:
    """The model's own tokens of a step, or its words where no tokens are recorded."""
    if not recorded or forest.tokens is None or forest.tokens.text is None:
        return words_of(forest, row)
    places = range(int(forest.tokens.start[row]), int(forest.tokens.start[row + 1]))
    return [forest.tokens.text[place] for place in places if forest.tokens.is_model[place]]


def is_call(token: Token) -> bool:
    """Whether the token is part of a tool call."""
    return token.part == Part.TOOL_CALL
