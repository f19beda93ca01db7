"""Draw prompts from pools of several kinds, each kind with its share of them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from treecore.core.numerals import counted
from treecore.errors import TaskError

T = TypeVar("T")


def drawn_by_share(
    rng: random.Random, pools: Mapping[int, Sequence[T]], *, shares: Mapping[int, float], n: int
) -> Iterator[tuple[int, T]]:
    """`n` different items, each with its kind; the caller may draw from `rng` between them.

    Args:
        pools: items of each kind.
        shares: weight of each kind; one that is used up leaves its share to the others.

    Raises:
        TaskError: more are wanted than there are.
    """
    available = sum(len(pool) for pool in pools.values())
    if n > available:
        raise TaskError(f"{counted(n, 'prompt')} asked, {counted(available, 'exists', 'exist')}", todo="ask for fewer")
    shuffled = {kind: rng.sample(pool, len(pool)) for kind, pool in pools.items()}
    for _ in range(n):
        left = [kind for kind, pool in shuffled.items() if pool]
        kind = rng.choices(left, weights=[shares[one] for one in left])[0]
        yield kind, shuffled[kind].pop()
