"""A branch as the page draws it: lines of tokens, the panel's numbers, and where the branch lies. Pure."""

from __future__ import annotations

import math
from typing import TypedDict

import numpy as np

from app.tokens.branch import Branch, Token, ends, is_call, texts_of
from app.tokens.ways import outcome, siblings_of, ways
from treecore.core.forest import Forest
from treecore.core.numerals import plain, whole
from treecore.core.step_text import answered
from treecore.methods.registry import Credit, Ends

WINDOW = 400
"""Tokens that a browser holds of a branch."""
CONTEXT = 3
"""Tokens before a place that tell it."""


class Choice(TypedDict):
    """A token that could have stood at a place: `share` of 1 in percent, null where it is not known; how the ways that
    took it ended, `end` the id of a leaf beneath, empty where nobody drew it; whether it is the one that is read."""

    text: str
    share: float | None
    percent: str
    drawn: bool
    here: bool
    outcome: str
    right: bool | None
    end: str


class Item(TypedDict):
    """A token: its number on the branch, its strips in nats, its numbers as words, and what could have stood there."""

    at: int
    text: str
    weight: float | None
    surprise: float | None
    entropy: float | None
    confidence: float | None
    words: dict[str, str]
    unsure: str
    context: str
    choices: list[Choice]
    rest: str
    forked: bool


class Line(TypedDict):
    """Tokens that stand on one line, with the credit of the step that begins there, and what the environment said."""

    id: str
    credit: float | None
    number: str
    call: bool
    fork: bool
    items: list[Item]
    answer: str
    count: str
    outcome: str
    right: bool | None


class Reading(TypedDict):
    """All that is drawn of a branch.

    Attributes:
        lines: of the window that begins at token `first` and has up to `WINDOW` of `total`.
        before, after: ids of the ends of the neighbouring branches, empty where there is none.
        unit: what an item is; note: what is not recorded, and how to record it.
    """

    lines: list[Line]
    first: int
    total: int
    where: str
    before: str
    after: str
    end: str
    unit: str
    note: str
    low: float
    high: float
    signed: bool


def reading(branch: Branch, credit: Credit | None, scale: Ends, *, at: int) -> Reading:
    """What is drawn of a branch around token `at`.

    Args:
        scale: colours of weights.
    """
    forest, tokens = branch.forest, branch.tokens
    first = window_start(at, total=len(tokens))
    listed = ends(forest)
    place = listed.index(branch.leaf)
    known = choices_by_step(branch)
    shown = tokens[first : first + WINDOW]
    items = [
        item(branch, first + number, known.get((one.row, one.place), []), scale) for number, one in enumerate(shown)
    ]
    return {
        "lines": lines(branch, shown, items, credit, scale),
        "first": first,
        "total": len(tokens),
        "where": f"branch {whole(place + 1)} of {whole(len(listed))}",
        "before": str(forest.node_id[listed[place - 1]]) if place else "",
        "after": str(forest.node_id[listed[place + 1]]) if place + 1 < len(listed) else "",
        "end": str(forest.node_id[branch.leaf]),
        "unit": "token" if branch.recorded else "word",
        "note": note(branch),
        "low": scale.low,
        "high": max(scale.high, max((abs(one.weight) for one in tokens if not math.isnan(one.weight)), default=0.0)),
        "signed": scale.signed,
    }


def window_start(at: int, *, total: int) -> int:
    """The first token of the window around `at`; windows overlap by half."""
    half = WINDOW // 2
    return max(0, min(at // half * half - half // 2, total - WINDOW))


def note(branch: Branch) -> str:
    """What is not recorded of this branch, and how to record it."""
    if not branch.recorded:
        return (
            "No tokens are recorded, so these are words, each with the weight that its step gets in this branch. "
            "treecore rollout records tokens."
        )
    if all(math.isnan(one.logprob) for one in branch.tokens):
        return "No log probabilities are recorded: text and weights alone. treecore rollout records them."
    return ""


def choices_by_step(branch: Branch) -> dict[tuple[int, int], list[Choice]]:
    """Step and place -> what was drawn there, where several ways were."""
    forest, found = branch.forest, {}
    for row in branch.steps:
        alike = siblings_of(forest, row)
        if len(alike) < 2:
            continue
        texts = {one: texts_of(forest, one, recorded=branch.recorded) for one in alike}
        for place, drawn in enumerate(ways(texts[row], texts, row)):
            if drawn:
                found[row, place] = [
                    choice(forest, way.text, None, rows=way.rows, here=row in way.rows) for way in drawn
                ]
    return found


def choice(forest: Forest, text: str, nats: float | None, *, rows: tuple[int, ...] = (), here: bool = False) -> Choice:
    """A token that could have stood at a place."""
    words, right = outcome(forest, rows) if rows else ("", None)
    end = str(forest.node_id[int(forest.topology.leaves_under(rows[0])[0])]) if rows else ""
    share = None if nats is None or math.isnan(nats) else math.exp(nats)
    return {
        "text": text,
        "share": share,
        "percent": "" if share is None else percent(share),
        "drawn": bool(rows) or here,
        "here": here,
        "outcome": words,
        "right": right,
        "end": end,
    }


def percent(share: float) -> str:
    """A share of 1 in percent."""
    return f"{plain(100 * share, 1)} %"


def item(branch: Branch, at: int, drawn: list[Choice], scale: Ends) -> Item:
    """One token."""
    one = branch.tokens[at]
    listed = listed_choices(branch.forest, one, drawn)
    known = sum(math.exp(nats) for _, nats in one.top)
    context = "".join(token.text for token in branch.tokens[max(0, at - CONTEXT) : at]).strip()
    return {
        "at": at,
        "text": one.text,
        "weight": number(one.weight),
        "surprise": number(-one.logprob),
        "entropy": number(one.entropy),
        "confidence": number(one.confidence),
        "words": {
            "probability": percent(math.exp(one.logprob)) if not math.isnan(one.logprob) else "–",
            "surprise": plain(-one.logprob),
            "entropy": plain(one.entropy),
            "confidence": plain(one.confidence),
            "weight": scale.words(one.weight),
        },
        "unsure": unsure(one.entropy),
        "context": context,
        "choices": listed,
        "rest": f"all others {percent(max(0.0, 1 - known))} together" if one.top else "",
        "forked": len(drawn) > 1,
    }


def listed_choices(forest: Forest, one: Token, drawn: list[Choice]) -> list[Choice]:
    """The likeliest tokens and those that were drawn, likeliest first; what was drawn is listed once."""
    by_text = {way["text"]: way for way in drawn}
    if one.text not in by_text:
        by_text[one.text] = choice(forest, one.text, one.logprob, here=True)
    listed: list[Choice] = []
    for text, nats in one.top:
        way = by_text.pop(text, None)
        share = math.exp(nats)
        listed.append(choice(forest, text, nats) if way is None else {**way, "share": share, "percent": percent(share)})
    own = number(one.logprob)
    for way in by_text.values():
        if way["here"] and way["share"] is None and own is not None:
            way = {**way, "share": math.exp(own), "percent": percent(math.exp(own))}
        listed.append(way)
    return sorted(listed, key=lambda way: -(way["share"] or 0.0))


def unsure(entropy: float) -> str:
    """How unsure the model was, in words; empty where it is not known."""
    if math.isnan(entropy):
        return ""
    even = math.exp(entropy)
    if even < 1.05:
        return "It was sure of this token."
    return f"As unsure as an even draw of one in {plain(even, 1)}." if even < 1e6 else ""


def number(value: float) -> float | None:
    """JSON-ready; null where it is not assigned."""
    return None if math.isnan(value) else value + 0.0


def lines(
    branch: Branch, tokens: tuple[Token, ...], items: list[Item], credit: Credit | None, scale: Ends
) -> list[Line]:
    """Tokens by line: a step begins one unless it goes on in the middle of another, and so does a tool call."""
    found: list[Line] = []
    last: Token | None = None
    for one, shown in zip(tokens, items, strict=True):
        fresh = last is None or (one.row != last.row and not goes_on(branch.forest, last.row))
        if fresh or (last is not None and (is_call(one) != is_call(last) or "\n" in last.text)):
            found.append(line(branch.forest, one, credit, scale))
        found[-1]["items"].append(shown)
        last = one
        count(found[-1], branch, one)
    return found


def goes_on(forest: Forest, row: int) -> bool:
    """Whether the step after this one goes on in the same sentence: nobody answered, and its line did not end."""
    return not forest.observation[row] and not forest.text[row].endswith("\n")


def line(forest: Forest, one: Token, credit: Credit | None, scale: Ends) -> Line:
    """A line that begins with a token."""
    value = float("nan") if credit is None else float(credit.credit[one.row])
    return {
        "id": str(forest.node_id[one.row]),
        "credit": number(value),
        "number": "" if math.isnan(value) else scale.words(value),
        "call": is_call(one),
        "fork": len(forest.topology.children(one.row)) > 1,
        "items": [],
        "answer": "",
        "count": "",
        "outcome": "",
        "right": None,
    }


def count(made: Line, branch: Branch, one: Token) -> None:
    """How many tokens a line has with this one; behind the last of a step, what came after it: answer and outcome."""
    forest = branch.forest
    own = len(made["items"])
    if one.place < branch.last_place[one.row]:
        made["count"] = whole(own)
        return
    seen = int(forest.n_obs_tokens[one.row])
    made["answer"] = answered(forest.observation[one.row])
    made["count"] = f"{whole(own)} + {whole(seen)}" if made["answer"] and seen > 0 else whole(own)
    if one.row == branch.leaf:
        reward = float(forest.reward[one.row])
        words, made["right"] = outcome(forest, [one.row])
        made["outcome"] = (
            words if math.isnan(reward) else f"{'right' if made['right'] else 'wrong'} · {plain(reward, 1)}"
        )


def telling_token(branch: Branch) -> int:
    """The token to look at first: the most surprising of those where several ways were drawn, else of all."""
    forked = choices_by_step(branch)
    surprise = np.array([0.0 if math.isnan(one.logprob) else -one.logprob for one in branch.tokens])
    at_fork = np.array([(one.row, one.place) in forked for one in branch.tokens], dtype=bool)
    if not len(surprise):
        return 0
    return int(np.argmax(np.where(at_fork | ~at_fork.any(), surprise, -np.inf)))
