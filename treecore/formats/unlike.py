"""What content is that no format claims, in words: what was found, what to do. Used only once nothing else fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from treecore.errors import FormatError
from treecore.formats.columnar import column_names, is_columnar
from treecore.formats.mapping import guess_columns
from treecore.formats.native_fields import VERSION
from treecore.formats.native_values import shown
from treecore.formats.nested_rows import inner_names, lists_in
from treecore.formats.rows import is_table, separator_of
from treecore.formats.source import Source

EXAMPLE = f'give a forest, {{"format": "{VERSION}", "nodes": [...]}}'
MAGIC = {
    b"\x1f\x8b": ("gzip", "unpack it with gunzip first"),
    b"BZh": ("bzip2", "unpack it with bunzip2 first"),
    b"\xfd7zXZ\x00": ("xz", "unpack it with unxz first"),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "unpack it, and give a file in it"),
    b"SQLite format 3": ("an SQLite database", "write its rows as JSON first"),
    b"\x93NUMPY": ("a numpy array", "give a forest file"),
    b"\x89PNG": ("a picture", "give a forest file"),
    b"\xff\xd8\xff": ("a picture", "give a forest file"),
    b"%PDF-": ("a PDF", "give a forest file"),
}
"""How files begin that are often taken for others, what they are, and what to do."""
FIELDS = 12
"""Names of fields that a message lists."""


class Finding(NamedTuple):
    """What was found, where below the file, what to do about it, and the options of a command that does."""

    found: str
    path: str
    todo: str
    command: str = ""


def known_binary(data: bytes) -> Finding | None:
    """What other kind of file begins like this, None for none that is known."""
    for begin, (kind, todo) in MAGIC.items():
        if data.startswith(begin):
            return Finding(f"this is {kind}, not JSON", "", todo)
    return None


def no_forest(source: Source, known: Mapping[str, frozenset[str]]) -> FormatError:
    """The error for a file that is in no format.

    Args:
        source: the file.
        known: title of a format -> names of fields by which it is known.
    """
    if is_columnar(source.data):
        finding = of_columns(sorted(column_names(source)), known)
    elif not is_table(source) and (columns := columns_of(source)):
        finding = of_columns(columns, known)
    else:
        first = source.first()
        finding = of_object(first, known) if isinstance(first, dict) else of_other(first)
    where = f"{source.name}, {finding.path}" if finding.path else source.name
    return FormatError(finding.found, where=where, todo=finding.todo, command=finding.command)


def columns_of(source: Source) -> list[str]:
    """The columns that the first line of a text names, if it looks like that of a table."""
    begin, ends, _ = source.data[:10_000].partition(b"\n")
    line = begin.decode(errors="replace").strip()
    names = [name.strip().strip('"') for name in line.split(separator_of(line))]
    names = names if ends else names[:-1]  # the last may be cut
    usual = len(names) > 1 and all(name and len(name) <= 60 for name in names)
    return names if usual and b"\n" in source.data else []


def of_columns(names: Sequence[str], known: Mapping[str, frozenset[str]]) -> Finding:
    """What a table is that no format claims."""
    if not names:
        return Finding("a table without columns", "", "give one with a column of prompts and one of answers")
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        found = f"the first line names two columns {shown(twice[0])}"
        return Finding(found, "", "give each column a name of its own")
    found = f"a table in no known format, with the columns {', '.join(names[:FIELDS])}{nearest(names, known)}"
    return Finding(found, "", "say what its columns are", as_options(guess_columns(names)))


def as_options(guessed: Mapping[str, str]) -> str:
    """The options by which a command learns what the columns of a table are."""
    return " ".join(f"--map {role}={guessed.get(role, 'COLUMN')}" for role in ("prompt", "answer", "reward"))


def nearest(names: Iterable[str], known: Mapping[str, frozenset[str]]) -> str:
    """The formats whose fields are most alike, as the end of a clause; "" where none has two of them."""
    given = set(names)
    alike = sorted(((len(fields & given) / len(fields | given), title) for title, fields in known.items() if fields))
    best = [title for share, title in reversed(alike[-2:]) if share and len(known[title] & given) > 1]
    further = sorted(known[best[0]] - given) if len(best) == 1 else []
    lacking = f", which also has {', '.join(further)}" if further else ""
    return f"; nearest to {' and '.join(best)}{lacking}" if best else ""


def of_object(first: Mapping[str, Any], known: Mapping[str, frozenset[str]]) -> Finding:
    """What an object is, if no forest."""
    if not first:
        return Finding("an empty object is no forest", "", EXAMPLE)
    if "format" in first:
        return Finding(f"the format is {shown(first['format'])}", "$.format", f"this program reads {VERSION}")
    if "forests" in first:
        return of_list(first["forests"])
    if "nodes" in first:
        return Finding("no format field", "$", f'add "format": "{VERSION}"')
    rows = lists_in(first)
    inner = next(iter(rows.values()))[0] if len(rows) == 1 else first
    guessed = guess_columns(inner)
    if "prompt" in inner and "answer" in inner and "reward" not in guessed:
        return Finding("these are questions, not forests", "", "sample answers to them", "treecore rollout --task FILE")
    named = f"{', '.join(sorted(first)[:FIELDS])}{inner_names(first)}"
    found = f"no known format: an object with the fields {named}{nearest(first, known) or nearest(inner, known)}"
    return Finding(found, "", "say what its fields are", as_options(guessed))


def of_list(forests: Any) -> Finding:
    """What stands under "forests", if no forests."""
    if not isinstance(forests, list):
        return Finding(f"{shown(forests)} is not a list of forests", "$.forests", "list at least one")
    if not forests:
        return Finding("the list of forests is empty", "$.forests", "list at least one")
    if isinstance(forests[0], dict) and forests[0].get("format") is None:
        return Finding("no format field", "$.forests[0]", f'add "format": "{VERSION}"')
    return Finding(f"{shown(forests[0])} is not a forest", "$.forests[0]", EXAMPLE)


def of_other(first: Any) -> Finding:
    """What a value that is no object is."""
    if isinstance(first, list) and first and isinstance(first[0], dict) and "nodes" in first[0]:
        return Finding("a bare list of forests", "", 'put one on each line, or the list under "forests" in an object')
    kind = "an empty list" if first == [] else f"the list {shown(first)}" if isinstance(first, list) else shown(first)
    return Finding(f"the file holds {kind}, no forest", "", EXAMPLE)
