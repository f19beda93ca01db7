"""What a credit method is, what it returns, and the one list of all methods.

A method is a pure function `(forests, *, parameters) -> Credit`, registered by `credit_method`. Its parameters are
read from the signature, its explanation from the docstring; its formula's symbols name the columns that it returns,
so any formula can be printed with the numbers of any step (`treecore.methods.explain`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.card import card
from treecore.core.numerals import counted, plain, signed, whole
from treecore.core.outcomes import ROUNDING
from treecore.core.states import Shape, shape_of, states_of
from treecore.core.topology import FloatArray, IntArray
from treecore.errors import MethodError
from treecore.methods.families import Family, family_of
from treecore.methods.laws import NONE_OWN, Laws
from treecore.registry.citation import Citation
from treecore.registry.parameterised import Parameterised
from treecore.registry.params import Value, parse_settings
from treecore.registry.plugins import is_bundled
from treecore.registry.registry import Registry


class Rows(NamedTuple):
    """Values per step of each trajectory, for methods that give one step different numbers in different trajectories.

    `leaf [K]` and `node [K]` are rows of the batch, trajectory after trajectory; `columns` are named `[K]` arrays.
    """

    leaf: IntArray
    node: IntArray
    columns: Mapping[str, FloatArray]


class Ragged(NamedTuple):
    """Values per node of different lengths: those of node `i` are `value[start[i]:start[i + 1]]`."""

    start: IntArray
    value: FloatArray


class Ends(NamedTuple):
    """Values at the ends of a colour scale; `signed`: it is symmetric about 0, which is neutral."""

    low: float
    high: float
    signed: bool

    @property
    def decimals(self) -> int:
        """Decimals that tell values on this scale apart: 2, and more for small scales."""
        width = self.high if self.signed else self.high - self.low
        return int(np.clip(math.ceil(-math.log10(width)) + 1, 2, 6)) if width > 0 else 2

    def words(self, value: float, decimals: int = 2) -> str:
        """A value as it is written: with its sign where that means something."""
        return signed(value, decimals) if self.signed else plain(value, decimals)

    def share(self, value: float) -> float:
        """Where a finite value stands: from -1 to 1 on a signed scale, 0 at its middle; else from 0 to 1."""
        if self.signed:
            return max(-1.0, min(1.0, value / self.high))
        return max(0.0, min(1.0, (value - self.low) / ((self.high - self.low) or 1.0)))


NEUTRAL = Ends(-1.0, 1.0, True)
"""The scale where nothing is assigned."""


@dataclass(frozen=True, eq=False)
class Credit:
    """What a method says about a batch of forests. NaN means "no signal assigned", 0.0 means "assigned zero".

    Attributes:
        nodes: named `[N]` columns of steps; `credit` is always there.
        leaves: named `[N]` columns of trajectories, NaN off the scored leaves.
        tokens: per-token signal where it differs inside a step (of a leaf: see `tokens_are_trajectories`).
        tokens_are_trajectories: the tokens of a leaf are those of its whole trajectory, root to leaf.
        rows_of: works out `rows` from this credit's columns; None where all trajectories through a step agree.
        states: of a method over states, the credit of the batch's states (`treecore.core.states`), in which all empty
            roots of a forest are one row; None where these are the batch's own rows.
        forests: the batch; method, params: filled by `Method.compute`.
    """

    forests: Forests
    nodes: Mapping[str, FloatArray]
    leaves: Mapping[str, FloatArray] = field(default_factory=dict)
    tokens: Ragged | None = None
    tokens_are_trajectories: bool = False
    rows_of: Callable[[Credit], Rows] | None = None
    states: Credit | None = None
    method: str = ""
    params: Mapping[str, Value] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Credit(method={self.method!r}, params={dict(self.params)!r}, {self._size()})"

    def _repr_html_(self) -> str:
        known = self.credit[np.isfinite(self.credit)]
        said = f"{whole(len(known))} of {counted(len(self.credit), 'node')}"
        words = self.ends.words
        spread = f"{words(float(known.min()))} to {words(float(known.max()))}" if len(known) else ""
        title = get_method(self.method).title if self.method in METHODS else self.method
        params = ", ".join(f"{name}={value}" for name, value in self.params.items())
        rows = {"method": title, "parameters": params, "of": self._size(), "assigned to": said, "credit": spread}
        return card("Credit", rows)

    def _size(self) -> str:
        return counted(len(self.forests), "forest")

    @property
    def credit(self) -> FloatArray:
        """Step-level signal. `[N]`"""
        return self.nodes["credit"]

    def column(self, name: str) -> FloatArray:
        """A column by name, of nodes or else of leaves. `[N]`"""
        return self.nodes[name] if name in self.nodes else self.leaves[name]

    @cached_property
    def rows(self) -> Rows | None:
        """Signal of a step in each trajectory through it, where those differ; worked out when first asked for."""
        if self.rows_of is None:
            return None
        rows = self.rows_of(self.seen)
        return Rows(self.shape.node[rows.leaf], self.shape.node[rows.node], rows.columns)

    @property
    def seen(self) -> Credit:
        """This credit in the rows that the method worked on: `states`, or itself."""
        return self if self.states is None else self.states

    @property
    def one_prompt(self) -> bool:
        """Whether the method takes all empty roots of a forest for one state."""
        return self.method != "" and get_method(self.method).over == "states"

    @cached_property
    def shape(self) -> Shape:
        """Which steps the method takes for siblings, and what for a fork."""
        return shape_of(self.seen.forests, len(self.forests.parent))

    def of(self, number: int) -> Credit:
        """The part that belongs to one forest of the batch, as a credit of its own."""
        forests = Forests(self.forests[number])
        own = self._part(number, forests)
        if self.states is None:
            return own
        return replace(own, states=self.states._part(number, forests.shape(states_of)))

    def _part(self, number: int, forests: Forests) -> Credit:
        low, high = self.forests.offset[number], self.forests.offset[number + 1]
        tokens = None
        if self.tokens is not None:
            start = self.tokens.start[low : high + 1]
            tokens = Ragged(start - start[0], self.tokens.value[start[0] : start[-1]])
        return replace(
            self,
            forests=forests,
            nodes={name: values[low:high] for name, values in self.nodes.items()},
            leaves={name: values[low:high] for name, values in self.leaves.items()},
            tokens=tokens,
        )

    @cached_property
    def scale(self) -> float:
        """Largest `|credit|`, 1.0 when nothing carries more than rounding: the symmetric colour scale of a view."""
        columns = [self.credit] + [self.leaves[name] for name in ("advantage",) if name in self.leaves]
        largest = max(float(np.abs(column[np.isfinite(column)]).max(initial=0.0)) for column in columns)
        return largest if largest > ROUNDING else 1.0

    @cached_property
    def ends(self) -> Ends:
        """The colour scale of a view: from `-scale` to `scale`, or from the lowest to the highest credit of a level."""
        known = self.credit[np.isfinite(self.credit)]
        return (
            Ends(float(known.min()), float(known.max()), False)
            if self.is_level and len(known)
            else Ends(-self.scale, self.scale, True)
        )

    @property
    def is_level(self) -> bool:
        """Whether the credit is a level, such as a confidence, and no gain or loss (`Laws.level`)."""
        level = get_method(self.method).laws.level if self.method else None
        return level is not None and all(self.params.get(name) == value for name, value in level.items())


Over = Literal["states", "trees", "trajectories"]
"""What a method compares. Over states, steps from one prefix, whatever root they stand below: the trees of a prompt
part at the prompt. Over trees, trees as wholes too. Over trajectories, none of them has a shape."""
Against = Literal["batch", "group", "tree", "path", "before", "siblings"]
"""What a step is measured against: all trajectories of the batch, those of its prompt, those of its tree, the steps
before it, the last of these, or its siblings."""
Formula = str | Callable[[Mapping[str, Value]], str]
Needs = Set[str] | Callable[[Mapping[str, Value]], Set[str]]
SUPPLY = {"mc_value": "add it with `treecore annotate FILE --kind monte_carlo --set k=8 -o OUT`"}
TOKENS = "token:"
CALLED = {
    "mc_value": "a Monte Carlo value",
    "label": "a label",
    "token:confidence": "a confidence",
    "token:logprob": "a log-probability",
    "token:part": "the part of the step that they are in",
}
"""What columns of steps and tokens that methods need are called in sentences."""


@dataclass(frozen=True)
class Method(Parameterised):
    """A registered credit method.

    Attributes:
        name, title: for lists and pickers.
        family: the heading under which it is listed.
        formula_of: LaTeX equations, one a line, `left = right`; a function of the parameters where they change it.
        symbols: LaTeX symbol -> column it stands for (see `treecore.methods.explain` for the notation).
        citation: source of the method.
        needs_of: what the data must hold beside the shape: `reward`, `n_model_tokens`, `reference`, `token:` and the
            name of a token column, or the name of an annotation; a function of the parameters where they change it.
        departures: where we depart from paper or code, and why; empty when nowhere.
        alone: what a trajectory gets that has no other to be compared with; empty when nothing is special.
        judges_outcomes: False where the credit does not rest on how the leaves beneath ended.
        over: see `Over`. Methods over states are handed the batch's states, where `parent` is -1 at prompts only.
        laws: what the tests hold it to beyond what holds of all.
        words: column on the left of an equation -> the sentence by which the film says what that equation does.
        against: column of `symbols` -> what it stands for where something is measured against it, and its name does not
            say so (`treecore.analysis.references.AGAINST` has those that do).
    """

    name: str
    title: str
    family: Family
    formula_of: Formula
    symbols: Mapping[str, str]
    citation: Citation
    needs_of: Needs
    function: Callable[..., Credit]
    departures: str = ""
    alone: str = ""
    judges_outcomes: bool = True
    over: Over = "trajectories"
    laws: Laws = NONE_OWN
    words: Mapping[str, str] = field(default_factory=dict, hash=False)
    against: Mapping[str, Against] = field(default_factory=dict, hash=False)

    @property
    def is_bundled(self) -> bool:
        """Whether it is part of this package."""
        return is_bundled(self.function)

    def formula(self, params: Mapping[str, Value] | None = None) -> str:
        """The equations for these parameters (default: the defaults)."""
        if isinstance(self.formula_of, str):
            return self.formula_of
        return self.formula_of(self.defaults | dict(params or {}))

    @property
    def defaults(self) -> dict[str, Value]:
        """Parameters that nobody has changed."""
        return {param.name: param.default for param in self.params}

    @property
    def needs(self) -> frozenset[str]:
        """What the method needs with its default parameters."""
        return self.needs_with(self.defaults)

    def needs_with(self, params: Mapping[str, Value]) -> frozenset[str]:
        """What the method needs with all of `params`."""
        return frozenset(self.needs_of(params) if callable(self.needs_of) else self.needs_of)

    def lacking(self, forests: Forests, params: Mapping[str, Value] | None = None) -> str:
        """Why this method cannot run on `forests` with these parameters (default: the defaults); empty when it can."""
        needs = self.needs_with(self.defaults | dict(params or {}))
        return next((reason for need in sorted(needs) if (reason := lacking(need, forests))), "")

    def compute(self, forests: Forests, settings: Mapping[str, Any]) -> Credit:
        """Check parameters and needs, then compute.

        Raises:
            MethodError: wrong parameters, or data that lacks what the method needs.
        """
        params = parse_settings(self.params, settings, owner=f"method '{self.name}'")
        if reason := self.lacking(forests, params):
            raise MethodError(f"{self.name} cannot run: {reason}")
        seen = forests.shape(states_of) if self.over == "states" else forests
        credit = replace(self.function(seen, **params), method=self.name, params=params)
        if self.over != "states":
            return credit
        credit = replace(credit, nodes=silent_at(np.flatnonzero(seen.is_prompt), credit.nodes))
        return credit if seen is forests else spread_to_nodes(credit, forests)

    def as_json(self) -> dict[str, Any]:
        """The fields that the contract lists, JSON-ready."""
        return {
            "name": self.name,
            "title": self.title,
            "family": self.family.name,
            "over": self.over,
            "summary": self.summary,
            "formula": self.formula(),
            "symbols": dict(self.symbols),
            "citation": str(self.citation),
            "departures": self.departures,
            "alone": self.alone,
            "needs": sorted(self.needs),
            "parameters": [param.as_json() for param in self.params],
        }


SIGNALS = ("credit", "gradient_weight", "stderr")


def silent_at(prompts: IntArray, nodes: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """The columns, with no signal assigned to the prompt: nobody chose it."""
    columns = dict(nodes)
    for name in SIGNALS:
        if name in columns and not np.isnan(columns[name][prompts]).all():
            columns[name] = columns[name].copy()
            columns[name][prompts] = np.nan
    return columns


def spread_to_nodes(credit: Credit, forests: Forests) -> Credit:
    """The credit of states, given to the nodes of their batch: every empty root has the row of its prompt."""
    row = shape_of(credit.forests, len(forests.parent)).row
    return replace(
        credit,
        forests=forests,
        nodes={name: values[row] for name, values in credit.nodes.items()},
        leaves={name: values[row] for name, values in credit.leaves.items()},
        tokens=None if credit.tokens is None else Ragged(forests.token_start, credit.tokens.value),
        states=credit,
    )


def lacking(need: str, forests: Forests) -> str:
    """What is missing of one need, as a clause with counts; empty when nothing is."""
    n = int((~forests.is_prompt).sum())
    if need == "reward":
        has = forests.scored.any()
        return "" if has else "no leaf has a reward; score the leaves first, as by treecore score"
    if need == "n_model_tokens":
        missing = int(((forests.n_model_tokens < 0) & ~forests.is_prompt).sum())
        return (
            f"{missing:,} of {counted(n, 'step has', 'steps have')} no token count; add n_model_tokens to the file"
            if missing > 0
            else ""
        )
    if need == "reference":
        return "" if any(forest.reference for forest in forests) else "no forest has a reference to compare with"
    if need.startswith(TOKENS):
        name = need.removeprefix(TOKENS)
        known = np.isfinite(forests.token_column(name))
        if known.any():
            return ""
        what = CALLED.get(need, f"the token column '{name}'")
        return f"0 of {counted(len(known), 'token has', 'tokens have')} {what}; record {name} when sampling"
    if np.isfinite(forests.column(need)).any():
        return ""
    supply = SUPPLY.get(need, f"add the column {need} to the file")
    return f"0 of {counted(n, 'step has', 'steps have')} {CALLED.get(need, f'the column {need!r}')}; {supply}"


METHODS = Registry[Method]("credit method", group="treecore.methods")


def credit_method(
    *,
    title: str,
    family: str | Family,
    over: Over = "trajectories",
    formula: Formula,
    symbols: Mapping[str, str],
    citation: Citation,
    needs: Needs = frozenset({"reward"}),
    departures: str = "",
    alone: str = "",
    judges_outcomes: bool = True,
    laws: Laws = NONE_OWN,
    words: Mapping[str, str] = {},
    against: Mapping[str, Against] = {},
    name: str = "",
) -> Callable[[Callable[..., Credit]], Callable[..., Credit]]:
    """Register a credit method under the function's name (or `name`). Arguments as of `Method`; see `family_of`.

    Raises:
        MethodError: the name is taken.
    """

    def register(function: Callable[..., Credit]) -> Callable[..., Credit]:
        key = name or function.__name__
        fields = (key, title, family_of(family), formula, dict(symbols), citation, needs, function, departures, alone)
        METHODS.add(Method(*fields, judges_outcomes, over, laws, dict(words), dict(against)))
        return function

    return register


def get_method(name: str) -> Method:
    """A method by name.

    Raises:
        MethodError: unknown name; lists the known ones.
    """
    return METHODS.find(name)
