"""What goes to the browser for a canvas, field by field; `app/types.d.ts` has the same for the scripts.

Node lists run over the forest's rows; NaN becomes null on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from treecore.core.topology import FloatArray
from treecore.views.inspector.mathml import Mark


class SceneSubtrees(TypedDict):
    """Steps with the same words as one group, `[G]`; `group` runs over the forest's rows.

    `count` steps are one; `ends` under it, of which `right` and `scored`; `shown` first; `folds`: opens folded.
    """

    group: NDArray[np.integer]
    parent: NDArray[np.integer]
    first: NDArray[np.integer]
    count: NDArray[np.integer]
    ends: NDArray[np.integer]
    right: NDArray[np.integer]
    scored: NDArray[np.integer]
    shown: list[int]
    folds: bool


class SceneBins(TypedDict):
    """Bars with ends of each group: those of group `g` are `start[g]` to `start[g + 1]` of `bar` and `count`.

    `bars` is how many a spread has, `start` is `[G + 1]`.
    """

    bars: int
    start: NDArray[np.integer]
    bar: NDArray[np.integer]
    count: NDArray[np.integer]


class SceneSums(TypedDict):
    """What the groups add up to in one look, `[G]`: numbers of the `n` ends that have one, and how they spread.

    `fill` and `hue` are means over the steps of a group; `fill_sum` over the `fill_n` ends under it that have a colour.
    """

    sum: FloatArray
    n: NDArray[np.integer]
    bins: SceneBins
    fill: FloatArray
    hue: FloatArray | None
    fill_sum: FloatArray
    fill_n: NDArray[np.integer]


class SceneForest(TypedDict):
    """What depends on the forest alone; a `text` is None where it is the label."""

    digest: str
    forest: str
    summary: str
    id: list[str]
    parent: NDArray[np.integer]
    order: NDArray[np.integer]
    row: FloatArray
    gap: float
    leaves: NDArray[np.integer]
    governs: FloatArray
    label: list[str]
    observation: list[str]
    text: list[str | None]
    words: Mapping[str, str]
    tokens: NDArray[np.integer]
    reward: FloatArray
    share: FloatArray
    reward_decimals: int
    subtrees: SceneSubtrees | None


class SceneAxis(TypedDict):
    """The axis drawn: its `end` in units, and a `note` where it is not the one asked for."""

    kind: Literal["steps", "tokens"]
    end: float
    note: str


class SceneFill(TypedDict):
    """Values, kind and ends of the colour scale; `spans`: the ends are the lowest and the highest value."""

    kind: Literal["diverging", "granularity", "both", "sequential"]
    title: str
    low: float
    high: float
    spans: bool
    on: bool
    partial: bool
    values: FloatArray
    hue: FloatArray | None


class SceneTable(TypedDict):
    """The columns beside the leaves; bars begin at 0, or at `low` where the numbers are a level."""

    outcomes: bool
    numbers: bool
    title: str
    values: FloatArray
    low: float | None
    limit: float
    decimals: int


class SceneFormula(TypedDict):
    """An equation at a node: what it is worked for, its rows, and for each number in it the nodes it comes from."""

    name: str
    rows: Sequence[Mark]
    about: list[str]
    nodes: list[list[int]]


class SceneBracket(TypedDict):
    """Siblings beside each other, and what stands between them."""

    rows: Sequence[int]
    text: str


class SceneStage(TypedDict):
    """What is shown at one point of a walk through a scene; `visible` null shows all.

    `lane`: characters of the longest badge of each node on the walk, whose room words leave free; null where badges
    take no more than now. `brackets` are those of the whole walk, for the same reason; `bracket` is the place of
    the one that is shown. `moves` are numbers on their way along an edge, as `(child, parent, text)`; `weights` are
    those of tokens.
    """

    visible: NDArray[np.int8] | None
    highlight: Sequence[int]
    badges: Mapping[str, str]
    lane: NDArray[np.integer] | None
    marked: Sequence[int]
    follow: bool
    formula: SceneFormula | None
    brackets: Sequence[SceneBracket]
    bracket: int | None
    moves: Sequence[tuple[int, int, str]]
    weights: FloatArray | None


class SceneChange(TypedDict):
    """What was before somebody changed the forest; lists run over its rows, null where nothing is to be shown.

    `governs` and `step` are granularity now, in which pruned branches do not count (`analysis.granularity`).
    `fill` and `share` are the colour and the outcome of ghosts, `reward` and `numbers` what the table had; `pruned`
    marks rows that are gone, `badges` say what was done where.
    """

    fill: FloatArray
    share: FloatArray
    reward: FloatArray
    numbers: FloatArray
    pruned: NDArray[np.int8]
    governs: FloatArray
    step: FloatArray
    badges: Mapping[str, str]


class SceneLook(TypedDict):
    """How a forest looks now: colours, numbers, stage, and what it was before it was changed."""

    x: FloatArray
    axis: SceneAxis
    credit: FloatArray
    value: FloatArray
    fill: SceneFill
    table: SceneTable
    decimals: int
    stage: SceneStage
    prompts: list[int]
    change: SceneChange | None
    sums: SceneSums | None


class SceneReader(TypedDict):
    """What a page knows of its reader: what is folded on the trees (`app.state.folds`), and the words looked for.

    `of` names the forest that they are of; `heard` is the number of the last choice that the page heard.
    """

    of: str
    folds: str
    find: str
    heard: int


class SceneHead(TypedDict):
    """First line of what is sent: stamps of the parts, and `sent`, the stamp and bytes of those that follow.

    `reader` is None where the browser alone keeps folds.
    """

    script: str
    style: str
    forest: str
    look: str
    key: str
    height: int
    linked: bool
    listable: bool
    reader: SceneReader | None
    sent: list[tuple[str, int]]
