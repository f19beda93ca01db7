"""The central type: everything sampled for one prompt, as columns. Knows shape and data, never files or methods.

Axis legend, used all over the package: `M` trees, `N` nodes, `L` leaves, `T` tokens.
One row is one node is one *step*: a run of tokens that ends at a step boundary or at a fork. A root
(`parent = -1`) on which nothing is recorded stands for the prompt; all such roots of a forest are one state and no
step. NaN means "not assigned", 0.0 means zero; -1 is the null of
integer columns. Nothing else is a sentinel.

A valid forest: `parent[i] < i`; node ids unique as text; `reward` on leaves only and finite where assigned;
all columns of length `N`; token columns of equal length `T` with `start` increasing from 0 to `T`.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treecore.core.card import card
from treecore.core.columns import DTYPES, MAX_REWARD, NODE_COLUMNS, TOKEN_COLUMNS, Column
from treecore.core.numerals import counted, plain, whole
from treecore.core.step_text import beside_text
from treecore.core.topology import FloatArray, IntArray, Topology
from treecore.errors import ForestError

NodeId = int | str
MAX_INT = int(np.iinfo(np.int64).max)
FEW = 4096
"""Steps of a forest up to which its annotations are checked at once: for each alone that takes as long as for all."""
ANNOTATION = Column("", "float", "", -MAX_REWARD, MAX_REWARD)
"""What `columns` and `claimed` may hold."""
ARRAYS = tuple(column.name for column in NODE_COLUMNS if column.is_array)
"""Columns of steps that are numbers."""


def frozen_array(values: Any, dtype: Any) -> NDArray[Any]:
    """A read-only copy of `values` (no copy when it is read-only already)."""
    array = np.asarray(values, dtype=dtype)
    if array.flags.writeable:
        array = array.copy()
        array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class TokenTable:
    """Tokens of all nodes, ragged: those of node `i` are rows `start[i]:start[i + 1]`.

    Attributes:
        start: `[N+1]`.
        id: `[T]` vocabulary ids, -1 where not recorded; None when the whole column is absent (so for all columns).
        text: `[T]` strings.
        logprob: `[T]` nats, under the distribution the token was sampled from; NaN for observations.
        entropy: `[T]` nats, of the model's distribution at temperature 1.
        confidence: `[T]` nats, minus the mean log probability of the 20 likeliest tokens.
        part: `[T]` see `protocols.Part`; where it is absent (-1), tokens are taken as the model's own.
        top: `[T]` the likeliest tokens there, likeliest first: pairs of text and nats at temperature 1; () where not
            recorded.
    """

    start: IntArray
    id: IntArray | None = None
    text: Sequence[str] | None = None
    logprob: FloatArray | None = None
    entropy: FloatArray | None = None
    confidence: FloatArray | None = None
    part: IntArray | None = None
    top: Sequence[Sequence[tuple[str, float]]] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", frozen_array(self.start, np.int64))
        if len(self.start) == 0 or self.start[0] != 0 or bool((np.diff(self.start) < 0).any()):
            raise ForestError("the token table's start does not increase from 0")
        total = int(self.start[-1])
        for column in TOKEN_COLUMNS:
            values = getattr(self, column.name)
            if values is None:
                continue
            values = frozen_array(values, DTYPES[column.kind]) if column.is_array else tuple(values)
            if len(values) != total:
                raise ForestError(
                    f"token column '{column.name}' has {counted(len(values), 'value')} where the table has "
                    f"{counted(total, 'token')}",
                    todo="give every token column the same length",
                )
            if column.kind == "pairs":
                values = tuple(tuple((str(text), float(number)) for text, number in pairs) for pairs in values)
            object.__setattr__(self, column.name, values)
            self._check_range(column, values)

    def _check_range(self, column: Column, values: Any) -> None:
        if column.kind == "float":
            wild = column.beyond(values)
        elif column.kind == "pairs":
            numbers = np.array([number for pairs in values for _, number in pairs])
            owner = np.repeat(np.arange(len(values)), [len(pairs) for pairs in values])
            wild = owner[np.union1d(column.beyond(numbers), np.flatnonzero(np.isnan(numbers)))]
        else:
            return
        if len(wild):
            row = int(np.searchsorted(self.start, wild[0], side="right")) - 1
            found = f"{values[wild[0]]:g}" if column.kind == "float" else "with a number that cannot be"
            raise ForestError(
                f"token {wild[0] - self.start[row]} of row {row} has the {column.name} {found}", todo=column.range_todo
            )

    @property
    def total(self) -> int:
        """Number of tokens `T`."""
        return int(self.start[-1])

    def take(self, places: IntArray, *, start: IntArray) -> TokenTable:
        """A table of the tokens at `places [K]`, ragged by `start`."""
        columns = {
            column.name: column.take(values, places)
            for column in TOKEN_COLUMNS
            if (values := getattr(self, column.name)) is not None
        }
        return TokenTable(start=start, **columns)

    @cached_property
    def node(self) -> IntArray:
        """Row of the node that each token belongs to. `[T]`"""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    @cached_property
    def is_model(self) -> NDArray[np.bool_]:
        """Tokens the model wrote itself; only these carry credit. `[T]`"""
        return np.ones(self.total, dtype=bool) if self.part is None else self.part != 0

    def count(self, mask: NDArray[np.bool_]) -> IntArray:
        """Tokens of each node where `mask [T]` holds. `[N]`"""
        if mask.all():
            return np.diff(self.start)
        return np.bincount(self.node[mask], minlength=len(self.start) - 1)


@dataclass(frozen=True, eq=False)
class Forest:
    """All trees sampled for one prompt; immutable. `with_columns` gives a changed copy, `ForestBuilder` a new one.

    Only `parent` is required: any list with `parent[i] < i` is a valid forest.

    Attributes:
        parent: `[N]` row of the parent, -1 at roots.
        node_id: `[N]` ids as the file or sampler named them; row numbers by default.
        text, observation: `[N]` strings.
        reward: `[N]` outcome on leaves, NaN elsewhere and where not assigned.
        status: `[N]` `columns.Status`, -1 unknown.
        born: `[N]` order of sampling, -1 unknown.
        n_model_tokens, n_obs_tokens: `[N]` counts, -1 unknown; taken from `tokens` when that is given.
        tokens: token table, or None for text-only forests.
        columns: named `[N]` float annotations, for example values from fresh rollouts.
        claimed: method name -> `[N]` credit that the file claims; shown, never trusted.
        id, prompt, task, reference: strings, "" when absent.
        policy, sampler, provenance: plain JSON objects.
        extra: unknown fields of the forest; node_extra: row -> unknown fields of that node.
    """

    parent: IntArray
    node_id: Sequence[NodeId] = ()
    text: Sequence[str] = ()
    observation: Sequence[str] = ()
    reward: FloatArray = field(default_factory=lambda: np.empty(0))
    status: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    born: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    n_model_tokens: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    n_obs_tokens: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    tokens: TokenTable | None = None
    columns: Mapping[str, FloatArray] = field(default_factory=dict)
    claimed: Mapping[str, FloatArray] = field(default_factory=dict)
    id: str = ""
    prompt: str = ""
    task: str = ""
    reference: str = ""
    policy: Mapping[str, Any] = field(default_factory=dict)
    sampler: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    node_extra: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parent = frozen_array(self.parent, np.int64)
        object.__setattr__(self, "parent", parent)
        n = len(parent)
        if n == 0:
            raise ForestError("a forest without nodes", todo="give at least a root")
        if bool((parent >= np.arange(n)).any()) or bool((parent < -1).any()):
            raise ForestError("parents must come before their children", todo="build with ForestBuilder")
        for column in NODE_COLUMNS:
            values = getattr(self, column.name)
            if len(values) == 0:
                values = column.empty(n)
            values = frozen_array(values, DTYPES[column.kind]) if column.is_array else tuple(values)
            self._check_length(column.name, len(values))
            self._check_range(column, values)
            object.__setattr__(self, column.name, values)
        if len(self.node_id) == 0:
            object.__setattr__(self, "node_id", tuple(range(n)))
        else:
            self._check_length("node_id", len(self.node_id))
            self._check_ids()
        if self.tokens is not None:
            self._check_length("tokens.start - 1", len(self.tokens.start) - 1)
            for name, mask in (
                ("n_model_tokens", self.tokens.is_model),
                ("n_obs_tokens", ~self.tokens.is_model),
            ):
                counts = self.tokens.count(mask)
                recorded = getattr(self, name)
                object.__setattr__(self, name, frozen_array(np.where(recorded < 0, counts, recorded), np.int64))
        for group in ("columns", "claimed"):
            arrays = {name: frozen_array(values, np.float64) for name, values in getattr(self, group).items()}
            for name, values in arrays.items():
                self._check_length(f"{group}.{name}", len(values))
            self._check_annotations(arrays)
            object.__setattr__(self, group, arrays)
        self._check_rewards()

    def _check_length(self, name: str, length: int) -> None:
        if length != len(self.parent):
            raise ForestError(f"column '{name}' has {counted(length, 'value')} for {counted(len(self.parent), 'node')}")

    def _check_range(self, column: Column, values: Any) -> None:
        if column.kind not in ("int", "choice"):
            return
        most = len(column.choices) - 1 if column.choices else MAX_INT
        if not len(values) or (values.min() >= -1 and values.max() <= most):
            return
        wrong = np.flatnonzero((values < -1) | (values > most))
        if len(wrong):
            raise ForestError(f"{column.name} {values[wrong[0]]} of row {wrong[0]} is out of range")

    def _check_ids(self) -> None:
        ids = self.node_id
        names = ids if set(map(type, ids)) == {int} else [str(name) for name in ids]
        if len(set(names)) < len(names):
            twice = Counter(names).most_common(1)[0][0]
            raise ForestError(f"two nodes have the id {twice!r}", todo="give every node an id of its own")

    def _check_rewards(self) -> None:
        inner = np.flatnonzero(~np.isnan(self.reward) & ~self.topology.is_leaf)
        if len(inner):
            raise ForestError(
                f"node {self.node_id[inner[0]]!r} has children and a reward",
                todo="put outcome rewards on leaves only (for values of inner steps use a column)",
            )
        self._check_size(next(column for column in NODE_COLUMNS if column.name == "reward"), self.reward)

    def _check_annotations(self, arrays: Mapping[str, FloatArray]) -> None:
        if len(arrays) > 1 and len(self) <= FEW and not len(ANNOTATION.beyond(np.concatenate([*arrays.values()]))):
            return
        for name, values in arrays.items():
            self._check_size(replace(ANNOTATION, name=name), values)

    def _check_size(self, column: Column, values: FloatArray) -> None:
        wild = column.beyond(values)
        if len(wild):
            raise ForestError(
                f"node {self.node_id[wild[0]]!r} has the {column.name} {values[wild[0]]:g}", todo=column.range_todo
            )

    def __len__(self) -> int:
        return len(self.parent)

    def __repr__(self) -> str:
        return f"Forest(id={self.id!r}, {self._shape()})"

    def _repr_html_(self) -> str:
        known = self.reward[np.isfinite(self.reward)]
        mean = f"{plain(float(known.mean()))} ({whole(len(known))} scored)" if len(known) else "none scored"
        return card("Forest", {"id": self.id, "prompt": self.prompt, "shape": self._shape(), "mean reward": mean})

    def _shape(self) -> str:
        trees, ends = counted(self.n_trees, "tree"), counted(len(self.leaves), "trajectory", "trajectories")
        return f"{trees}, {ends}, {counted(len(self), 'node')}"

    @cached_property
    def topology(self) -> Topology:
        """Derived shape: children, depth, preorder, leaves."""
        return Topology(self.parent)

    @cached_property
    def tree(self) -> IntArray:
        """Which tree each node belongs to, numbered by root row from 0. `[N]`"""
        number = np.cumsum(self.parent < 0) - 1
        return frozen_array(number[self.topology.root], np.int64)

    @cached_property
    def prompts(self) -> IntArray:
        """Rows of empty roots: nothing is recorded there, no words or calls, observation, tokens or reward. They stand
        for the prompt.

        All of them are one state and no step. Any other root is a first step, and the state before it is the prompt.
        """
        empty = [row for row in np.flatnonzero(self.parent < 0).tolist() if self._is_empty(row)]
        return frozen_array(empty, np.int64)

    def _is_empty(self, row: int) -> bool:
        recorded = self.n_model_tokens[row] > 0 or self.n_obs_tokens[row] > 0 or not math.isnan(self.reward[row])
        listed = self.tokens is not None and self.tokens.start[row + 1] > self.tokens.start[row]
        said = self.text[row] or beside_text(self.node_extra.get(row, {})) or self.observation[row]
        return not (said or recorded or listed)

    @cached_property
    def is_prompt(self) -> NDArray[np.bool_]:
        """Which nodes stand for the prompt (see `prompts`); all others are steps. `[N]`"""
        found = np.zeros(len(self), dtype=bool)
        found[self.prompts] = True
        return frozen_array(found, bool)

    @property
    def n_trees(self) -> int:
        """Number of trees `M`."""
        return len(self.topology.roots)

    @cached_property
    def leaves(self) -> IntArray:
        """Rows of leaves, in preorder. `[L]`"""
        order = self.topology.order
        return order[self.topology.is_leaf[order]]

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {str(name): row for row, name in enumerate(self.node_id)}

    def row(self, node_id: NodeId) -> int:
        """Row of a node by its id; ids are compared as text.

        Raises:
            ForestError: there is no such node.
        """
        try:
            return self._row_of[str(node_id)]
        except KeyError:
            raise ForestError(f"no node {str(node_id)!r} in this forest", todo="use an id of its nodes") from None

    def with_columns(self, **changes: Any) -> Forest:
        """A copy with some fields replaced, validated anew."""
        return replace(self, **changes)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, provenance and the order of fields left out: equal digests mean equal forests."""
        sha = hashlib.sha256()

        def put(name: str, values: Any) -> None:
            sha.update(name.encode())
            if isinstance(values, np.ndarray):
                sha.update(values.tobytes())
            else:
                sha.update("\x00".join(map(repr, values)).encode("utf-8", "surrogatepass"))

        put("parent", self.parent)
        put("node_id", self.node_id)
        for column in NODE_COLUMNS:
            put(column.name, getattr(self, column.name))
        if self.tokens is not None:
            put("start", self.tokens.start)
            for column in TOKEN_COLUMNS:
                if (values := getattr(self.tokens, column.name)) is not None:
                    put(f"token.{column.name}", values)
        for group in (self.columns, self.claimed):
            for name in sorted(group):
                put(name, group[name])
        put("meta", [self.id, self.prompt, self.task, self.reference])
        put("objects", map(in_order, [self.policy, self.sampler, self.extra, self.node_extra]))
        return sha.hexdigest()


def cut(whole: Forest, low: int, high: int, fields: dict[str, Any]) -> Forest:
    """Some rows of a forest without tokens as a forest of their own, which is not checked again.

    Only for who made `whole` of forests, side by side: its checks hold for each of them.

    Args:
        low, high: first row, and the one after the last.
        fields: all that is no column of numbers, and columns that are known already; they become the forest's own.
            `parent`, `node_id`, `text`, `observation` are of these rows; of `columns` and `claimed` the names that this
            forest has.
    """
    forest = object.__new__(Forest)
    for name in ARRAYS:
        if name not in fields:
            fields[name] = getattr(whole, name)[low:high]
    fields["columns"] = {name: whole.columns[name][low:high] for name in fields["columns"]}
    fields["claimed"] = {name: whole.claimed[name][low:high] for name in fields["claimed"]}
    fields["sampler"], fields["tokens"] = {}, None
    object.__setattr__(forest, "__dict__", fields)
    return forest


def in_order(value: Any) -> Any:
    """Plain data with the fields of all objects in order of their names."""
    if isinstance(value, Mapping):
        return {name: in_order(value[name]) for name in sorted(value, key=str)}
    return [in_order(item) for item in value] if isinstance(value, list | tuple) else value
