"""Lists of generations, as OpenR1-Math and similar sets have them: one row a prompt, its answers in parallel lists."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import compress
from typing import Any, NamedTuple

from treecore.errors import FormatError
from treecore.formats.answers import Answers
from treecore.formats.columnar import is_columnar
from treecore.formats.endings import endings
from treecore.formats.field_table import MANY, NUMBERS, FieldTable, of_rows
from treecore.formats.fields import first_of, list_in, needed
from treecore.formats.limits import OBJECT, Account
from treecore.formats.mapping import USUAL
from treecore.formats.message_columns import answers_of
from treecore.formats.messages import ASSISTANT, asked, content_text, is_chat
from treecore.formats.notes import Notes
from treecore.formats.readers.reward_columns import named_as_rewards
from treecore.formats.registry import rollout_format
from treecore.formats.rows import Row, as_text, row_kinds
from treecore.formats.source import Source
from treecore.formats.whole_table import held_rows

LISTS = ("generations", "completions", "responses", "outputs", "samples", "answers", "solutions", "predictions", "code")
"""Names of the list of answers, the most telling first."""
PROMPTS = USUAL["prompt"]
REFERENCES = (*USUAL["reference"], "final_answer", "gt", "solution")
NOT_OURS = frozenset({"labels", "resps", "trajectory", "trajectories", "trial_thoughts", "steps", "nodes"})
"""Names beside such a list in other formats."""
OUTCOMES = ("reward", "score", "correct", "acc", "pass", "verif", "success", "rating")
"""Beginnings of words that name an outcome, the most telling first."""
TEXTS = ("text", "response", "completion", "generation", "generated_text", "content", "output", "answer")
"""Names of the text of an answer that is an object, the most telling first."""


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
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return ""
    if not all(isinstance(one, dict) and "role" not in one for one in value):
        return ""
    return next((name for name in TEXTS if all(isinstance(one.get(name), str) for one in value)), "")


def _in_parallel(row: Row, answers: str, account: Account) -> Row:
    """A row whose answers are objects as one of texts, with a list for each of their other fields.

    Raises:
        FormatError: these lists would take more than the file may.
    """
    given = row.fields.get(answers)
    if not isinstance(given, list) or not (text := _text_name(given)):
        return row
    names = dict.fromkeys(name for one in given for name in one if name != text)
    account.afford_cells(len(given), row.where, cells=len(given) * len(names))
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
def read_generations(source: Source, notes: Notes) -> Iterator[Answers]:
    """A rollout an item of the list; those of a row are a group, and so are rows of the same prompt and reference."""
    table = held_rows(source)
    if not table:
        return
    answers = next(
        name for name in (*LISTS, "") if name == "" or any(_is_answers(row.fields.get(name)) for row in table)
    )
    if not answers:
        raise FormatError(
            "no row has a list of answers", where=source.name, todo='give "generations" as a list of texts'
        )
    table = [_in_parallel(row, answers, source.account) for row in table]
    reward = outcome(number_lists(table, answers))
    if reward:
        notes.recognise(f'the reward is "{reward}"')
    items = Items(source.account)
    for row in table:
        items.add(row, answers, notes)
    if items.answers:
        yield items.as_answers(reward)


def number_lists(table: Iterable[Any], answers: str) -> list[Part]:
    """All lists of numbers or booleans that stand beside the answers, in the order of the file."""
    counts: dict[str, int] = {}
    texts: set[str] = set()
    for fields, _ in table:
        n = len(fields[answers]) if isinstance(fields.get(answers), list) else 0
        for name, values in fields.items():
            if name == answers or not isinstance(values, list) or len(values) != n:
                continue
            numbers = n if set(map(type, values)) <= NUMBERS else sum(type(value) in NUMBERS for value in values)
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


@dataclass
class Items:
    """The items of all lists so far, side by side. All lists are `[N]`.

    Attributes:
        account: of the file, for its limits.
        prompt_extra: what is kept beside the prompt, of the first item of each row; first: the same by group.
        cells: values of all lists in `beside`.
        references_in: names of a row -> those of them that may be its reference, the most telling first.
        beside: name -> first item and values of each list of numbers or other values beside the answers.
    """

    account: Account
    prompts: list[str] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    groups: list[Hashable] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    prompt_extra: dict[int, dict[str, Any]] = field(default_factory=dict)
    first: dict[Hashable, dict[str, Any]] = field(default_factory=dict)
    beside: dict[str, list[tuple[int, list[Any]]]] = field(default_factory=dict)
    references_in: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    cells: int = 0

    def add(self, row: Row, answers: str, notes: Notes) -> None:
        """Take the items of one row."""
        fields, where = row
        names = tuple(fields)
        if names not in self.references_in:
            self.references_in[names] = [one for one in REFERENCES if one in fields and one != answers]
        name = first_of(fields, PROMPTS) or PROMPTS[0]
        prompt, extra = asked(needed(fields, name, where=where))
        given = list_in(fields, answers, where=where)
        reference = next((one for one in self.references_in[names] if one != name and _is_plain(fields[one])), "")
        parallel: dict[str, list[Any]] = {}
        rest: dict[str, Any] = {}
        for one, value in fields.items():
            if one != answers and isinstance(value, list) and len(value) == len(given) and not is_chat(value):
                parallel[one] = value
            elif one not in (name, answers, reference) and value is not None:
                rest[one] = value
        extra |= _kept(rest, given)
        if None in given:
            notes.drop(f'empty items of "{answers}"', given.count(None))
            there = [answer is not None for answer in given]
            parallel = {one: list(compress(values, there)) for one, values in parallel.items()}
            given = list(compress(given, there))
        self.cells += len(given) * len(parallel)
        n = len(self.answers) + len(given)
        self.account.afford_cells(n, where, cells=self.cells, beside=OBJECT * n)
        group, start, size = (as_text(fields[name]), as_text(fields.get(reference))), len(self.answers), len(given)
        if self.first.setdefault(group, extra) != extra:
            notes.drop("fields of further rows of the same prompt and reference")
        self.prompt_extra[start] = extra
        self.prompts += [prompt] * size
        self.answers += given
        self.groups += [group] * size
        self.references += [group[1]] * size
        self.places += [where] * size
        for one, values in parallel.items():
            self.beside.setdefault(one, []).append((start, values))

    def as_answers(self, reward: str) -> Answers:
        """All of them, by the list that is the reward."""
        said, beside = answers_of(self.answers), self._table()
        rest = beside.rest(())
        found = Answers(
            prompt=self.prompts,
            text=said.texts,
            reward=beside.numbers(reward),
            where=self.places.__getitem__,
            group=self.groups,
            reference=self.references,
            prompt_extra=self.prompt_extra,
            status=endings(beside),
            turns=said.turns,
        )
        found.keep(named_as_rewards(rest))
        return found

    def _table(self) -> FieldTable:
        """What stands beside each item, as a table."""
        if len(self.beside) > MANY:
            rows: list[dict[str, Any]] = [{} for _ in self.answers]
            for name, lists in self.beside.items():
                for start, values in lists:
                    for place, value in enumerate(values, start=start):
                        rows[place][name] = value
            return of_rows(rows, self.places.__getitem__, self.account)
        columns: dict[str, list[Any]] = {}
        for name, lists in self.beside.items():
            column = columns[name] = []
            for start, values in lists:
                column += [None] * (start - len(column))
                column += values
            column += [None] * (len(self.answers) - len(column))
        return FieldTable(
            len(self.answers),
            tuple(columns),
            self.places.__getitem__,
            uniform=True,
            account=self.account,
            columns=columns,
        )


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _kept(rest: dict[str, Any], given: list[Any]) -> dict[str, Any]:
    """What else a row says of its prompt; of a chat that ends in the first generation, the part before it."""
    messages: Any = rest.get("messages")
    if is_chat(messages):
        last = messages[-1]
        if last.get("role") in ASSISTANT and given and content_text(last.get("content")) == given[0]:
            rest["messages"] = messages[:-1]
    return rest
