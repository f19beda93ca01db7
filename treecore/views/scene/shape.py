"""The part of a scene that depends on the forest alone: shape, rows, words, outcomes. Knows no credit and no stage."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from treecore.analysis.frames import phrases
from treecore.analysis.granularity import granularity
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.numerals import counted, whole
from treecore.core.outcomes import is_right, outcome_share
from treecore.core.step_text import ANY_TAG, plain, step_parts
from treecore.core.topology import FloatArray
from treecore.views.layout import leaf_rows
from treecore.views.scene.part import Part, as_json, encodable, numbers, safe
from treecore.views.scene.subtrees import Subtrees, subtrees_of, subtrees_part
from treecore.views.scene.types import SceneForest

FULL_TEXT_NODES = 20_000
MAX_TEXT = 1_200
SHORTENED_TEXT = 120
MAX_LABEL = 160
MAX_HOVER = 600

_made: WeakKeyDictionary[Forest, dict[bool, Part]] = WeakKeyDictionary()
_grouped: WeakKeyDictionary[Forest, Subtrees] = WeakKeyDictionary()


def forest_part(forest: Forest, *, folds: bool = False) -> Part:
    """The part of a forest, made once for as long as the forest is there.

    Args:
        folds: with the groups by which it can be folded.
    """
    made = _made.setdefault(forest, {})
    if folds not in made:
        made[folds] = _make(forest, folds=folds)
    return made[folds]


def grouped(forest: Forest) -> Subtrees:
    """Steps with the same words as one, found once for as long as the forest is there."""
    if forest not in _grouped:
        _grouped[forest] = subtrees_of(forest)
    return _grouped[forest]


def _make(forest: Forest, *, folds: bool) -> Part:
    topology, extra = forest.topology, forest.node_extra
    most = MAX_TEXT if len(forest) <= FULL_TEXT_NODES else SHORTENED_TEXT
    single = forest.n_trees == len(forest.leaves)
    gap = 0.35 if single else 0.7
    label = each(phrases(forest), lambda text: safe(text, MAX_LABEL))
    text = each(forest.text, lambda text: safe(text, most))
    forest_fields: SceneForest = {
        "digest": _shape_digest(forest),
        "forest": _prompt_digest(forest),
        "summary": _summary(forest),
        "id": [encodable(str(name)) for name in forest.node_id],
        "parent": np.ascontiguousarray(forest.parent),
        "order": np.ascontiguousarray(topology.order),
        "row": numbers(leaf_rows(topology, gap=gap), 3),
        "gap": gap,
        "leaves": np.ascontiguousarray(topology.n_leaves),
        "governs": numbers(granularity(Forests(forest)).governs),
        "label": label,
        "observation": each(forest.observation, lambda text: safe(plain(text), MAX_LABEL)),
        "text": [None if words == label[row] else words for row, words in enumerate(text)],
        "words": {
            str(row): safe(_words(text, extra.get(row, {})), min(most, MAX_HOVER))
            for row, text in enumerate(forest.text)
            if ANY_TAG.search(text)
        },
        "tokens": np.ascontiguousarray(forest.n_model_tokens),
        "reward": numbers(forest.reward),
        "share": numbers(outcome_share(forest)),
        "reward_decimals": _reward_decimals(forest.reward),
        "subtrees": subtrees_part(grouped(forest)) if folds else None,
    }
    return as_json(forest_fields)


def each(texts: Sequence[str], turn: Callable[[str], str]) -> list[str]:
    """`turn` of each text, found once for those that are the same: in large forests most are."""
    known: dict[str, str] = {}
    return [known[text] if text in known else known.setdefault(text, turn(text)) for text in texts]


def _words(text: str, fields: Mapping[str, Any]) -> str:
    """The words of a tagged step without its tags, a line for each part; "" where they are an answer alone."""
    parts = step_parts(text, fields)
    return "" if {part.kind for part in parts} == {"answer"} else "\n".join(part.text for part in parts)


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
        f"Reasoning forest: {counted(trees, 'tree')}, {counted(leaves, 'trajectory', 'trajectories')}, "
        f"{whole(n_right)} right, {counted(len(forest), 'node')}."
    )


def _reward_decimals(reward: FloatArray) -> int:
    known = reward[np.isfinite(reward)]
    tenths = known[np.abs(known) < 1e12] * 10
    if np.allclose(tenths, 10 * np.round(tenths / 10), atol=1e-9):
        return 0
    return 1 if np.allclose(tenths, np.round(tenths), atol=1e-9) else 2
