"""The native format `treecore/1`: where it is registered and how it is recognised."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import msgspec
import numpy as np
import orjson

from treecore.core.forest import Forest
from treecore.errors import FormatError
from treecore.formats.json_errors import too_deep
from treecore.formats.json_keys import flaws_in, names_written
from treecore.formats.limits import MAX_DEPTH, Account, json_cost
from treecore.formats.native_fields import VERSION
from treecore.formats.native_read import check_version, forest_in
from treecore.formats.native_typed import Decoders
from treecore.formats.native_write import write_native
from treecore.formats.registry import Reading, file_format
from treecore.formats.source import Source, Text, raw_fields
from treecore.formats.torn import is_torn, torn_note
from treecore.formats.unlike import of_list

OURS = re.compile(rb'\s*\{\s*"format"\s*:\s*"treecore/')
"""How files begin that this program writes."""
PREFIX = b'"treecore/'
raw_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


def looks_native(source: Source) -> bool:
    """A `format` field of ours, or a list of forests whose first has one."""
    if source.starts_with(OURS):
        return True
    fields = source.fields
    return is_ours(fields.get("format")) or ("forests" in fields and is_ours(first_format(fields["forests"])))


def is_ours(text: memoryview | None) -> bool:
    """Whether the text of a `format` field names a version of ours."""
    return text is not None and bytes(text[: len(PREFIX)]) == PREFIX


def first_format(forests: memoryview) -> memoryview | None:
    """The `format` of the first forest of a list, None when there is none."""
    with suppress(msgspec.DecodeError, RecursionError):
        listed = raw_list(forests)
        raw = raw_fields(memoryview(listed[0])).get("format") if listed else None
        return None if raw is None else memoryview(raw)
    return None


@file_format(
    name="treecore",
    title="treecore native",
    extensions=(".forest.jsonl", ".forest.json", ".jsonl", ".json"),
    detect=looks_native,
    write=write_native,
)
def read_native(source: Source) -> Reading:
    """All forests of all documents of a file."""
    found = NativeReader(source)
    for text in source.texts():
        try:
            found.read(text)
        except orjson.JSONDecodeError:
            if not is_torn(source, text, found.forests):
                raise source.not_json(text) from None
            found.warnings.append(torn_note(text))
        except RecursionError:
            raise too_deep(bytes(text.data), MAX_DEPTH, name=source.name, line=text.line) from None
    if source.account.rounded:
        found.warnings.append(rounded_note(source.account))
    return Reading(found.forests, tuple(found.warnings))


def rounded_note(account: Account) -> str:
    """That numbers were rounded, as a clause."""
    if account.rounded == 1:
        return f"a number is finer than a double and was rounded: {account.first_rounded}; text would keep it"
    return (
        f"{account.rounded:,} numbers are finer than a double and were rounded, the first {account.first_rounded}; "
        "text would keep them"
    )


class NativeReader:
    """The forests of one file so far."""

    def __init__(self, source: Source) -> None:
        self.source, self.decode = source, Decoders()
        self.forests: list[Forest] = []
        self.warnings: list[str] = []

    def read(self, text: Text) -> None:
        """All forests of one document.

        Raises:
            orjson.JSONDecodeError: it is not JSON.
            FormatError, ForestError: it holds no forests; names the place.
        """
        fields = self.fields_of(text.data, text.where, path="$")
        if "forests" not in fields or "nodes" in fields:
            self.forest(fields, text.where, path="$")
            return
        listed = self.listed(fields["forests"], text.where)
        for number, inner in enumerate(listed):
            path = f"$.forests[{number}]"
            own = self.fields_of(memoryview(inner), text.where, path=path)
            outer = {} if "format" not in fields else {"format": fields["format"]}
            self.forest({**outer, **own}, text.where, path=path)
        lost = sorted(fields.keys() - {"format", "forests"})
        self.warnings += [f'{text.where}: field {name!r} beside "forests" is not kept' for name in lost]

    def forest(self, fields: dict[str, memoryview], where: str, *, path: str) -> None:
        """One more forest."""
        self.source.account.line(where)
        self.forests.append(forest_in(fields, where, path=path, decode=self.decode, account=self.source.account))

    def fields_of(self, data: memoryview, where: str, *, path: str) -> dict[str, memoryview]:
        """The fields of an object as their text."""
        try:
            fields = {name: memoryview(raw) for name, raw in raw_fields(data).items()}
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.source.account.afford(json_cost(data), where, what="its JSON")
            check_version(orjson.loads(data), where, path=path)
            raise FormatError("not valid JSON", where=f"{where}, {path}", todo="correct it here") from None
        check_names(data, fields, where, path=path)
        return fields

    def listed(self, forests: memoryview, where: str) -> list[Any]:
        """The texts of a list of forests."""
        with suppress(msgspec.ValidationError):
            if found := raw_list(forests):
                return found
        flaw = of_list(orjson.loads(forests))
        raise FormatError(flaw.found, where=f"{where}, {flaw.path}", todo=flaw.todo)


def check_names(data: memoryview, fields: Mapping[str, memoryview], where: str, *, path: str) -> None:
    """No field of an object is written twice; what is inside the fields is not looked at."""
    bare = without_values(data, fields.values())
    if names_written(bare) != len(fields):
        twice = next((flaw.found for flaw in flaws_in(bare) if flaw.twice), "a field is written twice")
        raise FormatError(twice, where=f"{where}, {path}", todo="write it once")


def without_values(data: memoryview, values: Iterable[memoryview]) -> bytes:
    """An object with 0 for each of these parts of its text; a value that a later one replaced is left out."""
    base = address(data)
    parts, end = [], 0
    for start, size in sorted((address(value) - base, len(value)) for value in values):
        parts.append(data[end:start])
        end = start + size
    return b"0".join([*parts, data[end:]])


def address(view: memoryview) -> int:
    """Where bytes lie in memory."""
    found: int = np.frombuffer(view, dtype=np.uint8).__array_interface__["data"][0]
    return found


__all__ = ["VERSION", "looks_native", "read_native"]
