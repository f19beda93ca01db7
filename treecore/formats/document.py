"""The registry of formats as a Markdown document. Says nothing that the registry and the mapping do not say."""

from __future__ import annotations

from collections.abc import Iterator

from treecore.formats.limits import BY_SIZE, MAX_BYTES, MAX_NODES
from treecore.formats.mapping import NEEDED, SURE, USUAL
from treecore.formats.registry import FORMATS, Format
from treecore.formats.token_advantages import IDS, MASKS

PREAMBLE = f"""# File formats

Generated from the registry by `treecore formats --markdown`; tests compare the two.

Every command, the app and `treecore.read` take a file, a folder or a zip archive of a run. Formats are recognised by
content, never by name; plain, `.gz` and `.zst` alike, tables also as Parquet or Arrow (`save_to_disk`). A report says
what was recognised, guessed and dropped (`treecore validate FILE`). Rollouts come as they were recorded: one tree for
each, one step for each turn. Answers to one prompt are folded into the tree of their common beginnings by `--merge
auto`, `treecore.merge`, or the switch in the app. What a trainer said (advantages, step labels, values, judge scores,
rewards by function) is kept beside the credit and never trusted; what is absent or null is not assigned, never 0.
Answers that come without a reward get one from their reference by `treecore score FILE --verifier math -o OUT`.

Limits: {MAX_BYTES // 10**6:,} MB, {MAX_NODES:,} steps and 8 times the decompressed size in memory
(`TREECORE_MAX_BYTES`, `TREECORE_MAX_NODES`, `TREECORE_MAX_MEMORY`); {BY_SIZE}.
Pickle and `.pt` files are refused: opening one can run any code; write JSON lines or Parquet instead."""
REST = """## Any other table

JSON lines, a JSON list, CSV, TSV, Parquet or Arrow in no known format is read by naming its columns:

```
treecore show my.csv --map prompt=question --map answer=reply --map reward=ok --merge auto
treecore show my.csv --map columns.json
```

`columns.json` holds the same as one object. `a.b` is field `b` of the object in column `a`, or
column `b` of the rows that an object holds under `a`. Needed are {needed}; the
app guesses from names and shows three rows first. A table whose columns are certain by name is read at once, and the
report says what was guessed: one column for each of {sure}.

| role | names that are guessed |
|---|---|
{roles}

`ids` are lists of token ids, as text in CSV; {masks} says which of them the model wrote. Answers merge by them. As ids
have no words, those of a shared step are the words in which its answers are alike.

An advantage may be a list with one number for each token, as text in CSV; {masks} says which the model wrote, and
{ids} which they are. Where all tokens of an answer have the same number, it is claimed of the answer; where it changes
seldom, a step ends where it does, and answers share the steps at their beginning that have the same tokens and numbers.
Numbers that change from token to token are of no step: the report says so, and they are kept beside the answer."""


def markdown() -> str:
    """The whole document."""
    roles = "\n".join(f"| `{role}` | {', '.join(f'`{name}`' for name in names)} |" for role, names in USUAL.items())
    sure = "; ".join(f"the {role} ({', '.join(f'`{name}`' for name in names)})" for role, names in SURE.items())
    beside = {key: " or ".join(f"`{name}`" for name in names) for key, names in (("masks", MASKS), ("ids", IDS))}
    rest = REST.format(needed=" and ".join(f"`{role}`" for role in NEEDED), roles=roles, sure=sure, **beside)
    return "\n\n".join([PREAMBLE, "\n".join(table()), *writers(), *examples(), rest]) + "\n"


def table() -> Iterator[str]:
    """All formats side by side, in the order in which they are tried."""
    yield "| format | name | which tool writes it, and how to get one | what is not kept |"
    yield "|---|---|---|---|"
    for entry in FORMATS.values():
        yield f"| {entry.title} | `{entry.name}` | {cell(origin(entry))} | {cell(entry.lost or 'nothing')} |"


def examples() -> Iterator[str]:
    """Small files of the formats that have one."""
    shown = [entry for entry in FORMATS.values() if entry.example]
    if shown:
        yield "## What such files look like"
    for entry in shown:
        yield f"{entry.title} (`{entry.name}`):\n\n```\n{entry.example.strip()}\n```"


def origin(entry: Format) -> str:
    """Where such files come from."""
    return entry.written_by or "`treecore rollout`, `treecore convert`; by hand, see the [data model](data-model.md)"


def cell(text: str) -> str:
    """Text as a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def writers() -> Iterator[str]:
    """Formats that are written."""
    names = [f"`{entry.name}` ({', '.join(entry.extensions)})" for entry in FORMATS.values() if entry.write]
    yield f"Written by `treecore convert` and `treecore.write`: {', '.join(names)}. Other ways out: `treecore export`."
