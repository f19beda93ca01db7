"""Batches of forests to compare methods on: random ones, and every degenerate kind that methods stumble over."""

from __future__ import annotations

from functools import cache
from itertools import count
from typing import Any

import numpy as np
from forests import random_forest, random_tokens, words
from hypothesis import assume
from hypothesis import strategies as st

from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.errors import MethodError
from treecore.methods import compute
from treecore.methods.registry import Credit

ANSWERS = ("1", "2", "3")
WORDS = ("two times three is six", "two times three is five", "six plus one", "<think>hm</think> add one", "")
KINDS: dict[str, dict[str, Any]] = {
    "bush": {"n": 16, "n_trees": 3},
    "one tree": {"n": 14},
    "deep chain": {"n": 25, "reach": 1},
    "near chain": {"n": 20, "reach": 2},
    "chains only": {"n": 12, "n_trees": 12},
    "single rollout": {"n": 4, "reach": 1},
    "single node": {"n": 1},
    "unscored leaves": {"n": 18, "n_trees": 2, "unscored": 0.5},
    "all wrong": {"n": 12, "rewards": (0.0,)},
    "all right": {"n": 12, "rewards": (1.0,)},
    "all 0.1": {"n": 12, "rewards": (0.1,)},
    "all 0.2": {"n": 12, "rewards": (0.2,)},
    "graded": {"n": 15, "rewards": (0.0, 0.1, 0.3, 1.0)},
    "signed": {"n": 15, "rewards": (-1.0, 1.0)},
}


def annotated(rng: np.random.Generator, *, n: int, **kind: Any) -> Forest:
    """A forest with everything that some method may need: tokens, texts, observations, Monte Carlo values, labels."""
    values = np.where(rng.random(n) < 0.3, np.nan, rng.integers(0, 5, size=n) / 4)
    labelling = rng.spawn(1)[0]
    columns = {
        "label": labelling.choice([-1.0, 0.0, 0.5, 1.0, np.nan], size=n),
        "mc_value": values,
        "mc_count": np.where(np.isnan(values), np.nan, rng.integers(1, 9, size=n)),
        "call_ok": rng.integers(0, 2, size=n).astype(np.float64),
        "fold_preference": np.where(rng.random(n) < 0.5, np.nan, rng.normal(size=n)),
    }
    forest = random_forest(
        rng,
        n,
        tokens=True,
        born=rng.permutation(n),
        columns=columns,
        text=words(rng, WORDS, n),
        observation=words(rng, ("", "found"), n),
        reference="\n".join(WORDS[:3]),
        **kind,
    )
    counts = np.where((forest.parent < 0) & (n > 1), 0, rng.integers(0, 5, size=n))
    tokens = random_tokens(rng, counts)
    return forest.with_columns(tokens=tokens, n_model_tokens=np.full(n, -1), n_obs_tokens=np.full(n, -1))


def is_complete(forest: Forest) -> bool:
    """Whether no method can refuse the forest for want of data."""
    tokens = [forest.tokens.logprob, forest.tokens.confidence] if forest.tokens else [np.array([])]
    columns = [forest.columns["mc_value"], forest.columns["label"]]
    return all(np.isfinite(values).any() for values in [forest.reward, *columns, *tokens])


def computed(batch: Forests, method: str, **params: Any) -> Credit:
    """The method's credit; a batch whose outcomes it cannot read as shares of success is passed over."""
    try:
        return compute(batch, method, **params)
    except MethodError as error:
        assume("shares of success" not in str(error))
        raise


@cache
def example(kind: str, number: int) -> Forest:
    """One of the forests of a kind; made once, since many tests draw it."""
    return annotated(np.random.default_rng([number, *kind.encode()]), **KINDS[kind])


COMPLETE = ("one tree", next(number for number in count() if is_complete(example("one tree", number))))
OF_A_KIND = 200


@st.composite
def batches(draw: st.DrawFn) -> Forests:
    """One to three forests of any kinds, and one that has what every method needs where they lack it."""
    one = st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, OF_A_KIND - 1))
    made = [example(*drawn) for drawn in draw(st.lists(one, min_size=1, max_size=3, unique=True))]
    return Forests(made if any(map(is_complete, made)) else [*made, example(*COMPLETE)])
