"""What the tree canvas shows, as one JSON-ready dictionary. Pure: knows forests and credits, not streamlit or pixels.

All node lists run over the forest's rows. None stands for "not assigned"; the canvas never sees NaN.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from treecore.analysis.granularity import granularity
from treecore.credit.registry import Credit
from treecore.credit.values import back_up
from treecore.forest import Forest
from treecore.forests import Forests
from treecore.layout import by_length, by_steps, leaf_rows
from treecore.outcomes import is_right, top_reward
from treecore.steptext import plain, split_step
from treecore.topology import BoolArray, FloatArray

RESIDUE = 1e-9
Colour = Literal["credit", "granularity", "both", "value", "entropy"]
Axis = Literal["steps", "tokens"]
Scene = dict[str, Any]

FULL_TEXT_NODES = 20_000
LONGEST_TEXT = 1_200
SHORTENED_TEXT = 120


@dataclass(frozen=True, eq=False)
class Stage:
    """What of a scene is shown at one point of a walk through it. Positions and scales never depend on it.

    Attributes:
        visible: `[N]` nodes that have grown so far, closed under parents; None shows all.
        highlight: rows to look at; the others fade. Empty fades nothing.
        outcomes: whether leaf shapes and the outcome column are known yet.
        advantages: whether the column of numbers is shown yet.
        filled: whether nodes carry a colour and sign yet; neutral otherwise.
        fill: `[N]` values to colour instead of the scene's, on the same scale; NaN neutral,
            or hatched where the credit itself is not assigned.
        numbers: `[N]` values of leaves for the column of numbers instead of the advantage.
        numbers_title: heading of that column; "" keeps the scene's.
        badges: row -> a few characters written at the node, for example `1/2`.
    """

    visible: BoolArray | None = None
    highlight: Sequence[int] = ()
    outcomes: bool = True
    advantages: bool = True
    filled: bool = True
    fill: FloatArray | None = None
    numbers: FloatArray | None = None
    numbers_title: str = ""
    badges: Mapping[int, str] = field(default_factory=dict)


def make_scene(
    forest: Forest,
    credit: Credit | None,
    *,
    colour: Colour = "credit",
    axis: Axis = "steps",
    scale: float | None = None,
    stage: Stage | None = None,
) -> Scene:
    """Everything the canvas draws for one forest.

    Args:
        forest: what to draw.
        credit: of this forest, or of a batch that holds it; None before any method has run.
        colour: what the fill of a node means. `both` takes the hue from granularity and the lightness from `|credit|`.
        axis: time in steps, leaves aligned; or in tokens, which falls back to steps where counts are missing.
        scale: `|credit|` at the ends of the colour scale; the credit's own (its whole batch) by default.
        stage: see `Stage`; None shows all.

    Raises:
        ValueError: a credit of other forests, or a stage that shows a node without its parent.
    """
    own = None if credit is None else _own_part(forest, credit)
    limit = scale if scale is not None else (credit.scale if credit is not None else 1.0)
    fixed = _fixed(forest)
    stage = stage or Stage()
    leaf_title, leaf_values = _leaf_numbers(forest, own, stage)
    return {
        **fixed,
        "x": _axis_of(forest, axis),
        "axis": _axis_note(forest, axis),
        "credit": _numbers(_quiet(own.credit, limit)) if own is not None else [None] * len(forest),
        "value": _numbers(_value(forest, own)),
        "fill": _fill(forest, own, colour=colour, limit=limit, stage=stage),
        "table": {
            "outcomes": stage.outcomes,
            "numbers": stage.advantages and leaf_title != "",
            "title": leaf_title,
            "values": _numbers(leaf_values),
            "limit": max(limit, _largest(leaf_values)) if scale is None else limit,
            "decimals": decimals_for(limit),
        },
        "decimals": decimals_for(limit),
        "stage": _stage(forest, stage),
    }


def outcome_share(forest: Forest) -> FloatArray:
    """Each leaf's reward between the bottom (0) and the top (1) of the scale, NaN where there is none. `[N]`

    The scale is 0 to 1, wider where rewards go beyond; a leaf at its top counts as right.
    """
    low, high = outcome_range(forest)
    half = high / 2 - low / 2
    return np.where(is_right(forest), 1.0, (forest.reward / 2 - low / 2) / half)


def outcome_range(forest: Forest) -> tuple[float, float]:
    """Bottom and top of the scale of outcomes: 0 and 1, or the extreme rewards where those lie outside."""
    known = forest.reward[np.isfinite(forest.reward)]
    return float(min([0.0, *known])), top_reward(forest)


def decimals_for(limit: float) -> int:
    """Decimals that tell values up to `limit` apart: 2, and more for small scales."""
    return int(np.clip(math.ceil(-math.log10(limit)) + 1, 2, 6)) if limit > 0 else 2


def _own_part(forest: Forest, credit: Credit) -> Credit:
    for number, other in enumerate(credit.forests):
        if other is forest or (len(other) == len(forest) and other.digest == forest.digest):
            return credit.of(number)
    raise ValueError("the credit was computed on other forests; compute it on this one")


@lru_cache(maxsize=8)
def _fixed(forest: Forest) -> Scene:
    """The part that depends on the forest alone."""
    topology = forest.topology
    most = LONGEST_TEXT if len(forest) <= FULL_TEXT_NODES else SHORTENED_TEXT
    share = outcome_share(forest)
    single = forest.n_trees == len(forest.leaves)
    gap = 0.35 if single else 0.7
    return {
        "digest": _shape_digest(forest),
        "forest": _prompt_digest(forest),
        "summary": _summary(forest),
        "id": [_safe(str(name), 200) for name in forest.node_id],
        "parent": forest.parent.tolist(),
        "order": topology.order.tolist(),
        "row": _numbers(leaf_rows(topology, gap=gap), 3),
        "gap": gap,
        "leaves": topology.n_leaves.tolist(),
        "governs": _numbers(granularity(Forests(forest)).governs),
        "label": [_safe(split_step(text).label, 160) for text in forest.text],
        "observation": [_safe(plain(text), 160) for text in forest.observation],
        "text": [_safe(text, most) for text in forest.text],
        "tokens": forest.n_model_tokens.tolist(),
        "reward": _numbers(forest.reward),
        "share": _numbers(share),
        "reward_decimals": _reward_decimals(forest.reward),
    }


def _shape_digest(forest: Forest) -> str:
    """Equal for forests that look the same: a changed outcome must not throw the reader's zoom away."""
    sha = hashlib.sha256(forest.parent.tobytes())
    sha.update("\x00".join([forest.prompt, *map(str, forest.node_id)]).encode("utf-8", "replace"))
    return sha.hexdigest()[:24]


def _prompt_digest(forest: Forest) -> str:
    """Equal for looks at one forest while it grows."""
    sha = hashlib.sha256("\x00".join([forest.id, forest.task, forest.prompt]).encode("utf-8", "replace"))
    return sha.hexdigest()[:24]


def _summary(forest: Forest) -> str:
    trees, leaves, n_right = forest.n_trees, len(forest.leaves), int(is_right(forest).sum())
    return (
        f"Reasoning forest: {trees} {'tree' if trees == 1 else 'trees'}, {leaves} "
        f"{'trajectory' if leaves == 1 else 'trajectories'}, {n_right} right, {len(forest)} nodes."
    )


def _reward_decimals(reward: FloatArray) -> int:
    known = reward[np.isfinite(reward)]
    tenths = known[np.abs(known) < 1e12] * 10
    return 1 if np.allclose(tenths, np.round(tenths), atol=1e-9) else 2


def _axis_of(forest: Forest, axis: Axis) -> list[float | None]:
    """Positions from 0 (root) to 1 (the end of the longest trajectory)."""
    if axis == "tokens" and _has_lengths(forest):
        position = by_length(forest.topology, _lengths(forest))
    else:
        position = by_steps(forest.topology, align_leaves=True)
    return _numbers(position / max(position.max(), 1.0), 5)


def _axis_note(forest: Forest, axis: Axis) -> dict[str, Any]:
    """`kind` of the axis drawn, its `end` in units, and a `note` where it is not the one asked for."""
    if axis == "tokens" and _has_lengths(forest):
        return {"kind": "tokens", "end": float(by_length(forest.topology, _lengths(forest)).max()), "note": ""}
    note = "no token counts recorded: shown in steps" if axis == "tokens" else ""
    return {"kind": "steps", "end": float(forest.topology.depth.max()), "note": note}


def _has_lengths(forest: Forest) -> bool:
    inner = forest.parent >= 0
    return bool(inner.any()) and bool((forest.n_model_tokens[inner] >= 0).all()) and forest.n_model_tokens.max() > 0


def _lengths(forest: Forest) -> FloatArray:
    """Tokens of each step, the environment's included. `[N]`"""
    return forest.n_model_tokens.astype(np.float64) + np.maximum(forest.n_obs_tokens, 0)


def _value(forest: Forest, credit: Credit | None) -> FloatArray:
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


def _fill(forest: Forest, credit: Credit | None, *, colour: Colour, limit: float, stage: Stage) -> dict[str, Any]:
    """Values, kind and ends of the colour scale; `kind` is diverging, granularity, both or sequential."""
    blank = np.full(len(forest), np.nan)
    signal = blank if credit is None else _quiet(credit.credit, limit)
    low, high = -limit, limit
    if colour == "credit":
        kind, title, values = "diverging", "credit", signal
    elif colour == "granularity":
        kind, title, values, low, high = "granularity", "granularity", granularity(Forests(forest)).step, 0.0, 1.0
    elif colour == "both":
        kind, title, values = "both", "|credit|", signal
    elif colour == "value":
        kind, title, values = "sequential", "value", _value(forest, credit)
        low, high = outcome_range(forest)
    else:
        kind, title, values = "sequential", "entropy", mean_entropy(forest)
        low, high = 0.0, _largest(values) or 1.0
    return {
        "kind": kind,
        "title": title,
        "low": low,
        "high": high,
        "on": stage.filled and (credit is not None or stage.fill is not None or colour not in ("credit", "both")),
        "partial": stage.fill is not None,
        "values": _numbers(values if stage.fill is None else stage.fill),
        "hue": _numbers(granularity(Forests(forest)).step) if colour == "both" else None,
    }


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


def _stage(forest: Forest, stage: Stage) -> dict[str, Any]:
    visible = None
    if stage.visible is not None:
        shown = np.asarray(stage.visible, dtype=bool)
        inner = forest.parent >= 0
        if bool((shown & inner & ~shown[np.where(inner, forest.parent, 0)]).any()):
            raise ValueError("a stage shows a node without its parent; show the whole path to it")
        visible = shown.astype(int).tolist()
    return {
        "visible": visible,
        "highlight": [int(row) for row in stage.highlight],
        "badges": {str(row): _safe(text, 24) for row, text in stage.badges.items()},
    }


def _largest(values: FloatArray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.abs(finite).max()) if len(finite) else 0.0


def _quiet(values: FloatArray, limit: float) -> FloatArray:
    """Values with what is only rounding set to zero, so that it gets no sign."""
    return np.where(np.abs(values) < RESIDUE * limit, 0.0, values)


def _numbers(values: FloatArray, digits: int = 6) -> list[float | None]:
    """Rounded, None for NaN, never minus zero. Very small and very large values keep their own precision."""
    moderate = np.isfinite(values) & (np.abs(values) >= 10.0 ** (2 - digits)) & (np.abs(values) < 1e12)
    rounded = (np.where(moderate, np.round(np.where(moderate, values, 0.0), digits), values) + 0.0).tolist()
    return [number if math.isfinite(number) else None for number in rounded]


def _safe(text: str, most: int) -> str:
    """At most `most` characters, without surrogates that no encoder takes."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return cut.encode("utf-8", "replace").decode("utf-8")
