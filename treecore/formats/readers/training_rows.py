"""Rows to train on as `treecore export --to training` writes them: the trees that they were, with what they claim.

A row is a trajectory; `step_ids` says which steps it shares with others, and `tree` under which root they grew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any

from treecore.core.builder import NAN, StepTokens
from treecore.errors import FormatError
from treecore.formats.fields import Fields, list_in, needed, number_in
from treecore.formats.notes import Notes
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import PROMPT, Rollout, Turn
from treecore.formats.rows import as_text, rest_of, row_keys, rows
from treecore.formats.source import Source
from treecore.formats.token_lists import ids_in, mask_in, numbers_in, unequal
from treecore.formats.training_columns import BESIDE, OF_STEP, OF_TOKEN, OF_TREE

KEYS = frozenset({"prompt", "uid", "leaf", "tree", "steps", "observations", "step_ids", "step_advantages"})
IDS, MASKS = ("completion_ids", "responses"), ("completion_mask", "response_mask")
LOGPROBS, TEXTS = ("old_per_token_logps", "old_log_probs"), ("completion", "response")
USED = KEYS.union(IDS, MASKS, LOGPROBS, TEXTS, ("reward", "advantages", "copies", "step_lengths"))
USED |= {f"{OF_TOKEN}{column.name}" for column in BESIDE}
SAID = (OF_STEP, OF_TREE)
CLAIM, ANSWER = "advantage", 3


@rollout_format(
    name="training_rows",
    title="rows to train on",
    extensions=(".parquet", ".jsonl"),
    detect=lambda source: row_keys(source) >= KEYS,
    written_by="treecore: `treecore export --to training`",
    lost="advantages of single tokens, of which those of steps are kept; what a forest keeps beside text and numbers",
    fields=KEYS,
    example="""{"prompt": "1+1?", "uid": "a", "leaf": "1", "tree": "0", "completion": "2", "reward": 1, \
"steps": ["2"], "observations": [""], "step_ids": ["1"], "step_advantages": [0.5]}
{"prompt": "1+1?", "uid": "a", "leaf": "2", "tree": "0", "completion": "3", "reward": 0, \
"steps": ["3"], "observations": [""], "step_ids": ["2"], "step_advantages": [-0.5]}
""",
)
def read_training_rows(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A forest for each `uid`. Advantages of steps are claims of these steps; where a step has another in each row, but
    all steps of a row the same, they are claims of trajectories, and stand where these end.
    """
    trees: dict[str, Trees] = {}
    size = 0
    for fields, where in rows(source):
        uid = as_text(needed(fields, "uid", where=where))
        trees.setdefault(uid, Trees(uid, as_text(fields.get("prompt")), where)).add(fields, where)
        size += len(list_in(fields, "steps", where=where))
        source.account.afford_rows(size, where)
    of_steps = all(tree.agree for tree in trees.values())
    of_rows = all(tree.even for tree in trees.values())
    if not of_steps and not of_rows:
        notes.drop_claims("advantages of steps that have another one in each trajectory")
    for tree in trees.values():
        yield tree.rollout(at_ends=of_rows and not of_steps)


@dataclass
class Trees:
    """The trajectories of one prompt so far, in one rollout that branches.

    Attributes:
        label: id of the forest; places: id of a step -> number of its turn; claims: number of a turn -> its advantages,
            one of each row; ends: number of a last turn -> the advantage of its row.
        even: whether all steps of each row have the same advantage.
    """

    label: str
    prompt: str
    where: str
    turns: list[Turn] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    claims: dict[int, list[float]] = field(default_factory=dict)
    ends: dict[int, float] = field(default_factory=dict)
    even: bool = True

    @property
    def agree(self) -> bool:
        """Whether each step has the same advantage in all rows."""
        return all(values.count(values[0]) == len(values) for values in self.claims.values())

    def add(self, fields: Fields, where: str) -> None:
        """Take one row.

        Raises:
            FormatError: its lists are of unequal length, or a step stands elsewhere than in another row.
        """
        names = list(map(as_text, list_in(fields, "step_ids", where=where)))
        lists = {name: list_in(fields, name, where=where) for name in ("steps", "observations")}
        claims = numbers_in(fields, "step_advantages", where=where)
        for name, values in (*lists.items(), ("step_advantages", claims)):
            if len(values) != len(names):
                raise unequal(name, len(values), len(names), where)
        said = said_of_steps(fields, len(names), where)
        tokens = tokens_of(fields, len(names), where)
        parent = self._root(fields, names, where)
        for place, name in enumerate(names):
            number = self.places.setdefault(name, len(self.turns))
            if number == len(self.turns):
                text, heard = (as_text(lists[one][place]) for one in lists)
                turn = Turn(text=text, observation=heard, parent=parent, name=name, tokens=tokens[place])
                turn.columns = {name: values[place] for name, values in said.items() if values[place] == values[place]}
                self.turns.append(turn)
            elif self.turns[number].parent != parent:
                found = f"step {name} stands after another step than in the rows before"
                raise FormatError(found, where=where, todo="give each step an id of its own")
            if claims[place] == claims[place]:
                self.claims.setdefault(number, []).append(claims[place])
            parent = number
        known = {claim for claim in claims if claim == claim}
        self.even &= len(known) < 2
        if names:
            end = self.turns[parent]
            end.reward = NAN if (reward := number_in(fields, "reward", where=where)) is None else reward
            end.extra |= {name: value for name, value in rest_of(fields, USED).items() if not name.startswith(SAID)}
            if known:
                self.ends[parent] = max(known)  # there is but one wherever these are claims

    def _root(self, fields: Fields, names: Sequence[str], where: str) -> int:
        """The number of the empty turn that the steps of a tree grew from, where its root is none of them."""
        tree = as_text(fields.get("tree"))
        if not tree or tree in names[:1]:
            return PROMPT
        if tree not in self.places:
            self.places[tree] = len(self.turns)
            found = {name: number_in(fields, name, where=where) for name in fields if name.startswith(OF_TREE)}
            columns = {name.removeprefix(OF_TREE): one for name, one in found.items() if one is not None}
            self.turns.append(Turn(parent=PROMPT, name=tree, columns=columns))
        return self.places[tree]

    def rollout(self, *, at_ends: bool) -> Rollout:
        """All of them, with their claims: at the ends of trajectories, or at the steps that have one."""
        claims = self.ends if at_ends else {row: one[0] for row, one in self.claims.items() if len(set(one)) == 1}
        for row, claim in claims.items():
            self.turns[row].claimed[CLAIM] = claim
        return Rollout(prompt=self.prompt, turns=self.turns or [Turn()], label=self.label, where=self.where)


def tokens_of(fields: Fields, n_steps: int, where: str) -> list[StepTokens | None]:
    """The tokens of each step; None where they, or how many each has, are not recorded."""

    def first(names: tuple[str, ...]) -> str:
        return next((name for name in names if fields.get(name) is not None), names[0])

    lengths: list[Any] = ids_in(fields, "step_lengths", where=where)
    if not lengths:
        return [None] * n_steps
    size = sum(lengths)
    if len(lengths) != n_steps:
        raise unequal("step_lengths", len(lengths), n_steps, where)
    ids = ids_in(fields, first(IDS), where=where)
    logprobs = numbers_in(fields, first(LOGPROBS), where=where)
    mask = mask_in(fields, first(MASKS), size, where)
    for name, values in ((first(IDS), ids), (first(LOGPROBS), logprobs)):
        if values and len(values) != size:
            raise unequal(name, len(values), size, where)
    known = [one if own else NAN for one, own in zip(logprobs, mask, strict=True)] if logprobs and mask else logprobs
    columns: dict[str, list[Any]] = {"id": ids, "logprob": known, "part": [ANSWER if own else 0 for own in mask]}
    for column in BESIDE:
        name = f"{OF_TOKEN}{column.name}"
        values = wholes_in(fields, name, where=where) if column.kind == "int" else numbers_in(fields, name, where=where)
        if values and len(values) != size:
            raise unequal(name, len(values), size, where)
        columns |= {column.name: values} if values else {}
    cuts = pairwise(accumulate(lengths, initial=0))
    return [StepTokens(**{name: values[a:b] for name, values in columns.items()}) if b > a else None for a, b in cuts]


def wholes_in(fields: Fields, name: str, *, where: str) -> list[int]:
    """A list of whole numbers from 0 on, -1 for null; empty where it is absent."""
    values = list_in(fields, name, where=where)
    ids_in({name: [value for value in values if value is not None]}, name, where=where)
    return [-1 if value is None else value for value in values]


def said_of_steps(fields: Fields, size: int, where: str) -> dict[str, list[float]]:
    """Name of an annotation -> what it says of each of `size` steps, NaN where it says nothing."""
    found = {name: numbers_in(fields, name, where=where) for name in fields if name.startswith(OF_STEP)}
    for name, values in found.items():
        if values and len(values) != size:
            raise unequal(name, len(values), size, where)
    return {name.removeprefix(OF_STEP): values for name, values in found.items() if values}
