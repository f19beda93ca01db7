"""The data model as a Markdown document, its tables made from the declared columns and fields."""

from __future__ import annotations

from collections.abc import Iterable

from treecore.core.columns import MAX_NATS, MAX_REWARD, NODE_COLUMNS, TOKEN_COLUMNS, Column
from treecore.formats.limits import BY_SIZE, MAX_BYTES, MAX_DEPTH, MAX_NAMES, MAX_NODES
from treecore.formats.native_fields import OBJECT_FIELDS, TEXT_FIELDS, TREE, VERSION

TYPES = {"text": "`str`", "int": "`int64`", "float": "`float64`", "choice": "`int64` code; its name in a file"}
TYPES["pairs"] = "tuple of (`str`, `float`); lists in a file"
ABSENCE = {
    "text": '`""`: none',
    "int": "-1: not known",
    "float": "NaN: not assigned",
    "choice": "-1: not known",
    "pairs": "`()`: not recorded",
}

TEMPLATE = """# Data model

Generated from the declared columns by `treecore schema --markdown > docs/data-model.md`; a test fails when this file is
stale. The same declarations give the JSON Schema (`treecore schema`), the reader, the writer and the tables of pandas.

A **forest** is everything that was sampled for one prompt: `M` trees of `N` nodes, `L` of them leaves, with `T` tokens.
It is a set of columns, not of objects. One row is one node is one **step**: a run of tokens that ends at a step
boundary (a line of reasoning, or a tool call with its answer) or at a fork. A **trajectory** is the path
from a root to a leaf.

A root without text (or a thought or calls beside it), observation, tokens and reward stands for the prompt. It is no
step, and all such roots of a forest are one state. Any other root is a first step, taken from the prompt. A flat group
of `G` answers is a forest of `G` trees of one branch each; a search tree is a forest of one tree.

Three nulls, and no other sentinel: NaN in columns of floats means "not assigned" (0.0 is zero), -1 in columns of
integers means "not known" or "no parent", and an empty text means "none". In files all three are an absent field or
`null`; -1 and NaN are not written.

## Shape

| field of `Forest` | type | in a file | meaning | absence |
|---|---|---|---|---|
| `parent` | `int64 [N]` | `nodes[].parent`, an id | row of the parent, a smaller one | -1 (`null`): a root |
| `node_id` | `int` or `str`, `[N]` | `nodes[].id` | name of the node, unique as text | row numbers, outside of files |
| `tree` | `int64 [N]`, derived | `nodes[].{tree}` | {tree_meaning} | numbered in the order of the roots |
| `prompts` | `int64 [K]`, derived | | rows of the roots that stand for the prompt | no such root: empty |
| `topology` | `Topology`, derived | | children, depth, preorder, leaves | |

## Steps

Columns `[N]` of `Forest`, fields of `nodes[]` in a file.

{steps}

| more columns of steps | type | in a file | meaning | absence |
|---|---|---|---|---|
| `columns[name]` | `float64 [N]` | `nodes[].columns` | named values of steps, such as `mc_value` from fresh \
continuations | NaN: not assigned |
| `claimed[method]` | `float64 [N]` | `nodes[].credit` | credit that the file claims; shown beside the recomputed \
value, never used | NaN: nothing claimed |
| `node_extra[row]` | JSON object | any other field of a node | kept as it is | no entry |

Where a forest has tokens and a step does not give `n_model_tokens` or `n_obs_tokens`, its tokens are counted.

## Tokens

Columns `[T]` of `TokenTable` (`tokens` of a `Forest`, None where no step has any), lists of equal length under
`nodes[].tokens` in a file. The tokens of row `i` are `start[i]:start[i + 1]`; `start` is `int64 [N+1]`. A whole column
may be absent (None). Tokens of the prompt are not recorded.

{tokens}

Only tokens whose `part` is not 0 are the model's own and carry credit. Where `part` is absent or -1, a token counts as
the model's own.

## The forest itself

| field | type | meaning | absence |
|---|---|---|---|
{fields}
| `extra` | JSON object | every other field of the forest in the file, kept as it is | empty |
| `digest` | `str`, derived | SHA-256 of the content without `provenance`; equal digests mean equal forests | |

## The file

UTF-8 JSON, plain or gzip, recognised by its content. One forest a line (`.forest.jsonl`), one forest (`.forest.json`),
or `{{"forests": [...]}}`. Every forest is an object with `"format": "{version}"` and `nodes`, in any order of nodes:

```json
{{"format": "{version}", "prompt": "What is 3*4+2?",
 "nodes": [{{"id": 0, "parent": null}},
           {{"id": 1, "parent": 0, "text": "3*4=12"}},
           {{"id": 2, "parent": 1, "text": "12+2=14", "reward": 1}},
           {{"id": 3, "parent": 1, "text": "12+2=15", "reward": 0}}]}}
```

Reading puts parents before children and keeps the order of the file otherwise. Floats are written so that they read
back as the same number. What the format does not know survives reading and writing.

## What is valid

- There is at least one node. `parent[i] < i`: every parent exists, and there is no cycle.
- Ids are unique in a forest, compared as text (`7` and `"7"` are the same id).
- `reward` stands on leaves only. Rewards, `columns` and `claimed` lie between -{reward:g} and {reward:g}.
- Columns of steps have length `N`, columns of tokens length `T`; `start` runs from 0 to `T` and never falls.
- `status` is one of its names; log probabilities and what is made of them lie between -{nats:g} and {nats:g}.

## What is checked when

| when | what is checked | what a breach does |
|---|---|---|
| `ForestBuilder.add` | the parent is there; token columns of the step are equally long | `ForestError` |
| building a `Forest` (`ForestBuilder.build`, `with_columns`, any reader) | all of "What is valid" | `ForestError`: \
what, which node, what to do |
| reading a file | the above, and: JSON, the version, the type and range of every value, names written twice, whole \
numbers too large to keep, `tree` numbers that agree with the shape | `FormatError` or `ForestError` with file, line, \
JSON path and node |
| reading a file | bounds: {bytes} MB (`TREECORE_MAX_BYTES`), {nodes} million steps a forest (`TREECORE_MAX_NODES`), \
memory (`TREECORE_MAX_MEMORY`), {counts}, {names} names under `columns` and `credit`, \
{depth} levels in unknown fields | an error that names the bound |
| `treecore schema` (in a validator of JSON Schema) | names, types, ranges; not ids, parents, cycles, rewards off \
leaves, equal lengths | |
| `treecore validate` | reads the file, then runs lint | exit code 1 for an invalid file; findings leave it at 0 |
| lint (`treecore.analysis.lint`) | valid, but suspicious: groups of one or of equal rewards, leaves without reward, \
truncated or failed, roots with text, repeated forest ids, token counts and token texts that disagree with the step, \
impossible log probabilities and entropies, claimed credit that does not recompute | a finding with places and advice |
| a credit method | the columns that it needs are there | `MethodError` |

Not checked: that `text` is what the tokens spell (lint reports it), that `born` has no gaps, that a log probability
belongs to the named policy, that `reference` is right.
"""


def markdown() -> str:
    """The whole document."""
    return TEMPLATE.format(
        tree=TREE.name,
        tree_meaning=TREE.meaning,
        steps=table(NODE_COLUMNS),
        tokens=table(TOKEN_COLUMNS),
        fields="\n".join(
            [
                *(f'| `{name}` | `str` | {meaning} | `""` |' for name, meaning in TEXT_FIELDS.items()),
                *(f"| `{name}` | JSON object | {meaning} | empty |" for name, meaning in OBJECT_FIELDS.items()),
            ]
        ),
        version=VERSION,
        reward=MAX_REWARD,
        nats=MAX_NATS,
        bytes=MAX_BYTES // 1_000_000,
        nodes=MAX_NODES // 1_000_000,
        counts=BY_SIZE,
        names=MAX_NAMES,
        depth=MAX_DEPTH,
    )


def table(columns: Iterable[Column]) -> str:
    """Declared columns, one a row."""
    head = ["| column | type | unit | allowed | meaning | absence |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *map(row, columns)])


def row(column: Column) -> str:
    """One declared column."""
    cells = [
        f"`{column.name}`",
        TYPES[column.kind],
        column.unit or "none",
        allowed(column),
        column.meaning,
        ABSENCE[column.kind],
    ]
    return "| " + " | ".join(cells) + " |"


def allowed(column: Column) -> str:
    """The values that a column may hold, in words."""
    if column.choices:
        return ", ".join(f"`{name}` ({code})" for code, name in enumerate(column.choices))
    if column.minimum is None:
        return "any"
    return f"{column.minimum:g} to {column.maximum:g}" if column.maximum is not None else f"≥ {column.minimum:g}"
