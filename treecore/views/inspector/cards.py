"""What is said of a step, as it goes to the script of the panel; `app/types.d.ts` has the same fields."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NotRequired, TypedDict

from treecore.bidi import all_visible, visible

NAMES = {"thought": "thought", "call": "tool call", "answer": "answer", "text": "written", "answered": "answered"}
"""Kind of a part of a step -> what it is called."""


@dataclass(frozen=True)
class Piece:
    """A run of words; `differs` where a sibling has others; `part`: which part of the step they stand in."""

    text: str
    differs: bool = False
    part: int = 0


class PieceData(TypedDict):
    """A `Piece` as it is sent: without what it has by default, since a fork of many branches has hundreds."""

    text: str
    differs: NotRequired[bool]
    part: NotRequired[int]


@dataclass(frozen=True)
class StepPart:
    """A part of a step as it was written; `kind` is `thought`, `call`, `answer`, `text` or `answered`."""

    kind: str
    text: str


@dataclass(frozen=True)
class Card:
    """One step of a list.

    Attributes:
        id: node id; label: pieces of its text; note: outcomes beneath; number: its credit as text.
        sign: 1, 0, -1, or None where not assigned; chosen: it is the selected one.
        kinds: of its parts, as in `StepPart`; place: which branch it is, where words alone do not tell.
    """

    id: str
    label: tuple[Piece, ...]
    note: str
    number: str
    sign: int | None
    chosen: bool = False
    kinds: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True)
class Words:
    """Everything the panel shows about one step; empty strings and tuples are left out.

    Attributes:
        node: id of the step; eyebrow: `Step 3 of 4 · tree 1`; path: steps that led here, as cards.
        title: the step in a phrase; parts: its words as they were written, where the title does not say all.
        decides: one sentence on granularity; heading: above the siblings; verdict: below them.
    """

    node: str
    eyebrow: str = ""
    path: tuple[Card, ...] = ()
    title: str = ""
    parts: tuple[StepPart, ...] = ()
    decides: str = ""
    heading: str = ""
    siblings: tuple[Card, ...] = ()
    verdict: str = ""


def as_data(words: Words) -> dict[str, Any]:
    """The fields of `Words` for a script, direction controls visible, and `id`, the node's as it is shown.

    `node` and the ids of cards are what a click sends back; they stay as they are. Pieces become
    `PieceData`.
    """
    data = {**all_visible(asdict(words), but={"node", "id"}), "id": visible(words.node)}
    for card in (*data["path"], *data["siblings"]):
        card["label"] = [
            {name: value for name, value in piece.items() if value or name == "text"} for piece in card["label"]
        ]
    return data
