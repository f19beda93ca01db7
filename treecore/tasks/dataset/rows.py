"""Questions in a file: JSON lines or one JSON list of `{"prompt", "answer"}`, plain or gzip, recognised by content.

Every row that is wrong gets one error with its place. Knows sizes and fields; knows no verifier and no model.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from treecore.errors import FormatError, TaskError
from treecore.formats.source import BLANK, BOM, GZIP_MAGIC, gunzip, read_path

ENDINGS = (".jsonl", ".json", ".jsonl.gz", ".json.gz")
MAX_ROWS = 1_000_000
MAX_CHARS = 500_000
"""Longest prompt, answer or id."""
EXACT_FLOAT = 2**53
"""Whole numbers beyond may have been rounded when the JSON was read."""


class UnusableError(FormatError):
    """A row that says nothing to ask, or nothing to compare with."""


class UnknownQuestionError(TaskError):
    """A question that no row asks, so that there is no answer to compare with."""


@dataclass(frozen=True)
class Row:
    """One question.

    Attributes:
        id: the row's own, or the file's name and the line.
        prompt: what is asked.
        answers: the expected answers, any of which will do; never empty.
        data: all other fields.
        where: file and line.
    """

    id: str
    prompt: str
    answers: tuple[str, ...]
    data: Mapping[str, Any]
    where: str


class Rows(NamedTuple):
    """The rows of a file that are right, and one error for each that is not, in file order.

    Attributes:
        unusable: rows without a question or an answer that can be used; they are left out.
        errors: all others; they stop.
    """

    good: tuple[Row, ...]
    errors: tuple[FormatError, ...]
    unusable: tuple[UnusableError, ...] = ()

    def usable(self) -> Rows:
        """The rows themselves, if there are any and none is wrong.

        Raises:
            FormatError: the first that is wrong, with the number of others.
        """
        wrong = self.errors or (() if self.good else self.unusable)
        if not wrong:
            return self
        first, others = wrong[0], len(wrong) - 1
        more = f" ({others} more {'row is' if others == 1 else 'rows are'} wrong)" if others else ""
        raise FormatError(first.found + more, where=first.where, todo=first.todo)


def digest(rows: Sequence[Row]) -> str:
    """SHA-256 of all that rows ask, expect and hold; where they stand does not count."""
    sha = hashlib.sha256()
    for row in rows:
        sha.update(orjson.dumps([row.id, row.prompt, row.answers, row.data], option=orjson.OPT_SORT_KEYS))
        sha.update(b"\n")
    return sha.hexdigest()


def is_file_name(name: str) -> bool:
    """Whether `name` ends like a file of questions."""
    return name.lower().endswith(ENDINGS)


def stem(name: str) -> str:
    """The file's name without folder and endings."""
    base = os.path.basename(name)
    for ending in sorted(ENDINGS, key=len, reverse=True):
        if base.lower().endswith(ending):
            return base[: -len(ending)] or base
    return base


def read_rows(path: str, *, prompt_field: str = "prompt", answer_field: str = "answer") -> Rows:
    """All rows of a file.

    Args:
        path: of the file; its content is taken as gzip when it begins so.
        prompt_field, answer_field: names of the two fields that a row must have.

    Raises:
        FormatError: the file cannot be read, is too large, is empty, or is a broken JSON list.
    """
    data = read_path(path, path)
    if data.startswith(GZIP_MAGIC):
        data = gunzip(data, path)
    return rows_of(data, name=path, prompt_field=prompt_field, answer_field=answer_field)


def rows_of(data: bytes, *, name: str, prompt_field: str = "prompt", answer_field: str = "answer") -> Rows:
    """`read_rows` for content that is read already; `name` is what errors call it."""
    data = data.removeprefix(BOM)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError("the text is UTF-16", where=name, todo="save it as UTF-8")
    base, seen = stem(name), dict[str, str]()
    good: list[Row] = []
    errors: list[FormatError] = []
    unusable: list[UnusableError] = []
    for number, where, value in _values(data.strip(BLANK), data=data, name=name):
        try:
            row = _row(value, f"{base}-{number}", where=where, fields=(prompt_field, answer_field))
            if row.id in seen:
                raise FormatError(
                    f"the id {row.id!r} was used before, at {seen[row.id]}", where=where, todo="rename it"
                )
        except UnusableError as error:
            unusable.append(error)
            continue
        except FormatError as error:
            errors.append(error)
            continue
        seen[row.id] = where
        good.append(row)
        if len(good) > MAX_ROWS:
            raise FormatError(f"more than {MAX_ROWS:,} rows", where=name, todo="split the file")
    if not (good or errors or unusable):
        raise FormatError("the file holds no questions", where=name, todo='give rows like {"prompt": "", "answer": ""}')
    return Rows(tuple(good), tuple(errors), tuple(unusable))


def _values(text: bytes, *, data: bytes, name: str) -> Iterator[tuple[int, str, Any]]:
    """Number, place and JSON value of every row; an error takes the place of a line that is no JSON."""
    if text.startswith(b"["):
        try:
            values = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            _check_utf8(data, name)
            first = data.find(b"[")
            at = error.lineno + data.count(b"\n", 0, first)
            raise FormatError(
                f"not valid JSON: {_reason(error)}", where=f"{name}, line {at}", todo="correct the list"
            ) from None
        for number, value in enumerate(values, 1):
            yield number, f"{name}, row {number}", value
        return
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.strip(BLANK):
            continue
        where = f"{name}, line {number}"
        try:
            yield number, where, orjson.loads(line)
        except orjson.JSONDecodeError as error:
            _check_utf8(line, name, first=number)
            reason = f"not valid JSON: {_reason(error)}"
            yield number, where, FormatError(reason, where=where, todo="write one object on each line")


def _check_utf8(data: bytes, name: str, *, first: int = 1) -> None:
    """Some lines of a file, of which `first` is the first, are in the right encoding.

    Raises:
        FormatError: they are not.
    """
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = first + data.count(b"\n", 0, error.start)
        raise FormatError("the text is not UTF-8", where=f"{name}, line {line}", todo="save it as UTF-8") from None


def _reason(error: orjson.JSONDecodeError) -> str:
    return f"{error.msg.split(': line')[0]} at column {error.colno}"


def _row(value: Any, identity: str, *, where: str, fields: Sequence[str]) -> Row:
    if isinstance(value, FormatError):
        raise value
    if not isinstance(value, dict):
        raise FormatError(f"the row is {_kind(value)}, not an object", where=where, todo='write {"prompt", "answer"}')
    for field in fields:
        if field not in value:
            has = ", ".join(map(repr, list(value)[:8])) or "no fields"
            raise UnusableError(f"the row has no {field!r} (it has {has})", where=where, todo="add it")
    prompt_field, answer_field = fields
    prompt, answer = value[prompt_field], value[answer_field]
    if not isinstance(prompt, str) or not prompt.strip():
        raise UnusableError(f"{prompt_field!r} is {_kind(prompt)}", where=where, todo="write the question as text")
    answers = answer if isinstance(answer, list) else [answer]
    if not answers:
        raise UnusableError(f"{answer_field!r} is an empty list", where=where, todo="give at least one answer")
    own = value.get("id")
    gold = value.get("gold")
    if gold is not None:
        value = {**value, "gold": _text(gold, "gold", where=where)}
    row = Row(
        id=identity if own is None else _text(own, "id", where=where),
        prompt=prompt,
        answers=tuple(_text(one, answer_field, where=where) for one in answers),
        data={name: other for name, other in value.items() if name not in (*fields, "id")},
        where=where,
    )
    if max(map(len, (row.id, row.prompt, *row.answers))) > MAX_CHARS:
        raise UnusableError(f"a text of more than {MAX_CHARS:,} characters", where=where, todo="shorten it")
    return row


def _text(value: Any, field: str, *, where: str) -> str:
    """Text or a number as text; whole floats as whole numbers."""
    if isinstance(value, float) and value.is_integer():
        if abs(value) > EXACT_FLOAT:
            raise UnusableError(
                f"{field!r} is a number too large to be read exactly", where=where, todo="write it as text"
            )
        value = int(value)
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise UnusableError(f"{field!r} is {_kind(value)}", where=where, todo="write text or a number")


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, str):
        return "empty text" if not value.strip() else "text"
    return "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a number"
