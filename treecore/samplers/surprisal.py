"""Branches at the least likely tokens: the EPTree rollout of TreeRL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple

from treecore.errors import MethodError
from treecore.policies.base import FORKS
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds, Only
from treecore.samplers.registry import Expand, Growing, Growth, sampler

ANSWER_WORDS = ("conclusion", "answer")


@dataclass
class Chain:
    """What one request wrote, all its steps in a row.

    Attributes:
        side: whether it started at a fork.
        texts, surprisal: `[T]` of its own tokens; nats.
        place: `[T]` row and index in the row of each.
    """

    side: bool
    texts: list[str] = field(default_factory=list)
    surprisal: list[float] = field(default_factory=list)
    place: list[tuple[int, int]] = field(default_factory=list)


class Fork(NamedTuple):
    """A token that may be drawn anew: its surprisal in nats, its chain, its index there."""

    surprisal: float
    chain: int
    token: int


@sampler(
    title="Entropy-guided (EPTree of TreeRL)",
    family="tree",
    formula=r"L = m (1 + n t l)",
    citation=Citation(
        "Hou et al.",
        2025,
        "TreeRL: LLM Reinforcement Learning with On-Policy Tree Search",
        "arXiv:2506.11902",
        "THUDM/TreeRL",
        where="entropy_guided_chain in entropy_chain_local_manager.py",
    ),
    size=lambda *, m, n, l, t, diverse, upsampling: m * (1 + n * t * l),  # noqa: E741  (the paper's letter)
    count="at most",
    needs={FORKS},
    bias="new endings start where an unlikely token was drawn, so the ending that was there first is no fair draw",
)
def surprisal(
    growth: Growth,
    *,
    m: Annotated[int, Bounds(1, 64)] = 6,
    n: Annotated[int, Bounds(0, 64)] = 2,
    l: Annotated[int, Bounds(0, 16)] = 1,  # noqa: E741  (the paper's letter)
    t: Annotated[int, Bounds(1, 16)] = 2,
    diverse: bool = False,
    upsampling: Annotated[int, Bounds(1, 16), Only("diverse", (True,))] = 2,
) -> Growing:
    """Write m answers, each the seed of a tree; then, l times, draw the n least likely tokens of each tree anew.

    A token's surprisal is minus its log probability under the distribution it was drawn from, not the entropy of the
    distribution (`tree_node.py`). From the text before each of the n tokens t new endings are written. The first token
    of a side branch and all that follows a token with "conclusion" or "answer" in it are left alone. A token may be
    taken again in a later round, as in the released code. The defaults are those of the released script.

    Every fork computes one token again, the one before it, so the ratio of tokens computed is a little above 1.

    Args:
        m: trees of each prompt.
        n: tokens of each tree that are drawn anew in a round.
        l: rounds.
        t: new endings from each of them.
        diverse: take tokens far from each other, of the likeliest candidates, in place of the n best.
        upsampling: with diverse, how many times n each branch offers.

    Departures:
        A trajectory of several steps is one chain; tokens of the environment are no candidates. Where `diverse` meets
        two chains with a candidate at the same index, each is its own; the released code takes the first for both. The
        mask beyond a longest length is not needed, since nothing is written beyond it. A tree without a token that may
        be taken gets no new endings, so a forest may have fewer leaves than m (1 + n t l).
    """
    leaves = yield [Expand(note={"round": 0}) for _ in range(m)]
    trees = [[chain_of(growth, leaf, side=False)] for leaf in leaves]
    for number in range(1, l + 1 if n else 1):
        tasks: list[tuple[list[Chain], Fork]] = []
        for chains in trees:
            pool = candidates(chains, n * upsampling if diverse else n)
            tasks += [(chains, fork) for fork in (spread(pool, n) if diverse else pool[:n])]
        places = [chains[fork.chain].place[fork.token] for chains, fork in tasks] * t
        leaves = yield [Expand(row, at=at, note={"round": number}) for row, at in places]
        for (chains, _), leaf in zip(tasks * t, leaves, strict=True):
            chains.append(chain_of(growth, leaf, side=True))


def chain_of(growth: Growth, leaf: int, *, side: bool) -> Chain:
    """Rows of the request that ended in `leaf`, from where it started.

    Raises:
        MethodError: the policy recorded no log probabilities.
    """
    chain = Chain(side)
    for row in _rows(growth, leaf):
        own = growth.nodes[row].own
        if len(own.logprob) != len(own.ids) or any(value != value for value in own.logprob):
            raise MethodError("the policy gives no log probabilities", todo="use one that does, or another sampler")
        chain.texts += own.token_strings
        chain.surprisal += [-value for value in own.logprob]
        chain.place += [(row, place) for place in range(len(own.ids))]
    return chain


def _rows(growth: Growth, leaf: int) -> Iterator[int]:
    """Rows written by one request: consecutive ones, each at the end of the one before."""
    first = leaf
    while growth.parent[first] == first - 1 and growth.fork[first] < 0 and growth.parent[first - 1] >= 0:
        first -= 1
    return iter(range(first, leaf + 1))


def masked(chain: Chain) -> list[bool]:
    """Which tokens may not be drawn anew. `[T]`"""
    ends = (i for i, text in enumerate(chain.texts) if any(word in text.lower() for word in ANSWER_WORDS))
    last = next(ends, len(chain.texts))
    return [(chain.side and i == 0) or i > last for i in range(len(chain.texts))]


def candidates(chains: Sequence[Chain], n: int) -> list[Fork]:
    """The `n` best of each chain in one list, least likely first; a chain of fewer offers them again."""
    pool: list[Fork] = []
    for number, chain in enumerate(chains):
        hidden = masked(chain)
        found = [Fork(value, chain=number, token=i) for i, value in enumerate(chain.surprisal) if not hidden[i]]
        found.sort(key=lambda fork: -fork.surprisal)
        while 0 < len(found) < n:
            found += found[: n - len(found)]
        pool += found[:n]
    return sorted(pool, key=lambda fork: fork[:2], reverse=True)


def spread(pool: Sequence[Fork], n: int) -> list[Fork]:
    """The best, then again and again the one whose token is farthest from those taken (the first of equals)."""
    taken, left = list(pool[:1]), list(pool[1:])
    while left and len(taken) < n:
        distance = [min(abs(fork.token - one.token) for one in taken) for fork in left]
        taken.append(left.pop(distance.index(max(distance))))
    return taken
