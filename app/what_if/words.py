"""What stands beside a changed forest, in words and numbers: changes, what moved, and why. Pure: draws nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np

from treecore.analysis.baselines import Pair, Statistic, statistics
from treecore.analysis.what_if import Moved, Shift, WhatIf, moved, shift, steps_in_both
from treecore.core.changes import Change, Copy, Prune
from treecore.core.forest import Forest
from treecore.core.numerals import counted, plain, whole
from treecore.core.step_text import split_step
from treecore.methods.registry import Credit, Ends, get_method
from treecore.registry.params import Value
from treecore.views.labels import cut

MAX_GROUPS, MAX_STATISTICS = 60, 24
MAX_LABEL = 80


class ChangeLine(TypedDict):
    """A change as the list has it; `key` takes it back."""

    key: str
    verb: str
    words: str
    effect: str


class MovedLine(TypedDict):
    """Steps that moved alike: `id` of the first, and the numbers from -1 to 1 on the scale of the page."""

    id: str
    words: str
    place: str
    was: str
    now: str
    was_at: float | None
    now_at: float | None


class WhyLine(TypedDict):
    """A mean and a deviation before and after; "" where there is none."""

    of: str
    mean: tuple[str, str] | None
    deviation: tuple[str, str] | None


class Board(TypedDict):
    """All of it."""

    title: str
    changes: list[ChangeLine]
    summary: str
    moved: list[MovedLine]
    more: str
    why: list[WhyLine]


def board(
    found: WhatIf, before: Credit, after: Credit, changes: Sequence[Change], settings: Mapping[str, tuple[Value, Value]]
) -> Board:
    """What a changed forest shows beside it.

    Args:
        before, after: credit of the recorded and of the changed forest.
        changes: of outcomes and branches; settings: name -> value before and now, where they differ.
    """
    shifts = shift(found, before, after)
    lines = [change_line(found, number, change) for number, change in enumerate(changes)]
    lines += [setting_line(after, name, was=was, now=now) for name, (was, now) in settings.items()]
    ends = Ends(min(before.ends.low, after.ends.low), max(before.ends.high, after.ends.high), after.ends.signed)
    groups = [
        one for one in moved(found, shifts) if ends.words(one.was, ends.decimals) != ends.words(one.now, ends.decimals)
    ]
    return {
        "title": f"You changed {counted(len(lines), 'thing')}" if lines else "What if …",
        "changes": lines,
        "summary": summary(found, shifts, groups, ends) if lines else "",
        "moved": [moved_line(found, group, ends) for group in groups[:MAX_GROUPS]],
        "more": f"and {counted(len(groups) - MAX_GROUPS, 'group')} more" if len(groups) > MAX_GROUPS else "",
        "why": why_lines(found, statistics(found, before, after))[:MAX_STATISTICS],
    }


def name_of(forest: Forest, row: int) -> str:
    """The words of a step in one line; what a step without words is."""
    label = split_step(forest.text[row], forest.node_extra.get(row, {})).label
    return cut(label, MAX_LABEL) or ("the prompt" if forest.is_prompt[row] else f"step {forest.node_id[row]}")


def tree_of(forest: Forest, row: int) -> str:
    """`tree 2`."""
    return f"tree {int(forest.tree[row]) + 1}"


def change_line(found: WhatIf, number: int, change: Change) -> ChangeLine:
    """One change: what was done to which step, and what it did there."""
    forest, row = found.drawn, found.drawn.row(change.node)
    if isinstance(change, Prune | Copy):
        ends = counted(int(forest.topology.n_leaves[row]), "end")
        effect = f"{ends} {'less' if isinstance(change, Prune) else 'more'}"
    else:
        effect = f"{outcome(float(found.reward[row]))} → {outcome(float(forest.reward[row]))}"
    words = f"{name_of(forest, row)} in {tree_of(forest, row)}"
    return {"key": str(number), "verb": change.verb, "words": words, "effect": effect}


def outcome(reward: float) -> str:
    """A reward as it is written beside others: at least one decimal."""
    text = plain(reward)
    return "0.0" if text == "0" else text if reward != round(reward, 1) else plain(reward, 1)


def setting_line(after: Credit, name: str, *, was: Value, now: Value) -> ChangeLine:
    """One changed setting of the method."""
    meaning = next((param.meaning for param in get_method(after.method).params if param.name == name), "")
    said = cut(meaning.split(":")[0].split(";")[0].rstrip("."), MAX_LABEL)
    return {"key": f"set:{name}", "verb": name, "words": said, "effect": f"{written(was)} → {written(now)}"}


def written(value: Value) -> str:
    """A setting as it is read."""
    if not isinstance(value, float):
        return str(value)
    short = f"{value:g}".replace("e-0", "e-")
    return short if float(short) == value else repr(value)


def summary(found: WhatIf, shifts: Shift, groups: Sequence[Moved], ends: Ends) -> str:
    """`all 12 steps · 3 changed sign`.

    Args:
        groups: of the steps whose number as it is written is another; ends: by which it is written.
    """
    steps = steps_in_both(found)
    number, total = sum(len(one.rows) for one in groups), int(steps.sum())
    if not number:
        small = f" by {plain(10.0**-ends.decimals, ends.decimals)} or more" if (shifts.moved & steps).any() else ""
        return f"no step moved{small}"
    said = f"all {counted(total, 'step')}" if number == total else f"{whole(number)} of {counted(total, 'step')}"
    signs = int((shifts.changed_sign & steps).sum())
    return f"{said} · {whole(signs)} changed sign" if signs else said


def moved_line(found: WhatIf, group: Moved, ends: Ends) -> MovedLine:
    """Steps that moved alike, called by the first of them."""
    forest, (first, *others) = found.drawn, group.rows
    below = set(forest.topology.subtree(first).tolist())
    more = f"the {whole(len(others))} after it" if below.issuperset(others) else counted(len(others), "other step")
    place = tree_of(forest, first) + (f" · and {more}" if others else "")
    return {
        "id": str(forest.node_id[first]),
        "words": name_of(forest, first),
        "place": place,
        "was": ends.words(group.was, ends.decimals),
        "now": ends.words(group.now, ends.decimals),
        "was_at": position(group.was, ends),
        "now_at": position(group.now, ends),
    }


def position(value: float, ends: Ends) -> float | None:
    """Where a number stands between the ends of the scale, from -1 to 1; None for none."""
    middle, half = (ends.high + ends.low) / 2, (ends.high - ends.low) / 2
    return round(float(np.clip((value - middle) / (half or 1.0), -1, 1)), 4) if np.isfinite(value) else None


def why_lines(found: WhatIf, groups: Sequence[Statistic]) -> list[WhyLine]:
    """The groups whose mean or deviation changed; what first steps share with all ends is told once."""
    lines: list[WhyLine] = []
    of_all: list[tuple[tuple[str, str] | None, ...]] = []
    for one in groups:
        line = why_line(found, one)
        if one.of in ("all", "batch") or (one.of == "siblings" and one.row < 0):
            numbers = line["mean"], line["deviation"]
            if numbers in of_all:
                continue
            of_all.append(numbers)
        lines.append(line)
    return lines


def why_line(found: WhatIf, one: Statistic) -> WhyLine:
    """A group whose mean or deviation changed."""
    forest = found.drawn
    named = {
        "all": "all ends",
        "batch": "the whole batch",
        "tree": tree_of(forest, max(one.row, 0)),
        "siblings": f"after {name_of(forest, one.row)}" if one.row >= 0 else "first steps",
        "step": name_of(forest, max(one.row, 0)),
    }
    return {"of": named[one.of], "mean": pair(one.mean), "deviation": pair(one.deviation)}


def pair(found: Pair | None) -> tuple[str, str] | None:
    """Two numbers that differ as written."""
    if found is None:
        return None
    gap = abs(found.now - found.was)
    decimals = 2 if not gap or gap >= 0.01 or np.isnan(gap) else min(6, int(np.ceil(-np.log10(gap))) + 1)
    return plain(found.was, decimals), plain(found.now, decimals)
