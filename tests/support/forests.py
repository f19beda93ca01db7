"""Random forests for tests. Everything comes from the generator that is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from treecore.core.columns import NATS, TOKEN_COLUMNS
from treecore.core.forest import Forest, TokenTable
from treecore.core.topology import Topology

WORDS = ("alpha", "beta", "", "3*4=12", "日本", "[bold]x[/bold]", "a\tb", "\x1b[31mred", "“quoted”", "𝄞")


def words(rng: np.random.Generator, among: Sequence[str], n: int) -> list[str]:
    """`n` of these, each as likely as the others."""
    return [among[k] for k in rng.integers(len(among), size=n).tolist()]


def random_parent(rng: np.random.Generator, n: int, *, n_trees: int = 1, reach: int = 10**9) -> np.ndarray:
    """`[n]` parents, `parent[i] < i`; `n_trees` roots; a node hangs at most `reach` rows below its parent."""
    parent = np.array([rng.integers(max(0, i - reach), i) if i else -1 for i in range(n)], dtype=np.int64)
    parent[rng.permutation(np.arange(1, n))[: n_trees - 1]] = -1
    return parent


def random_forest(
    rng: np.random.Generator,
    n: int = 20,
    *,
    n_trees: int = 1,
    reach: int = 10**9,
    unscored: float = 0.0,
    rewards: tuple[float, ...] = (0.0, 0.25, 1.0),
    tokens: bool = False,
    **changes: Any,
) -> Forest:
    """A forest of `n` nodes with rewards on its leaves, texts and token counts.

    Args:
        unscored: share of leaves without a reward.
        rewards: to draw from.
        tokens: record tokens too, in place of counts.
        changes: fields of `Forest` to set instead.
    """
    parent = random_parent(rng, n, n_trees=n_trees, reach=reach)
    topology = Topology(parent)
    reward = np.where(topology.is_leaf, rng.choice(rewards, size=n), np.nan)
    reward[topology.is_leaf & (rng.random(n) < unscored)] = np.nan
    counts = np.where(parent < 0, 0, rng.integers(0, 5, size=n))
    texts = np.full(n, "", dtype=object)
    texts[parent >= 0] = words(rng, WORDS, int((parent >= 0).sum()))
    fields: dict[str, Any] = {
        "parent": parent,
        "text": texts.tolist(),
        "reward": reward,
        "status": np.where(topology.is_leaf, 1, -1),
        "born": np.arange(n),
        "prompt": "a prompt",
    }
    if tokens:
        fields["tokens"] = random_tokens(rng, counts)
    else:
        fields["n_model_tokens"] = counts
    return Forest(**{**fields, **changes})


def random_tokens(rng: np.random.Generator, counts: np.ndarray) -> TokenTable:
    """All token columns, with nulls among them."""
    total = int(counts.sum())
    columns: dict[str, Any] = {
        "id": rng.integers(-1, 50, size=total),
        "text": words(rng, WORDS, total),
        "part": rng.integers(0, 4, size=total),
    }
    for column in TOKEN_COLUMNS:
        if column.kind == "float":
            values = rng.normal(size=total)
            values[rng.random(total) < 0.2] = np.nan
            columns[column.name] = values
    likely = -np.sort(rng.exponential(size=(total, 3)), axis=1)
    without = (rng.random(total) < 0.2).tolist()
    columns["top"] = [
        () if none else [*zip("xyz", row, strict=True)] for none, row in zip(without, likely.tolist(), strict=True)
    ]
    return TokenTable(start=np.concatenate([[0], np.cumsum(counts)]), **columns)


@st.composite
def parents(draw: st.DrawFn, max_size: int = 30) -> np.ndarray:
    """Any valid parent array."""
    n = draw(st.integers(1, max_size))
    return np.array([-1] + [draw(st.integers(-1, i - 1)) for i in range(1, n)], dtype=np.int64)


NUMBERS = st.floats(-1e100, 1e100)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


def maybe(values: st.SearchStrategy[Any], null: Any) -> st.SearchStrategy[Any]:
    """A value or its null."""
    return st.just(null) | values


@st.composite
def any_forest(draw: st.DrawFn) -> Forest:
    """Any valid forest: every column, null or not, foreign fields, tokens, annotations, ids of either type."""
    parent = draw(parents(12))
    n, leaf = len(parent), Topology(parent).is_leaf
    column = lambda values, null: draw(st.lists(maybe(values, null), min_size=n, max_size=n))  # noqa: E731
    ids = draw(st.lists(st.integers(-(2**63), 2**64 - 1) | TEXT, min_size=n, max_size=n, unique_by=str))
    names = st.lists(TEXT, max_size=2, unique=True)
    foreign = st.dictionaries(TEXT.map(lambda name: f"x{name}"), JSON, max_size=2)
    small = st.integers(0, 2**63 - 1)
    reward = np.where(leaf, column(NUMBERS, np.nan), np.nan)
    return Forest(
        parent=parent,
        node_id=ids,
        text=column(TEXT, ""),
        observation=column(TEXT, ""),
        reward=reward,
        status=column(st.integers(0, 3), -1),
        born=column(small, -1),
        n_model_tokens=column(small, -1),
        n_obs_tokens=column(small, -1),
        tokens=draw(st.none() | token_tables(n)),
        columns={name: column(NUMBERS, np.nan) for name in draw(names)},
        claimed={name: column(NUMBERS, np.nan) for name in draw(names)},
        id=draw(TEXT),
        prompt=draw(TEXT),
        reference=draw(TEXT),
        policy=draw(foreign),
        provenance=draw(foreign),
        extra=draw(foreign),
        node_extra={row: fields for row in range(n) if (fields := draw(foreign))},
    )


@st.composite
def token_tables(draw: st.DrawFn, n: int) -> TokenTable:
    """Some columns of some tokens; at least one token and one column."""
    counts = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n).filter(any))
    total = sum(counts)
    values = {
        "int": maybe(st.integers(0, 2**63 - 1), -1),
        "float": maybe(st.floats(*NATS), np.nan),
        "text": TEXT,
        "pairs": st.lists(st.tuples(TEXT, st.floats(*NATS)), max_size=3).map(tuple),
    }
    chosen = draw(st.lists(st.sampled_from(TOKEN_COLUMNS), min_size=1, unique=True))
    columns = {c.name: draw(st.lists(values[c.kind], min_size=total, max_size=total)) for c in chosen}
    return TokenTable(start=np.concatenate([[0], np.cumsum(counts)]), **columns)
