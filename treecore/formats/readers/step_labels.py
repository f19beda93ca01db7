"""Data sets of answers whose steps people or programs labelled: PRM800K, Math-Shepherd, ProcessBench.

Labels are the column `label`: 1 right, -1 wrong, 0 neither. Outcomes are rewards only where the file says them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from treecore.errors import FormatError
from treecore.formats.fields import list_in, needed, number_in, number_of, object_in, wrong
from treecore.formats.native_values import shown
from treecore.formats.notes import Notes
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import PROMPT, Rollout, Turn
from treecore.formats.rows import as_text, rest_of, row_keys, row_kinds, rows
from treecore.formats.source import Source

LABEL, VALUE = "label", "mc_value"
PRM = frozenset({"question", "label", "labeler"})
SHEPHERD = frozenset({"input", "label", "task"})
BENCH = frozenset({"problem", "steps", "final_answer_correct", "label"})
TAG = "ки"
"""What ends a step in Math-Shepherd; `+` or `-` stands in its place in the labelled text."""
FIRST_STEP = re.compile(r"\s*Step 1\s*:")


def looks_like_prm800k(source: Source) -> bool:
    """Rows of a question, a label with steps, and who labelled."""
    kinds = row_kinds(source)
    return kinds.keys() >= PRM and kinds["question"] == kinds["label"] == "object"


@rollout_format(
    name="prm800k",
    title="PRM800K",
    extensions=(".jsonl",),
    detect=looks_like_prm800k,
    written_by="OpenAI's PRM800K: `phase1_train.jsonl` and others; next steps that people rated, an answer a line",
    lost="nothing; such files hold no outcomes, so leaves have no reward",
    fields=PRM,
)
def read_prm800k(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A tree a row: siblings are the rated next steps, the chosen or a person's own one is continued."""
    for fields, where in rows(source):
        question, label = object_in(fields, "question", where=where), object_in(fields, "label", where=where)
        turns = _rated(list_in(label, "steps", where=where), where) or [Turn()]
        turns[0].extra["labelling"] = rest_of(fields, {"question", "label"}) | rest_of(label, {"steps"})
        asked = rest_of(question, {"problem", "ground_truth_answer", "ground_truth_solution"})
        if asked:
            turns[0].extra["question"] = asked
        solution = question.get("ground_truth_solution")
        yield Rollout(
            prompt=as_text(needed(question, "problem", where=where)),
            turns=turns,
            reference=as_text(question.get("ground_truth_answer")),
            prompt_extra={} if solution is None else {"ground_truth_solution": solution},
            where=where,
        )
    notes.recognise('ratings of steps, 1 right, -1 wrong, 0 neither, as the column "label"')


def _rated(steps: list[Any], where: str) -> list[Turn]:
    """All rated next steps; each hangs below the one that was chosen before it."""
    turns: list[Turn] = []
    above: int | None = PROMPT
    for number, step in enumerate(steps):
        place = f"{where}, step {number + 1}"
        if not isinstance(step, dict):
            raise wrong("steps", step, "a list of objects", where=place)
        if above is None:
            raise FormatError("no next step was chosen before it", where=place, todo="give its chosen_completion")
        start, follow = len(turns), None
        for completion in list_in(step, "completions", where=place):
            turns.append(_completion(completion, above, place))
        if (chosen := step.get("chosen_completion")) is not None:
            if not isinstance(chosen, int) or isinstance(chosen, bool) or not 0 <= chosen < len(turns) - start:
                raise wrong("chosen_completion", chosen, "the number of one of its completions", where=place)
            follow = start + chosen
        if (human := step.get("human_completion")) is not None:
            turns.append(_completion({"text": human} if isinstance(human, str) else human, above, place))
            turns[-1].extra.setdefault("source", "human")
            follow = len(turns) - 1 if follow is None else follow
        above = start if follow is None and len(turns) == start + 1 else follow
    return turns


def _completion(completion: Any, above: int, where: str) -> Turn:
    if not isinstance(completion, dict):
        raise wrong("completions", completion, "an object with a text and a rating", where=where)
    rating = number_in(completion, "rating", where=where)
    return Turn(
        text=as_text(completion.get("text")),
        parent=above,
        columns={} if rating is None else {LABEL: rating},
        extra=rest_of(completion, {"text", "rating"}),
    )


def looks_like_math_shepherd(source: Source) -> bool:
    """Rows of an answer, the same with labels, and the task."""
    kinds = row_kinds(source)
    return kinds.keys() >= SHEPHERD and kinds["input"] == kinds["label"] == "text" and "output" not in kinds


@rollout_format(
    name="shepherd",
    title="Math-Shepherd",
    extensions=(".jsonl", ".json", ".parquet"),
    detect=looks_like_math_shepherd,
    written_by="the data set Math-Shepherd and others in its form: steps end with `ки`, labels are `+` and `-`",
    fields=SHEPHERD,
)
def read_math_shepherd(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a row, a turn a step; rows of the same question are a group."""
    for fields, where in rows(source):
        text, labels = as_text(needed(fields, "input", where=where)), as_text(needed(fields, "label", where=where))
        first = FIRST_STEP.search(text)
        start = text.find(TAG) if first is None else first.start()
        prompt, answer = text[:start] if first else "", text[start:] if first else text
        pieces = answer.split(TAG)
        turns: list[Turn] = []
        place = len(prompt)
        for piece in pieces[:-1]:
            place += len(piece)
            turns.append(_tagged(piece if turns else piece.lstrip(), label=labels[place : place + 1], where=where))
            place += 1
        if (rest := pieces[-1].rstrip()) or not turns:
            turns.append(Turn(text=rest))
        elif turns:
            turns[-1].reward = turns[-1].columns[VALUE]
        turns[-1].extra = rest_of(fields, SHEPHERD)
        yield Rollout(prompt=prompt.strip(), turns=turns, task=as_text(fields.get("task")), where=where)
    notes.recognise('labels + and - as the column "label", 1 and -1')
    notes.recognise('the same labels as the column "mc_value", 1 and 0: whether any continuation was right')
    notes.guess("the label of the last step says whether the answer is right, which is the reward")


def _tagged(piece: str, *, label: str, where: str) -> Turn:
    if label not in ("+", "-"):
        raise FormatError(
            f'"label" has {shown(label)} where a step of "input" ends, not + or -',
            where=where,
            todo=f"give the same text as input, with + or - for each {TAG}",
        )
    good = label == "+"
    return Turn(text=piece.rstrip(" "), columns={LABEL: 1.0 if good else -1.0, VALUE: float(good)})


def looks_like_process_bench(source: Source) -> bool:
    """Rows of a problem, steps, and where the first error is."""
    return row_keys(source) >= BENCH


@rollout_format(
    name="process_bench",
    title="ProcessBench",
    extensions=(".json", ".jsonl", ".parquet"),
    detect=looks_like_process_bench,
    written_by="the data set ProcessBench: an answer in steps, the number of its first wrong one, -1 for none",
    fields=BENCH,
)
def read_process_bench(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout a row, a turn a step. Steps before the first wrong one are right, those after it have no label."""
    for fields, where in rows(source):
        turns = [Turn(text=as_text(step)) for step in list_in(fields, "steps", where=where)] or [Turn()]
        first = number_of(needed(fields, "label", where=where), "label", where=where)
        if first is None or first not in range(-1, len(turns)):
            raise wrong("label", fields["label"], "the number of a step, or -1", where=where)
        for number, turn in enumerate(turns):
            if first == -1 or number <= first:
                turn.columns[LABEL] = -1.0 if number == first else 1.0
        rollout = Rollout(prompt=as_text(needed(fields, "problem", where=where)), turns=turns, where=where)
        yield rollout.scored(number_in(fields, "final_answer_correct", where=where)).keep(rest_of(fields, BENCH))
    notes.recognise('the first wrong step as the column "label": 1 before it, -1 at it, nothing after it')
    notes.recognise("whether the final answer is correct as the reward")
