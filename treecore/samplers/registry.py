"""What a sampler is, what it may see and ask for, and the one list of all samplers.

A sampler is a generator function `(growth, *, parameters)`. It yields waves, lists of requests, and is resumed with
the rows of the leaves, one a request and in the order of the requests, when the whole wave is written. Samplers of
many prompts run side by side in one batch, so a wave should ask for all that can be asked at once.

Rows never change their number or meaning: a row stays what was written in one go between two step ends, and others may
start inside it. Cutting it there is left to the forest that is handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pickle import PicklingError
from typing import Any, Literal, Protocol

import numpy as np

from treecore.core.columns import Status
from treecore.policies.base import Completion
from treecore.protocols import Prompt
from treecore.registry.citation import Citation
from treecore.registry.parameterised import Parameterised
from treecore.registry.params import Only, Value, parse_settings
from treecore.registry.registry import Registry


@dataclass(frozen=True)
class Expand:
    """Write on from a row, to the end of the trajectory unless a limit ends it before.

    What stops before the end leaves a last row that is `open` and can be continued; where nobody does, it is a leaf
    without a reward.

    Attributes:
        node: row to continue; None starts a new tree at the prompt.
        at: start inside the row, after so many of its own tokens, in place of its end; needs `FORKS`.
        steps: stop after so many steps are over; one begun before counts.
        tokens: stop after so many drawn tokens, inside a step if need be; needs `FORKS`.
        note: fields that every node of the trajectory will carry.
        greedy: take the likeliest tokens, whatever the run's temperature is; needs `GREEDY`.
    """

    node: int | None = None
    at: int | None = None
    steps: int | None = None
    tokens: int | None = None
    note: Mapping[str, Any] = field(default_factory=dict, hash=False)
    greedy: bool = False


@dataclass(frozen=True)
class Recite:
    """Write the task's own solution as a new tree; no token of it is drawn. Needs `EXTENDS`."""


Request = Expand | Recite


class Seen(Protocol):
    """A row as a sampler sees it.

    Attributes:
        text, observation, reward, status: as in a forest; status None for a step that ended no trajectory.
        own: its own tokens; for a row that started inside a step, those after the start.
        open: whether writing can go on from its end.
        extra: fields of the forest's node; a sampler may add to them.
        columns: numbers of the forest's columns for this node; a sampler may add to them.
    """

    text: str
    observation: str
    reward: float
    status: Status | None
    extra: dict[str, Any]
    columns: dict[str, float]

    @property
    def own(self) -> Completion: ...

    @property
    def open(self) -> bool: ...


class Growth(Protocol):
    """One prompt's forest while it grows, as a sampler sees it.

    Attributes:
        prompt: what is answered. It holds the expected answer too: what looks at that is an oracle and says so.
        parent: `[N]` row of each node's parent, -1 at roots; grows with every wave.
        fork: `[N]` how many of the parent's own tokens come before the row; -1 where it starts at the parent's end.
        nodes: `[N]` what was written.
        vocabulary_size: of the policy; 0 when it is not known.
        random: the sampler's own stream of random numbers.
        notes: facts about the whole forest, kept in its field `sampler_notes`; a sampler may add to them.
    """

    @property
    def prompt(self) -> Prompt: ...

    @property
    def parent(self) -> Sequence[int]: ...

    @property
    def fork(self) -> Sequence[int]: ...

    @property
    def nodes(self) -> Sequence[Seen]: ...

    @property
    def vocabulary_size(self) -> int: ...

    @property
    def random(self) -> np.random.Generator: ...

    @property
    def notes(self) -> dict[str, Any]: ...


Count = Literal["exactly", "at most", "at least", "about"]
Growing = Generator[list[Request], list[int], None] | Generator[list[Expand], list[int], None]


@dataclass(frozen=True)
class Sampler(Parameterised):
    """A registered sampler.

    Attributes:
        name, title, family: for lists and pickers.
        formula: LaTeX, "" when there is none.
        citation: source.
        needs: what the policy must give beside text, of `FORKS` and `TOP_ENTROPY` (`treecore.policies.base`); empty
            for most. `GREEDY` and `EXTENDS` are looked for where a request asks for them.
        function: the generator function.
        size: parameters -> trajectories that one prompt gets.
        count: what `size` says of them; `about` where their number depends on what is written and has no bound that
            would tell anything.
        bias: why means over subtrees are no estimates of a step's value; "" where they are.
        biased_where: the parameter and its values for which that is so; None for all.
        private: parameters that may name code or models of the machine, so never to be taken from a visitor.
        continuations: the parameter that says how many continuations a value is the mean of; "" where there is none.
    """

    name: str
    title: str
    family: str
    formula: str
    citation: Citation
    needs: frozenset[str]
    function: Callable[..., Growing]
    size: Callable[..., int]
    count: Count = "exactly"
    bias: str = ""
    private: frozenset[str] = frozenset()
    continuations: str = ""
    biased_where: Only | None = None

    def bias_with(self, settings: Mapping[str, Any]) -> str:
        """Why means over subtrees are biased with these settings, "" where they are not."""
        where = self.biased_where
        return self.bias if where is None or settings.get(where.other) in where.values else ""

    def __reduce__(self) -> tuple[Callable[[str], Sampler], tuple[str]]:
        """Another process looks it up by its name.

        Raises:
            PicklingError: it is not the one of that name.
        """
        if SAMPLERS.find(self.name) is not self:
            raise PicklingError(f"sampler '{self.name}' is not the registered one")
        return get_sampler, (self.name,)

    def parse(self, settings: Mapping[str, Any]) -> dict[str, Value]:
        """All parameters with their values.

        Raises:
            MethodError: an unknown name, or a value that does not fit.
        """
        return parse_settings(self.params, settings, owner=f"sampler '{self.name}'")

    def trajectories(self, settings: Mapping[str, Any]) -> int:
        """How many trajectories one prompt gets with these settings, as far as `count` says."""
        return self.size(**self.parse(settings))

    def how_many(self, settings: Mapping[str, Any]) -> str:
        """The same in words: `6`, `at most 9`, `at least 9`, or that it depends."""
        number = self.trajectories(settings)
        if self.count == "about":
            return "depends on the answers"
        return str(number) if self.count == "exactly" else f"{self.count} {number}"

    @property
    def open_ended(self) -> bool:
        """Whether there may be more trajectories than `size` says."""
        return self.count in ("at least", "about")

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
            "bias": self.bias,
            "parameters": [param.as_json() for param in self.params],
        }


SAMPLERS = Registry[Sampler]("sampler", group="treecore.samplers")


def sampler(
    *,
    title: str,
    family: str,
    citation: Citation,
    size: Callable[..., int],
    formula: str = "",
    needs: set[str] | frozenset[str] = frozenset(),
    count: Count = "exactly",
    bias: str = "",
    private: set[str] | frozenset[str] = frozenset(),
    continuations: str = "",
    biased_where: Only | None = None,
) -> Callable[[Callable[..., Growing]], Callable[..., Growing]]:
    """Register a sampler under the function's name; its summary is the docstring, its parameters the signature.

    Raises:
        MethodError: the name is taken.
    """

    def register(function: Callable[..., Growing]) -> Callable[..., Growing]:
        name = function.__name__
        made = Sampler(
            name,
            title,
            family,
            formula,
            citation,
            frozenset(needs),
            function,
            size,
            count,
            bias,
            frozenset(private),
            continuations,
            biased_where,
        )
        SAMPLERS.add(made)
        return function

    return register


def get_sampler(name: str) -> Sampler:
    """A sampler by name.

    Raises:
        MethodError: unknown name; lists the known ones.
    """
    return SAMPLERS.find(name)
