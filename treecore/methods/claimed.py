"""Settings with which trainers make advantages: what numbers of a file are compared with to find out what they are.

First the normalisations of groups of trajectories that trainers offer, wider than any one method here; then every
registered method with its defaults and with each choice of each parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from treecore.core.batch import Forests
from treecore.core.topology import FloatArray, IntArray
from treecore.methods.ops.groups import back_up, group_stats, on_leaves, ratio
from treecore.methods.registry import METHODS, Method

EPSILONS = (1e-4, 1e-6, 1e-8, 0.0)
OF_GROUPS = ("grpo", "dr_grpo", "rloo", "max_rl")
"""Methods that are normalisations of groups, all of which are tried anyway."""
SINGLE = {"raw": "a single trajectory keeps its reward", "zero": "a single trajectory gets 0"}


class Way(NamedTuple):
    """A registered method, or "" for none, and what is set, a clause each."""

    method: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Attempt:
    """One way to make credit.

    Attributes:
        method: a registered method that it is a setting of, or "" for none.
        words: what is set, a clause each.
        leaves: works out advantages of the scored leaves, `[L]`; None where `nodes` does more.
        nodes: works out the credit of every step, `[N]`.
        settings: parameters with which `method` itself gives the same; None where it has none for it.
    """

    method: str
    words: tuple[str, ...]
    leaves: Callable[[], FloatArray] | None
    nodes: Callable[[], FloatArray]
    settings: Mapping[str, Any] | None = None

    @property
    def way(self) -> Way:
        """What is done, apart from how it is worked out."""
        return Way(self.method, self.words)


class Grouping(NamedTuple):
    """Which scored leaves are compared with each other: `number [L]` of `n`, and what they are called."""

    number: IntArray
    n: int
    words: str
    name: str


def groupings(forests: Forests) -> list[Grouping]:
    """Ways to group scored leaves, each another partition: by forest, by prompt, by training step, all together."""
    of = forests.forest_of[forests.scored]
    steps = [int(step) if isinstance(step := one.provenance.get("training_step"), int) else -1 for one in forests]
    staged = any(step >= 0 for step in steps)
    found: list[tuple[Sequence[Any], str, str]] = [
        (list(range(len(forests))), "groups by (step, prompt)" if staged else "groups by prompt", "prompt"),
        ([one.prompt for one in forests], "groups by prompt over all training steps", "prompt"),
        (steps, "groups by training step", "training step"),
        ([0] * len(forests), "one group of all", "file"),
    ]
    kept: dict[tuple[int, ...], Grouping] = {}
    for keys, words, name in found:
        place: dict[Any, int] = {}
        number = np.array([place.setdefault(key, len(place)) for key in keys], dtype=np.int64)
        kept.setdefault(tuple(number.tolist()), Grouping(number[of], len(place), words, name))
    return list(kept.values())


def attempts(forests: Forests, first: str = "") -> Iterator[Attempt]:
    """Normalisations of groups, those that trainers use most first.

    Args:
        first: a registered method that is tried before all others.
    """
    if first in METHODS:
        yield from variants(forests, first)
    every = groupings(forests)
    for number, group in enumerate(every):
        single = list(SINGLE) if (np.bincount(group.number) == 1).any() else ["raw"]
        for rule in single:
            words = (group.words, SINGLE[rule]) if len(single) > 1 else (group.words,)
            yield from of_group(forests, group, rule, words)
            for wider in every[number + 1 :]:
                yield from over_wider(forests, group, wider=wider, rule=rule, words=words)
    yield made(forests, "", ("the rewards as they are",), lambda: forests.reward[forests.scored])


def made(
    forests: Forests,
    method: str,
    words: tuple[str, ...],
    leaves: Callable[[], FloatArray],
    settings: Mapping[str, Any] | None = None,
) -> Attempt:
    """An attempt that judges trajectories; a step gets the mean of those through it."""
    return Attempt(method, words, leaves, lambda: back_up(forests, on_leaves(forests, leaves())).mean, settings)


def of_group(forests: Forests, group: Grouping, rule: str, words: tuple[str, ...]) -> Iterator[Attempt]:
    """Everything that is made of one group alone."""
    reward = forests.reward[forests.scored]
    stats = {ddof: group_stats(reward, group.number, group.n, ddof=ddof) for ddof in (1, 0)}
    mean, count = stats[1].mean, stats[1].count
    alone = count < 2
    kept = reward if rule == "raw" else np.zeros(len(reward))
    is_own = np.array_equal(group.number, forests.forest_of[forests.scored])

    def own(rules: Sequence[str] = ("raw",), **settings: Any) -> Mapping[str, Any] | None:
        """Settings of the registered method, which groups by forest and has these rules for one alone."""
        return settings if is_own and rule in rules else None

    def scaled(divisor: FloatArray, epsilon: float = 0.0) -> Callable[[], FloatArray]:
        """A trajectory alone is measured against mean 0 and deviation 1, to which epsilon is added as well."""
        return lambda: np.where(alone, kept / (1 + epsilon), ratio(reward - mean, divisor))

    for ddof, epsilon in product((1, 0), EPSILONS):
        clauses = ("std", f"ddof {ddof}", epsilon_words(epsilon), *words)
        own_grpo = own(epsilon=epsilon, ddof=ddof)
        yield made(forests, "grpo", clauses, scaled(np.nan_to_num(stats[ddof].std) + epsilon, epsilon), own_grpo)
    yield made(forests, "dr_grpo", ("no std", *words), scaled(np.ones(len(reward))), own())
    leave_one_out = scaled((count - 1) / count)
    yield made(forests, "rloo", ("leave-one-out mean", *words), leave_one_out, own(tuple(SINGLE), singleton=rule))
    for epsilon in (0.0, 1e-4, 1e-6):
        clauses = (epsilon_words(epsilon), group.words) if epsilon else (group.words,)
        share = quotient(np.where(mean > 0, reward - mean, 0.0), mean + epsilon)
        yield made(forests, "max_rl", clauses, share, None if epsilon else own(tuple(SINGLE)))


def over_wider(
    forests: Forests, group: Grouping, *, wider: Grouping, rule: str, words: tuple[str, ...]
) -> Iterator[Attempt]:
    """Rewards less the mean of a group, in standard deviations of a wider one."""
    reward = forests.reward[forests.scored]
    stats = group_stats(reward, group.number, group.n, ddof=0)
    centred = np.where(stats.count < 2, reward if rule == "raw" else 0.0, reward - stats.mean)
    for of, values in (("rewards", reward), ("advantages", centred)):
        for ddof, epsilon in product((1, 0), EPSILONS):
            spread = np.nan_to_num(group_stats(values, wider.number, wider.n, ddof=ddof).std) + epsilon
            clauses = (f"std of the {of} of the {wider.name}", f"ddof {ddof}", epsilon_words(epsilon), *words)
            yield made(forests, "grpo", clauses, quotient(centred, spread))


def quotient(gap: FloatArray, divisor: FloatArray) -> Callable[[], FloatArray]:
    """Works out the ratio when it is asked for."""
    return lambda: ratio(gap, divisor)


def epsilon_words(epsilon: float) -> str:
    """`epsilon 1e-4`."""
    return f"epsilon {epsilon:.0e}".replace("e-0", "e-") if epsilon else "epsilon 0"


def registered(forests: Forests) -> Iterator[Attempt]:
    """Every other registered method that can run, with its defaults and with each choice of each parameter."""
    for name in METHODS:
        if name not in OF_GROUPS:
            yield from variants(forests, name)


def lacked(forests: Forests) -> dict[str, list[str]]:
    """What the data lack, and the registered methods that cannot run without it."""
    found: dict[str, list[str]] = {}
    for name, method in METHODS.items():
        if what := method.lacking(forests):
            found.setdefault(what, []).append(name)
    return found


def variants(forests: Forests, name: str) -> Iterator[Attempt]:
    """One method with its defaults and with each choice of each parameter, as far as the data allow."""
    method = METHODS[name]
    settings: list[dict[str, Any]] = [{}]
    settings += [{param.name: choice} for param in method.params for choice in param.choices if choice != param.default]
    settings += [{param.name: not param.default} for param in method.params if param.type == "bool"]
    if "epsilon" in method.defaults:
        settings += [{"epsilon": epsilon} for epsilon in EPSILONS if epsilon != method.defaults["epsilon"]]
    for chosen in settings:
        if method.lacking(forests, chosen):
            continue
        words = tuple(f"{key}={value}" for key, value in chosen.items()) or ("its defaults",)
        yield Attempt(name, words, None, partial(credit_of, forests, method, chosen), chosen)


def credit_of(forests: Forests, method: Method, settings: Mapping[str, Any]) -> FloatArray:
    """Credit of every step by one method."""
    return method.compute(forests, settings).credit
