"""Scores of an inspect_ai sample as numbers, by the rule of `inspect_ai/scorer/_metric.py`, `value_to_float`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from treecore.formats.fields import object_in
from treecore.formats.notes import Notes
from treecore.formats.rows import as_number

WORDS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
"""Correct, partial, incorrect, no answer."""
YES_NO = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
DIGITS = 40
"""Characters of a text that may be a number."""


class Outcome(NamedTuple):
    """The reward of a sample, None where it has none, and all its scores by name."""

    reward: float | None
    parts: dict[str, float | None]


def outcome(fields: Mapping[str, Any], chosen: str, notes: Notes, where: str) -> Outcome:
    """Scores of a sample.

    Args:
        chosen: name of the score that is the reward; the first of the sample that is no word for "".
    """
    parts: dict[str, float | None] = {}
    scores = object_in(fields, "scores", where=where)
    if not scores and fields.get("score") is not None:
        scores = {"score": fields["score"]}
    words: set[str] = set()
    for scorer, score in scores.items():
        for name, value in values_of(scorer, score):
            parts[name] = as_score(value)
            if parts[name] is None and value is not None:
                words.add(name)
                notes.drop(f'scores of "{scorer}" that are no number')
    name = chosen if chosen in parts else next((one for one in parts if chosen and one.startswith(f"{chosen}.")), "")
    if not chosen:
        name = next((one for one in parts if one not in words), "")
    if name:
        notes.recognise(f'the score "{name}" is the reward')
    return Outcome(parts.get(name), parts)


def chosen_score(log: Mapping[str, Any], where: str) -> str:
    """Name of the score that a log puts first; "" where it does not say."""
    headline = object_in(object_in(log, "results", where=where), "headline", where=where)
    scorer, score = headline.get("scorer"), headline.get("score")
    if isinstance(scorer, str) and scorer:
        return scorer if score in (scorer, None) else f"{scorer}.{score}"
    return ""


def values_of(scorer: str, score: Any) -> Iterator[tuple[str, Any]]:
    """Name and value of each number that a scorer gave."""
    value = score.get("value") if isinstance(score, dict) else score
    if isinstance(value, dict):
        yield from ((f"{scorer}.{name}", inner) for name, inner in value.items())
    elif isinstance(value, list):
        yield from ((f"{scorer}.{place}", inner) for place, inner in enumerate(value))
    else:
        yield scorer, value


def as_score(value: Any) -> float | None:
    """A score as a number; None where it is none."""
    if isinstance(value, str):
        known = WORDS.get(value, YES_NO.get(value.lower()))
        return plain_number(value) if known is None else known
    try:
        return as_number(value)
    except (ValueError, OverflowError):
        return None


def plain_number(text: str) -> float | None:
    """A number that is written as text; None for infinite ones and for words."""
    try:
        number = float(text) if len(text) <= DIGITS else float("nan")
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
