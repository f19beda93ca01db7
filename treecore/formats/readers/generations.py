"""Lists of generations, as OpenR1-Math and similar sets have them: one row a prompt, its answers in parallel lists."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Any, NamedTuple

from treecore.core.columns import Status
from treecore.errors import FormatError
from treecore.formats.columnar import is_columnar
from treecore.formats.fields import first_of, list_in, needed, number_of
from treecore.formats.mapping import USUAL
from treecore.formats.messages import ASSISTANT, answered, asked, content_text, is_chat
from treecore.formats.notes import Notes
from treecore.formats.registry import rollout_format
from treecore.formats.rollout import Rollout
from treecore.formats.rows import Row, as_text, rest_of, row_kinds, rows
from treecore.formats.source import Source

LISTS = ("generations", "completions", "responses", "outputs", "samples", "answers", "solutions", "predictions", "code")
"""Names of the list of answers, the most telling first."""
PROMPTS = USUAL["prompt"]
REFERENCES = (*USUAL["reference"], "final_answer", "gt", "solution")
NOT_OURS = frozenset({"labels", "resps", "trajectory", "trajectories", "trial_thoughts", "steps", "nodes"})
"""Names beside such a list in other formats."""
OUTCOMES = ("reward", "score", "correct", "acc", "pass", "verif", "success", "rating")
"""Beginnings of words that name an outcome, the most telling first."""
ENDED = {"stop": Status.TERMINATED, "eos": Status.TERMINATED, "length": Status.TRUNCATED}
TEXTS = ("text", "response", "completion", "generation", "generated_text", "content", "output", "answer")
"""Names of the text of an answer that is an object, the most telling first."""
FINISH = ("finish_reason", "finish_reasons")


def looks_like_generations(source: Source) -> bool:
    """A row with a prompt and a list of texts or chats under a usual name."""
    kinds = row_kinds(source)
    if kinds.keys() & NOT_OURS or not kinds.keys() & set(PROMPTS):
        return False
    lists = [name for name in LISTS if kinds.get(name) == "list"]
    return bool(lists) and (is_columnar(source.data) or any(_is_answers(source.head[name]) for name in lists))


def _is_answers(value: Any) -> bool:
    texts = isinstance(value, list) and bool(value) and all(isinstance(one, str) or is_chat(one) for one in value)
    return texts or bool(_text_name(value))


def _text_name(value: Any) -> str:
    """The field that is the text of each answer, of a list of objects that are no messages; "" where it is none."""
    if (
        not isinstance(value, list)
        or not value
        or not all(isinstance(one, dict) and "role" not in one for one in value)
    ):
        return ""
    return next((name for name in TEXTS if all(isinstance(one.get(name), str) for one in value)), "")


def _in_parallel(row: Row, answers: str) -> Row:
    """A row whose answers are objects as one of texts, with a list for each of their other fields."""
    given = row.fields.get(answers)
    if not isinstance(given, list) or not (text := _text_name(given)):
        return row
    names = dict.fromkeys(name for one in given for name in one if name != text)
    lists = {
        name if name not in row.fields else f"{answers}.{name}": [one.get(name) for one in given] for name in names
    }
    return Row(row.fields | {answers: [one[text] for one in given]} | lists, row.where)


class Part(NamedTuple):
    """A parallel list: its name, and how many of its values are numbers in the whole file."""

    name: str
    scored: int


@rollout_format(
    name="generations",
    title="lists of generations",
    extensions=(".jsonl", ".json", ".parquet"),
    detect=looks_like_generations,
    written_by="data sets such as OpenR1-Math: one row a prompt with parallel lists `generations`, `correctness_...`",
    lost="the chat of the first generation, where `messages` repeats it",
    fields=frozenset({"problem", "generations"}),
)
def read_generations(source: Source, notes: Notes) -> Iterator[Rollout]:
    """A rollout an item of the list; those of a row are a group, and so are rows of the same prompt and reference."""
    table = list(rows(source))
    if not table:
        return
    answers = next(
        name for name in (*LISTS, "") if name == "" or any(_is_answers(row.fields.get(name)) for row in table)
    )
    if not answers:
        raise FormatError(
            "no row has a list of answers", where=source.name, todo='give "generations" as a list of texts'
        )
    table = [_in_parallel(row, answers) for row in table]
    reward = outcome(number_lists(table, answers))
    if reward:
        notes.recognise(f"the reward is `{reward}`")
    first: dict[Hashable, dict[str, Any]] = {}
    for fields, where in table:
        for rollout in _rollouts(fields, where, answers=answers, reward=reward, notes=notes):
            if first.setdefault(rollout.group, rollout.prompt_extra) != rollout.prompt_extra:
                notes.drop("fields of further rows of the same prompt and reference")
            yield rollout


def number_lists(table: Iterable[Any], answers: str) -> list[Part]:
    """All lists of numbers or booleans that stand beside the answers, in the order of the file."""
    counts: dict[str, int] = {}
    texts: set[str] = set()
    for fields, _ in table:
        n = len(fields[answers]) if isinstance(fields.get(answers), list) else 0
        for name, values in fields.items():
            if name == answers or not isinstance(values, list) or len(values) != n:
                continue
            numbers = sum(isinstance(value, bool | int | float) for value in values)
            counts[name] = counts.get(name, 0) + numbers
            if numbers + values.count(None) < n:
                texts.add(name)
    return [Part(name, scored) for name, scored in counts.items() if scored and name not in texts]


def outcome(parts: list[Part]) -> str:
    """The list that is the reward: by its name, then the one that lacks the fewest values; "" where none is."""

    def rank(part: Part) -> tuple[int, int]:
        words = part.name.lower().replace("-", "_").split("_")
        fits = [place for place, begin in enumerate(OUTCOMES) if any(word.startswith(begin) for word in words)]
        exact = part.name.lower() in ("reward", "rewards", "score", "scores")
        known = any(place >= 2 for place in fits)
        return (0 if exact else 1 if known else 2 if fits else 3, -part.scored)

    ranked = sorted((rank(part), place) for place, part in enumerate(parts))
    return parts[ranked[0][1]].name if ranked and ranked[0][0][0] < 3 else ""


def _rollouts(fields: dict[str, Any], where: str, *, answers: str, reward: str, notes: Notes) -> Iterator[Rollout]:
    name = first_of(fields, PROMPTS) or PROMPTS[0]
    prompt, extra = asked(needed(fields, name, where=where))
    given = list_in(fields, answers, where=where)
    reference = next((one for one in REFERENCES if one not in (name, answers) and _is_plain(fields.get(one))), "")
    parallel = {
        one: values
        for one, values in fields.items()
        if one != answers and isinstance(values, list) and len(values) == len(given) and not is_chat(values)
    }
    extra |= _kept(rest_of(fields, {name, answers, reference, *parallel}), given)
    for place, answer in enumerate(given):
        if answer is None:
            notes.drop(f"empty items of `{answers}`")
            continue
        rollout = Rollout(
            prompt=prompt,
            turns=answered(answer),
            group=(as_text(fields[name]), as_text(fields.get(reference))),
            reference=as_text(fields.get(reference)),
            prompt_extra=extra,
            where=where,
        )
        yield _scored(rollout, {one: values[place] for one, values in parallel.items()}, reward)


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _scored(rollout: Rollout, values: dict[str, Any], reward: str) -> Rollout:
    parts: dict[str, float | None] = {}
    for name, value in values.items():
        if isinstance(value, bool | int | float):
            parts[name] = float(value)
        elif name in FINISH and isinstance(value, str) and value in ENDED:
            rollout.last.status = ENDED[value]
        if value is not None and name not in parts:
            rollout.last.extra[name] = value
    return rollout.scored(number_of(values.get(reward), reward, where=rollout.where), parts)


def _kept(rest: dict[str, Any], given: list[Any]) -> dict[str, Any]:
    """What else a row says of its prompt; of a chat that ends in the first generation, the part before it."""
    messages: Any = rest.get("messages")
    if is_chat(messages):
        last = messages[-1]
        if last.get("role") in ASSISTANT and given and content_text(last.get("content")) == given[0]:
            rest["messages"] = messages[:-1]
    return rest
