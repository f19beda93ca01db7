"""A batch of forests as one set of columns, so that a method is one vectorised computation over all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import chain, repeat
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from treecore.core.forest import Forest, NodeId
from treecore.core.outcomes import settled
from treecore.core.step_text import beside_text
from treecore.core.topology import BoolArray, FloatArray, IntArray, Topology
from treecore.errors import MethodError

Shape = TypeVar("Shape")


class Forests(Sequence[Forest]):
    """Several forests, concatenated. `N` counts nodes, `F` forests, `M` trees of the whole batch.

    Indexing gives the single forests; the columns run over all of them in order.

    Args:
        forests: at least one.
    """

    def __init__(self, forests: Forest | Sequence[Forest]) -> None:
        self._forests = (forests,) if isinstance(forests, Forest) else tuple(forests)
        if not self._forests:
            raise MethodError("no forests to compute on", todo="give at least one")
        self._columns: dict[str, FloatArray] = {}
        self._token_columns: dict[str, FloatArray] = {}
        self._shapes: dict[Callable[[Forests], object], object] = {}

    def __len__(self) -> int:
        return len(self._forests)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self._forests[index]

    def __iter__(self) -> Iterator[Forest]:
        return iter(self._forests)

    def _stack(self, name: str) -> NDArray[np.generic]:
        if len(self) == 1:
            return np.asarray(getattr(self._forests[0], name))
        return np.concatenate([getattr(forest, name) for forest in self._forests])

    @cached_property
    def offset(self) -> IntArray:
        """Forest `f` owns rows `offset[f]:offset[f + 1]`. `[F+1]`"""
        return np.concatenate([[0], np.cumsum([len(forest) for forest in self._forests])])

    @cached_property
    def forest_of(self) -> IntArray:
        """Number of the forest that each node belongs to. `[N]`"""
        return np.repeat(np.arange(len(self)), np.diff(self.offset))

    @cached_property
    def parent(self) -> IntArray:
        """Row of each parent in the batch, -1 at roots. `[N]`"""
        parent = self._stack("parent").astype(np.int64)
        return parent if len(self) == 1 else np.where(parent < 0, -1, parent + self.offset[self.forest_of])

    @cached_property
    def topology(self) -> Topology:
        """Shape of the whole batch."""
        return self._forests[0].topology if len(self) == 1 else Topology(self.parent)

    @cached_property
    def tree(self) -> IntArray:
        """Number of the tree in the batch that each node belongs to. `[N]`"""
        return (np.cumsum(self.parent < 0) - 1)[self.topology.root]

    @cached_property
    def n_trees(self) -> int:
        """Trees in the batch."""
        return len(self.topology.roots)

    @cached_property
    def reward(self) -> FloatArray:
        """Outcome on leaves, NaN elsewhere; those of one forest that are equal up to rounding made equal. `[N]`"""
        return settled(self._stack("reward").astype(np.float64), self.forest_of)

    @cached_property
    def is_prompt(self) -> BoolArray:
        """Empty roots (`Forest.is_prompt`): no step, and one state in each forest. `[N]`"""
        prompt = np.zeros(len(self.parent), dtype=bool)
        prompts = [forest.prompts + start for forest, start in zip(self, self.offset[:-1].tolist(), strict=True)]
        prompt[np.concatenate(prompts)] = True
        return prompt

    @cached_property
    def scored(self) -> BoolArray:
        """Leaves with a reward. `[N]`"""
        return ~np.isnan(self.reward)

    @cached_property
    def n_scored(self) -> FloatArray:
        """Scored leaves under each node; a leaf counts itself. `[N]`"""
        return self.topology.leaf_count(self.scored)

    @cached_property
    def n_model_tokens(self) -> IntArray:
        """The model's own tokens in each step, -1 where unknown. `[N]`"""
        return self._stack("n_model_tokens").astype(np.int64)

    @cached_property
    def status(self) -> IntArray:
        """`columns.Status` of each node, -1 unknown. `[N]`"""
        return self._stack("status").astype(np.int64)

    def shape(self, make: Callable[[Forests], Shape]) -> Shape:
        """What `make` works out from the recorded columns alone, kept for the next method; never credit."""
        if make not in self._shapes:
            self._shapes[make] = make(self)
        return cast(Shape, self._shapes[make])

    @cached_property
    def born(self) -> IntArray:
        """Order of sampling within each forest, -1 unknown. `[N]`"""
        return self._stack("born").astype(np.int64)

    @property
    def text(self) -> Iterator[str]:
        """What the model wrote in each step. `[N]`"""
        return chain.from_iterable(forest.text for forest in self)

    @property
    def observation(self) -> Iterator[str]:
        """What the environment answered to each step. `[N]`"""
        return chain.from_iterable(forest.observation for forest in self)

    @property
    def beside_text(self) -> Iterator[str]:
        """Thought and calls of each step that are recorded beside its text, as one text. `[N]`"""
        for forest in self:
            found = {row: words for row, fields in forest.node_extra.items() if (words := beside_text(fields))}
            yield from (found.get(row, "") for row in range(len(forest))) if found else repeat("", len(forest))

    @property
    def node_id(self) -> Iterator[NodeId]:
        """Ids of nodes as their forests name them. `[N]`"""
        return chain.from_iterable(forest.node_id for forest in self)

    @cached_property
    def answered(self) -> BoolArray:
        """Steps that the environment answered with some text. `[N]`"""
        observations = chain.from_iterable(forest.observation for forest in self)
        return np.fromiter(map(bool, observations), dtype=bool, count=int(self.offset[-1]))

    def column(self, name: str) -> FloatArray:
        """An annotation column over the batch, NaN in forests that lack it; read-only. `[N]`"""
        if name not in self._columns:
            parts = [forest.columns[name] if name in forest.columns else blank(len(forest)) for forest in self]
            self._columns[name] = joined(parts)
        return self._columns[name]

    @cached_property
    def token_start(self) -> IntArray:
        """Tokens of node `i` are rows `start[i]:start[i + 1]`; a forest without a token table has none. `[N+1]`"""
        counts = [
            np.zeros(len(forest), dtype=np.int64) if forest.tokens is None else np.diff(forest.tokens.start)
            for forest in self
        ]
        return np.concatenate([[0], np.cumsum(np.concatenate(counts))])

    @cached_property
    def token_node(self) -> IntArray:
        """Node that each token belongs to. `[T]`"""
        return np.repeat(np.arange(len(self.token_start) - 1), np.diff(self.token_start))

    def token_column(self, name: str) -> FloatArray:
        """A numeric token column over the batch, NaN where it is null or absent; read-only. `[T]`"""
        if name not in self._token_columns:
            tables = [forest.tokens for forest in self if forest.tokens is not None]
            parts = [(getattr(table, name), table.total) for table in tables]
            self._token_columns[name] = joined([blank(n) if part is None else nulls_as_nan(part) for part, n in parts])
        return self._token_columns[name]


def blank(n: int) -> FloatArray:
    """A column without numbers. `[n]`"""
    return np.full(n, np.nan)


def nulls_as_nan(values: FloatArray | IntArray) -> FloatArray:
    """A column in float64, with NaN for the null of integers. `[n]`"""
    return np.asarray(values if values.dtype.kind == "f" else np.where(values < 0, np.nan, values), dtype=np.float64)


def joined(parts: Sequence[FloatArray]) -> FloatArray:
    """Parts one after the other, made read-only because callers share it; a single part is not copied."""
    whole = parts[0] if len(parts) == 1 else np.concatenate([np.empty(0), *parts])
    whole.setflags(write=False)
    return whole
