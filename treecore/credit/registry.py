"""What a credit method is, what it returns, and the one list of all methods.

A method is a pure function `(forests, *, parameters) -> Credit`, registered by `credit_method`. Its parameters are
read from the signature, its explanation from the docstring; its formula's symbols name the columns that it returns,
so any formula can be printed with the numbers of any step (`treecore.credit.explain`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from treecore.errors import MethodError
from treecore.forests import Forests
from treecore.params import Param, Value, params_of, parse_settings, summary_of
from treecore.topology import FloatArray, IntArray


class Citation(NamedTuple):
    """Where a method was published."""

    authors: str
    year: int
    title: str
    identifier: str
    note: str = ""

    def __str__(self) -> str:
        return f"{self.authors} ({self.year}), {self.title}, {self.identifier}"


class Ragged(NamedTuple):
    """Values per node of different lengths: those of node `i` are `value[start[i]:start[i + 1]]`."""

    start: IntArray
    value: FloatArray


@dataclass(frozen=True, eq=False)
class Credit:
    """What a method says about a batch of forests. NaN means "no signal assigned", 0.0 means "assigned zero".

    Attributes:
        nodes: named `[N]` columns of steps; `credit` is always there.
        leaves: named `[N]` columns of trajectories, NaN off the scored leaves.
        tokens: per-token signal where it differs inside a step (of a leaf: see `tokens_are_trajectories`).
        tokens_are_trajectories: the tokens of a leaf are those of its whole trajectory, root to leaf.
        forests: the batch; method, params: filled by `Method.compute`.
    """

    forests: Forests
    nodes: Mapping[str, FloatArray]
    leaves: Mapping[str, FloatArray] = field(default_factory=dict)
    tokens: Ragged | None = None
    tokens_are_trajectories: bool = False
    method: str = ""
    params: Mapping[str, Value] = field(default_factory=dict)

    @property
    def credit(self) -> FloatArray:
        """Step-level signal. `[N]`"""
        return self.nodes["credit"]

    def column(self, name: str) -> FloatArray:
        """A column by name, of nodes or else of leaves. `[N]`"""
        return self.nodes[name] if name in self.nodes else self.leaves[name]

    def of(self, number: int) -> Credit:
        """The part that belongs to one forest of the batch, as a credit of its own."""
        low, high = self.forests.offset[number], self.forests.offset[number + 1]
        tokens = None
        if self.tokens is not None:
            start = self.tokens.start[low : high + 1]
            tokens = Ragged(start - start[0], self.tokens.value[start[0] : start[-1]])
        return replace(
            self,
            forests=Forests(self.forests[number]),
            nodes={name: values[low:high] for name, values in self.nodes.items()},
            leaves={name: values[low:high] for name, values in self.leaves.items()},
            tokens=tokens,
        )

    @cached_property
    def scale(self) -> float:
        """Largest `|credit|`, 1.0 when nothing carries signal: the symmetric colour scale of a view."""
        columns = [self.credit] + [self.leaves[name] for name in ("advantage",) if name in self.leaves]
        finite = np.concatenate([column[np.isfinite(column)] for column in columns])
        return float(np.abs(finite).max()) if len(finite) and np.abs(finite).max() > 0 else 1.0


Formula = str | Callable[[Mapping[str, Value]], str]


@dataclass(frozen=True)
class Method:
    """A registered credit method.

    Attributes:
        name, title, family: for lists and pickers.
        formula_of: LaTeX equations, one a line, `left = right`; a function of the parameters where they change it.
        symbols: LaTeX symbol -> column it stands for (see `explain.Reference` for the notation).
        citation: source of the method.
        needs: what the data must hold beside the shape (`reward`, `n_model_tokens`, `logprob`, a column's name).
        params: from the signature.
        summary: plain words, from the docstring.
        departures: where we depart from paper or code, and why; empty when nowhere.
    """

    name: str
    title: str
    family: str
    formula_of: Formula
    symbols: Mapping[str, str]
    citation: Citation
    needs: frozenset[str]
    function: Callable[..., Credit]
    departures: str = ""

    @cached_property
    def params(self) -> tuple[Param, ...]:
        return params_of(self.function)

    def formula(self, params: Mapping[str, Value] | None = None) -> str:
        """The equations for these parameters (default: the defaults)."""
        if isinstance(self.formula_of, str):
            return self.formula_of
        return self.formula_of({param.name: param.default for param in self.params} | dict(params or {}))

    @property
    def summary(self) -> str:
        return summary_of(self.function)

    def lacking(self, forests: Forests) -> str:
        """Why this method cannot run on `forests`; empty when it can."""
        return next((reason for need in sorted(self.needs) if (reason := lacking(need, forests))), "")

    def compute(self, forests: Forests, settings: Mapping[str, Any]) -> Credit:
        """Check parameters and needs, then compute.

        Raises:
            MethodError: wrong parameters, or data that lacks what the method needs.
        """
        params = parse_settings(self.params, settings, owner=f"method '{self.name}'")
        if reason := self.lacking(forests):
            raise MethodError(f"{self.name} cannot run: {reason}")
        return replace(self.function(forests, **params), method=self.name, params=params)

    def as_json(self) -> dict[str, Any]:
        """The fields that the contract lists, JSON-ready."""
        return {
            "name": self.name,
            "title": self.title,
            "family": self.family,
            "summary": self.summary,
            "formula": self.formula(),
            "symbols": dict(self.symbols),
            "citation": str(self.citation),
            "departures": self.departures,
            "needs": sorted(self.needs),
            "parameters": [param.as_json() for param in self.params],
        }


def lacking(need: str, forests: Forests) -> str:
    """What is missing of one need, as a clause with counts; empty when nothing is."""
    n = len(forests.parent)
    if need == "reward":
        has = forests.scored.any()
        return "" if has else "no leaf has a reward; score the leaves first"
    if need == "n_model_tokens":
        missing = int((forests.n_model_tokens < 0).sum() - (forests.parent < 0).sum())
        return f"{missing} of {n} steps have no token count (n_model_tokens)" if missing > 0 else ""
    have = int(np.isfinite(forests.column(need)).sum())
    return "" if have else f"no step has the column '{need}'"


METHODS: dict[str, Method] = {}


def credit_method(
    *,
    title: str,
    family: str,
    formula: Formula,
    symbols: Mapping[str, str],
    citation: Citation,
    needs: set[str] | frozenset[str] = frozenset({"reward"}),
    departures: str = "",
    name: str = "",
) -> Callable[[Callable[..., Credit]], Callable[..., Credit]]:
    """Register a credit method under the function's name (or `name`).

    Raises:
        MethodError: the name is taken.
    """

    def register(function: Callable[..., Credit]) -> Callable[..., Credit]:
        key = name or function.__name__
        if key in METHODS:
            raise MethodError(f"two credit methods are named {key!r}", todo="rename one")
        METHODS[key] = Method(
            key, title, family, formula, dict(symbols), citation, frozenset(needs), function, departures
        )
        return function

    return register


def get_method(name: str) -> Method:
    """A method by name.

    Raises:
        MethodError: unknown name; lists the known ones.
    """
    if name not in METHODS:
        raise MethodError(f"no credit method {name!r}", todo="known: " + ", ".join(sorted(METHODS)))
    return METHODS[name]
