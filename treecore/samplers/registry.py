"""What a sampler is, what it may see and ask for, and the one list of all samplers.

A sampler is a generator function `(growth, *, parameters)`. It yields waves, lists of requests, and is resumed with
the rows of the leaves, one a request and in the order of the requests, when the whole wave is written. Samplers of
many prompts run side by side in one batch, so a wave should ask for all that can be asked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from treecore.credit.registry import Citation
from treecore.errors import MethodError
from treecore.params import Param, Value, params_of, parse_settings, summary_of


@dataclass(frozen=True)
class Expand:
    """Write a trajectory from the end of step `node` (a row) to its end; None starts a new tree at the prompt."""

    node: int | None = None


class Growth(Protocol):
    """One prompt's forest while it grows, as a sampler sees it.

    Attributes:
        parent: `[N]` row of each node's parent, -1 at roots; grows with every wave.
        random: the sampler's own stream of random numbers.
    """

    @property
    def parent(self) -> Sequence[int]: ...

    @property
    def random(self) -> np.random.Generator: ...


Growing = Generator[list[Expand], list[int], None]


@dataclass(frozen=True)
class Sampler:
    """A registered sampler.

    Attributes:
        name, title, family: for lists and pickers.
        formula: LaTeX, "" when there is none.
        citation: source.
        needs: what the policy must give beside text; empty for most.
        function: the generator function.
        size: parameters -> trajectories that one prompt gets.
    """

    name: str
    title: str
    family: str
    formula: str
    citation: Citation
    needs: frozenset[str]
    function: Callable[..., Growing]
    size: Callable[..., int]

    @cached_property
    def params(self) -> tuple[Param, ...]:
        return params_of(self.function)

    @property
    def summary(self) -> str:
        """Plain words, from the docstring."""
        return summary_of(self.function)

    def parse(self, settings: Mapping[str, Any]) -> dict[str, Value]:
        """All parameters with their values.

        Raises:
            MethodError: an unknown name, or a value that does not fit.
        """
        return parse_settings(self.params, settings, owner=f"sampler '{self.name}'")

    def trajectories(self, settings: Mapping[str, Any]) -> int:
        """How many trajectories one prompt gets with these settings."""
        return self.size(**self.parse(settings))

    def as_json(self) -> dict[str, Any]:
        """The fields that the contract lists, JSON-ready."""
        return {
            "name": self.name,
            "title": self.title,
            "family": self.family,
            "summary": self.summary,
            "formula": self.formula,
            "citation": str(self.citation),
            "needs": sorted(self.needs),
            "parameters": [param.as_json() for param in self.params],
        }


SAMPLERS: dict[str, Sampler] = {}


def sampler(
    *,
    title: str,
    family: str,
    citation: Citation,
    size: Callable[..., int],
    formula: str = "",
    needs: set[str] | frozenset[str] = frozenset(),
) -> Callable[[Callable[..., Growing]], Callable[..., Growing]]:
    """Register a sampler under the function's name; its summary is the docstring, its parameters the signature.

    Raises:
        MethodError: the name is taken.
    """

    def register(function: Callable[..., Growing]) -> Callable[..., Growing]:
        name = function.__name__
        if name in SAMPLERS:
            raise MethodError(f"two samplers are named {name!r}", todo="rename one")
        SAMPLERS[name] = Sampler(name, title, family, formula, citation, frozenset(needs), function, size)
        return function

    return register


def get_sampler(name: str) -> Sampler:
    """A sampler by name.

    Raises:
        MethodError: unknown name; lists the known ones.
    """
    if name not in SAMPLERS:
        raise MethodError(f"no sampler {name!r}", todo="known: " + ", ".join(sorted(SAMPLERS)))
    return SAMPLERS[name]
