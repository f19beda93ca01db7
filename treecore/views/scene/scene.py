"""What the tree canvas shows, in two parts: the forest, and how it looks now. Pure: knows no streamlit and no pixels.

All node lists run over the forest's rows. Null stands for "not assigned"; the canvas never sees NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import orjson

from treecore.analysis.granularity import counts_tokens, granularity
from treecore.core.batch import Forests
from treecore.core.collector import collector_paused
from treecore.core.forest import Forest
from treecore.core.outcomes import outcome_range
from treecore.core.topology import BoolArray, FloatArray, IntArray
from treecore.methods.ops.groups import back_up
from treecore.methods.registry import NEUTRAL, Credit, Ends
from treecore.views.layout import by_length, by_steps
from treecore.views.scene.part import Part, as_json, numbers, safe
from treecore.views.scene.shape import forest_part, grouped
from treecore.views.scene.subtrees import MIN_ENDS, sums_part
from treecore.views.scene.types import (
    SceneAxis,
    SceneBracket,
    SceneChange,
    SceneFill,
    SceneFormula,
    SceneLook,
    SceneStage,
    SceneTable,
)

RESIDUE = 1e-9
MAX_BADGE = 24
"""Characters of a badge."""
Colour = Literal["credit", "granularity", "both", "value", "entropy"]
Axis = Literal["steps", "tokens"]


@dataclass(frozen=True, eq=False)
class Scene:
    """Two parts that go to the browser apart, because colours, numbers and stages change on a forest that does not."""

    forest: Part
    look: Part

    def __getitem__(self, name: str) -> Any:
        """A value as the browser reads it."""
        return self._read[name]

    @cached_property
    def _read(self) -> dict[str, Any]:
        forest = orjson.loads(self.forest.body)
        text = [label if words is None else words for label, words in zip(forest["label"], forest["text"], strict=True)]
        return {**forest, "text": text, **orjson.loads(self.look.body)}


@dataclass(frozen=True, eq=False)
class Stage:
    """What of a scene is shown at one point of a walk through it. Positions and scales never depend on it.

    Attributes:
        visible: `[N]` nodes that have grown so far, closed under parents; None shows all.
        highlight: rows to look at; the others fade. Empty fades nothing.
        outcomes: whether leaf shapes and the outcome column are known yet.
        advantages: whether the column of numbers is shown yet.
        filled: whether nodes carry a colour and sign yet; neutral otherwise, and no credit is named.
        values: whether the mean outcome beneath each step may be shown yet.
        fill: `[N]` values to colour instead of the scene's, on the same scale; NaN neutral,
            or hatched where the credit itself is not assigned.
        numbers: `[N]` values of leaves for the column of numbers instead of the advantage.
        numbers_title: heading of that column; "" keeps the scene's.
        badges: row -> a few characters written at the node, for example `1/2`.
        lane: `[N]` characters of the longest badge of each node in any stage, whose room words leave free.
        marked: rows whose numbers stand beside the picture; a ring is drawn around them.
        formula: an equation at the first of the marked nodes.
        brackets: siblings that are compared in any stage; bracket: which of them in this one.
        moves: numbers that travel along an edge when this stage begins: child, parent, text.
        weights: `[N]` weight of each token of a step, NaN for none; None draws no tokens.
        follow: look at the path to the selected step, which the browser knows, in place of `highlight`.
        folds: subtrees can be folded into shapes, where there are ends enough for that and nothing was changed.
    """

    visible: BoolArray | None = None
    highlight: Sequence[int] = ()
    outcomes: bool = True
    advantages: bool = True
    filled: bool = True
    values: bool = True
    fill: FloatArray | None = None
    numbers: FloatArray | None = None
    numbers_title: str = ""
    badges: Mapping[int, str] = field(default_factory=dict)
    lane: IntArray | None = None
    marked: Sequence[int] = ()
    formula: SceneFormula | None = None
    brackets: Sequence[SceneBracket] = ()
    bracket: int | None = None
    moves: Sequence[tuple[int, int, str]] = ()
    weights: FloatArray | None = None
    follow: bool = False
    folds: bool = False


@collector_paused()
def make_scene(
    forest: Forest,
    credit: Credit | None,
    *,
    colour: Colour = "credit",
    axis: Axis = "steps",
    ends: Ends | None = None,
    stage: Stage | None = None,
    change: SceneChange | None = None,
) -> Scene:
    """Everything the canvas draws for one forest.

    Args:
        forest: what to draw.
        credit: of this forest, or of a batch that holds it; None before any method has run.
        colour: what the fill of a node means. `both` takes the hue from granularity and the lightness from `|credit|`.
        axis: time in steps, leaves aligned; or in tokens, which falls back to steps where counts are missing.
        ends: of the colour scale; the credit's own (its whole batch) by default.
        stage: see `Stage`; None shows all.
        change: what was before somebody changed the forest (`changed.change_of`).

    Raises:
        ValueError: a credit of other forests, or a stage that shows a node without its parent.
    """
    own = None if credit is None else _own_part(forest, credit)
    stage, known = stage or Stage(), ends is not None
    ends = ends or (NEUTRAL if credit is None else credit.ends)
    limit = ends.high
    leaf_title, leaf_values = _leaf_numbers(forest, own, stage)
    nothing = np.full(len(forest), np.nan)
    folds = stage.folds and change is None and len(forest.leaves) >= MIN_ENDS
    fill = _fill(forest, own, change, colour=colour, ends=ends, stage=stage)
    table: SceneTable = {
        "outcomes": stage.outcomes,
        "numbers": stage.advantages and leaf_title != "",
        "title": leaf_title,
        "values": numbers(leaf_values),
        "low": None if ends.signed else ends.low,
        "limit": limit if known else max(limit, _largest(leaf_values)),
        "decimals": ends.decimals,
    }
    look: SceneLook = {
        "x": _axis_of(forest, axis),
        "axis": _axis_note(forest, axis),
        "credit": numbers(_quiet(own.credit, limit) if own is not None and stage.filled else nothing),
        "value": numbers(value_of(forest, own) if stage.values else nothing),
        "fill": fill,
        "table": table,
        "decimals": ends.decimals,
        "stage": _stage(forest, stage),
        "prompts": forest.prompts.tolist() if own is not None and own.one_prompt else [],
        "change": change,
        "sums": sums_part(grouped(forest), fill, table) if folds else None,
    }
    return Scene(forest_part(forest, folds=folds), as_json(look))


def _own_part(forest: Forest, credit: Credit) -> Credit:
    for number, other in enumerate(credit.forests):
        if other is forest or (len(other) == len(forest) and other.digest == forest.digest):
            return credit if len(credit.forests) == 1 else credit.of(number)
    raise ValueError("the credit was computed on other forests; compute it on this one")


def _axis_of(forest: Forest, axis: Axis) -> FloatArray:
    """Positions from 0 (root) to 1 (the end of the longest trajectory)."""
    if axis == "tokens" and _has_lengths(forest):
        position = by_length(forest.topology, _lengths(forest))
    else:
        position = by_steps(forest.topology, align_leaves=True)
    return numbers(position / max(position.max(), 1.0), 5)


def _axis_note(forest: Forest, axis: Axis) -> SceneAxis:
    """`kind` of the axis drawn, its `end` in units, and a `note` where it is not the one asked for."""
    if axis == "tokens" and _has_lengths(forest):
        return {"kind": "tokens", "end": float(by_length(forest.topology, _lengths(forest)).max()), "note": ""}
    note = "no token counts recorded: shown in steps" if axis == "tokens" else ""
    return {"kind": "steps", "end": float(forest.topology.depth.max()), "note": note}


def _has_lengths(forest: Forest) -> bool:
    return counts_tokens(Forests(forest))


def _lengths(forest: Forest) -> FloatArray:
    """Tokens of each step, the environment's included. `[N]`"""
    return forest.n_model_tokens.astype(np.float64) + np.maximum(forest.n_obs_tokens, 0)


def value_of(forest: Forest, credit: Credit | None) -> FloatArray:
    """The method's own value of each node where it has one, else the mean outcome beneath."""
    if credit is not None and "value" in credit.nodes and np.isfinite(credit.nodes["value"]).any():
        return credit.nodes["value"]
    with np.errstate(over="ignore", invalid="ignore"):
        return back_up(Forests(forest), forest.reward).mean


def mean_entropy(forest: Forest) -> FloatArray:
    """Mean entropy of the model's tokens in each step, in nats; NaN where not recorded. `[N]`"""
    tokens = forest.tokens
    if tokens is None or tokens.entropy is None:
        return np.full(len(forest), np.nan)
    known = tokens.is_model & np.isfinite(tokens.entropy)
    total = np.bincount(tokens.node[known], weights=tokens.entropy[known], minlength=len(forest))
    count = tokens.count(known)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _fill(
    forest: Forest, credit: Credit | None, change: SceneChange | None, *, colour: Colour, ends: Ends, stage: Stage
) -> SceneFill:
    """Values, kind and ends of the colour scale; `kind` is diverging, granularity, both or sequential."""
    blank = np.full(len(forest), np.nan)
    signal = blank if credit is None else _quiet(credit.credit, ends.high)
    low, high, signed = ends
    kind: Literal["diverging", "granularity", "both", "sequential"]
    if colour == "credit":
        kind, title = "diverging" if signed else "sequential", stage.numbers_title or "credit"
        values = signal
    elif colour == "granularity":
        kind, title, values, low, high = "granularity", "granularity", _decided(forest, change), 0.0, 1.0
    elif colour == "both":
        kind, title, values = "both", "|credit|", signal
    elif colour == "value":
        kind, title, values = "sequential", "value", value_of(forest, credit)
        low, high = outcome_range(forest)
    else:
        kind, title, values = "sequential", "entropy", mean_entropy(forest)
        low, high = _lowest(values), _largest(values) or 1.0
    return {
        "kind": kind,
        "title": title,
        "low": low,
        "high": high,
        "spans": kind == "sequential" and colour != "value",
        "on": stage.filled and (credit is not None or stage.fill is not None or colour not in ("credit", "both")),
        "partial": stage.fill is not None,
        "values": numbers(values if stage.fill is None else stage.fill),
        "hue": numbers(_decided(forest, change)) if colour == "both" else None,
    }


def _decided(forest: Forest, change: SceneChange | None) -> FloatArray:
    """Share of the trajectory that each step decides; of a changed forest without what was pruned. `[N]`"""
    return granularity(Forests(forest)).step if change is None else change["step"]


def _leaf_numbers(forest: Forest, credit: Credit | None, stage: Stage) -> tuple[str, FloatArray]:
    """Heading and values of the column of numbers: the advantage, or else the leaf's credit."""
    leaf = forest.topology.is_leaf
    title, values = "", np.full(len(forest), np.nan)
    if credit is not None:
        title = "advantage" if "advantage" in credit.leaves else "credit"
        values = credit.leaves.get("advantage", credit.credit)
    if stage.numbers is not None:
        title, values = title or "value", stage.numbers
    return stage.numbers_title or title, np.where(leaf, values, np.nan)


def _stage(forest: Forest, stage: Stage) -> SceneStage:
    visible = None
    if stage.visible is not None:
        shown = np.asarray(stage.visible, dtype=bool)
        inner = forest.parent >= 0
        if bool((shown & inner & ~shown[np.where(inner, forest.parent, 0)]).any()):
            raise ValueError("a stage shows a node without its parent; show the whole path to it")
        visible = shown.astype(np.int8)
    return {
        "visible": visible,
        "highlight": [int(row) for row in stage.highlight],
        "badges": {str(row): safe(text, MAX_BADGE) for row, text in stage.badges.items()},
        "lane": stage.lane,
        "marked": [int(row) for row in stage.marked],
        "follow": stage.follow,
        "formula": stage.formula,
        "brackets": stage.brackets,
        "bracket": stage.bracket,
        "moves": [(child, parent, safe(text, MAX_BADGE)) for child, parent, text in stage.moves],
        "weights": None if stage.weights is None else numbers(stage.weights),
    }


def _largest(values: FloatArray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.abs(finite).max()) if len(finite) else 0.0


def _lowest(values: FloatArray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.min()) if len(finite) else 0.0


def _quiet(values: FloatArray, limit: float) -> FloatArray:
    """Values with what is only rounding set to zero, so that it gets no sign."""
    return np.where(np.abs(values) < RESIDUE * limit, 0.0, values)
