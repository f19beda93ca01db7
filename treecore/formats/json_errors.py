"""Why text is not JSON, in words: place, what was found, what to do. Used only once parsing has failed."""

from __future__ import annotations

import re

import orjson

from treecore.errors import FormatError

TEXT_OR_BRACKET = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[][{}]', re.S)
NOT_A_NUMBER = re.compile(r"-?(?:NaN|nan|Infinity|inf)\b")


def explain(data: bytes, error: orjson.JSONDecodeError, *, name: str, line: int = 0) -> FormatError:
    """The error to raise for `data`.

    Args:
        data: what the parser was given.
        error: what the parser said; its `pos` counts characters.
        name: file name.
        line: line of the file that `data` is, 0 when it is the whole file.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        before = data[: wrong.start]
        place = before.count(b"\n") + max(line, 1)
        return FormatError(
            f"byte 0x{data[wrong.start]:02x} is not UTF-8", where=f"{name}, line {place}", todo="save the file as UTF-8"
        )
    position = min(error.pos, len(text))
    start = text.rfind("\n", 0, position) + 1
    place = text.count("\n", 0, position) + max(line, 1)
    found, todo = diagnose(text, position, error.msg)
    return FormatError(found, where=f"{name}, line {place}, column {position - start + 1}", todo=todo)


def diagnose(text: str, position: int, message: str) -> tuple[str, str]:
    """What was found, and what to do about it."""
    signed = text[max(position - 1, 0) : position] == "-"
    if literal := NOT_A_NUMBER.match(text, position - signed):
        return f"{literal.group()} is not JSON", "write null, or leave the field out"
    if text.lstrip()[:1] not in ("{", "["):
        return f"this is not JSON (it starts with {text.lstrip()[:12]!r})", "give rollouts in a format that is read"
    if position >= len(text.rstrip()) or "end of data" in message:
        return "the file ends in the middle of a JSON value (truncated)", "copy or write it again"
    if "surrogate" in message:
        return "half of a \\u escape pair (a lone surrogate)", "write both halves, or the character itself"
    if "infinity" in message:
        return "a number too large for a float", "write null, or a smaller number"
    if "depth" in message or "recursion" in message.lower():
        return "JSON nested more than 1000 levels deep", "flatten it"
    if "after document" in message:
        return "a second JSON value in the same file", 'put one forest on each line, or a list under "forests"'
    return f"not valid JSON: {message.split(': line')[0]}", "correct it here"


def too_deep(data: bytes, levels: int, *, name: str, line: int = 0) -> FormatError:
    """The error to raise for `data` whose values are nested too deep for a parser. Same arguments as `explain`."""
    depth, position = 0, 0
    for found in TEXT_OR_BRACKET.finditer(data):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(found.group(), 0)
        if depth > levels:
            position = found.start()
            break
    column = position - data.rfind(b"\n", 0, position)
    place = data.count(b"\n", 0, position) + max(line, 1)
    return FormatError(
        f"JSON nested more than {levels} levels deep", where=f"{name}, line {place}, column {column}", todo="flatten it"
    )
