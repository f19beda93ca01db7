"""`pairs`: what to prefer among siblings, for preference training."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.edit import NOTE, changes_column, changes_of
from treecore.core.forest import Forest
from treecore.core.numerals import counted
from treecore.core.outcomes import means
from treecore.errors import MethodError
from treecore.exports.chat import Message, calls_beside, prompt_messages, step_messages, written
from treecore.exports.registry import Exported, export_kind
from treecore.exports.tables import content
from treecore.exports.training import prompt_of
from treecore.methods import Credit
from treecore.registry.params import Bounds


class Side(NamedTuple):
    """A sibling.

    Attributes:
        name: its id; value: mean outcome of the `n` scored trajectories through it.
        untold: whether it, or a step before it, has calls for which the form has no place.
    """

    name: str
    words: str | list[Message]
    value: float
    n: int
    untold: bool


@export_kind(name="pairs", title="sibling pairs to prefer", endings=(".jsonl", ".parquet"), in_parts=True)
def pairs(
    forests: Forests,
    credit: Credit | None,
    ending: str,
    *,
    gap: Annotated[float, Bounds(0)] = 0.0,
    form: Literal["text", "messages"] = "text",
) -> Exported:
    """A row for every two siblings whose words and values differ: the mean outcome of the trajectories through each.

    `prompt` is the prompt and the steps before the fork, `chosen` and `rejected` the siblings (columns of TRL's
    DPOTrainer). `n_chosen` and `n_rejected` are the scored trajectories that each value is a mean of: few say little.

    Args:
        gap: values must differ by more than this.
        form: `text`, or `messages` for TRL's conversational form, with tool calls as structure and what tools
            answered under their role. Text has no place for calls that a file keeps beside the words of a step: such
            pairs are left out of it and counted.
    """
    if form == "messages" and ending != ".jsonl":
        raise MethodError("messages are written as JSON lines", todo="end the file in .jsonl, or set form=text")
    kind = "text" if form == "text" else "messages"
    schema = {
        "prompt": kind,
        "chosen": kind,
        "rejected": kind,
        "gap": "float",
        "value_chosen": "float",
        "value_rejected": "float",
        "n_chosen": "int",
        "n_rejected": "int",
        "forest": "text",
        "id_chosen": "text",
        "id_rejected": "text",
    } | changes_column(forests)
    made = Exported(unit="pairs")
    made.chunks = content(rows_of(forests, gap, form, made), ending, schema)
    return made


def rows_of(forests: Forests, gap: float, form: str, made: Exported) -> Iterator[dict[str, Any]]:
    """A row for each pair of different words; counted in `made`, and noted there at the end."""
    groups = [siblings(forest) for forest in forests]
    total = sum(len(group) * (len(group) - 1) // 2 for of_forest in groups for group in of_forest)
    done = alike = calling = 0
    for number, forest in enumerate(forests):
        values, counts = means(forest)
        name, note = forest.id or str(number), changes_of(forest)
        kept = made.keeps(forest)
        for group in groups[number]:
            if len(group) < 2 or not kept[group].all():
                continue
            before = steps_before(forest, group)
            prompt = words_before(forest, before, form)
            called = any(calls_beside(forest, row) for row in before)
            sides = [
                Side(
                    name=str(forest.node_id[row]),
                    words=words_of(forest, row, form),
                    value=float(values[row]),
                    n=int(counts[row]),
                    untold=form == "text" and (called or calls_beside(forest, row)),
                )
                for row in group
            ]
            for one, other in combinations(sides, 2):
                made.heard((done := done + 1) / total)
                better, worse = (one, other) if one.value >= other.value else (other, one)
                if not better.value - worse.value > gap:
                    continue
                if one.untold or other.untold:
                    calling += 1
                elif better.words == worse.words:
                    alike += 1
                else:
                    made.size += 1
                    yield {"prompt": prompt, **pair(better, worse), "forest": name, NOTE: note}
    if alike:
        made.notes += (f"{counted(alike, 'pair')} of equal words {'is' if alike == 1 else 'are'} left out",)
    if calling:
        left = f"{counted(calling, 'pair')} with tool calls beside the words {'is' if calling == 1 else 'are'} left out"
        made.notes += (f"{left}; set form=messages to have them",)


def siblings(forest: Forest) -> list[list[int]]:
    """Steps after the same step, those with an outcome beneath them; the first steps of all trees are siblings."""
    topology, counts, is_prompt = forest.topology, means(forest).n, forest.is_prompt
    first = np.flatnonzero(~is_prompt & ((forest.parent < 0) | is_prompt[forest.parent]))
    forks = np.flatnonzero(topology.is_fork & ~is_prompt).tolist()
    return [np.sort(group[counts[group] > 0]).tolist() for group in (first, *map(topology.children, forks))]


def steps_before(forest: Forest, group: list[int]) -> list[int]:
    """Rows of the steps before a fork, the first of them first."""
    above = int(forest.parent[group[0]]) if group else -1
    path = [] if above < 0 else forest.topology.path(above).tolist()
    return [row for row in path if not forest.is_prompt[row]]


def words_before(forest: Forest, before: list[int], form: str) -> str | list[Message]:
    """The prompt and some steps after it."""
    if form == "text":
        return prompt_of(forest) + "".join(forest.text[row] + forest.observation[row] for row in before)
    return [*prompt_messages(forest), *(one for row in before for one in step_messages(forest, row))]


def words_of(forest: Forest, row: int, form: str) -> str | list[Message]:
    """What a step says."""
    return forest.text[row] if form == "text" else [written(forest, row)]


def pair(better: Side, worse: Side) -> dict[str, Any]:
    """What one row says of its sides."""
    return {
        "chosen": better.words,
        "rejected": worse.words,
        "gap": better.value - worse.value,
        "value_chosen": better.value,
        "value_rejected": worse.value,
        "n_chosen": better.n,
        "n_rejected": worse.n,
        "id_chosen": better.name,
        "id_rejected": worse.name,
    }
