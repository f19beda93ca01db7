"""The kinds of annotation: samplers that start on a recorded forest, and what each adds to it.

It is registered like a sampler, sees which row it is asked about (`growth.target`, None for the whole forest), and
writes columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Annotated

from treecore.core.outcomes import FULL
from treecore.errors import MethodError
from treecore.methods.omegaprm import FirstError
from treecore.methods.omegaprm import first_error as search
from treecore.registry.citation import Citation
from treecore.registry.params import Bounds
from treecore.registry.registry import Registry
from treecore.rollouts.continuation import ContinuationGrowth, ContinuationSource
from treecore.samplers.estimates import Estimate, continued, path
from treecore.samplers.registry import Expand, Growing, Growth, Sampler

NEW = {"sampled_for": "branches"}
"""What the steps of a fresh branch say of themselves."""
VINE = Citation("Kazemnejad et al.", 2024, "VinePPO", "arXiv:2410.01679", "McGill-NLP/VinePPO", where="section 4")
KINDS = Registry[Sampler]("annotation", group="treecore.annotations")


def kind(
    *, title: str, citation: Citation, formula: str = ""
) -> Callable[[Callable[..., Growing]], Callable[..., Growing]]:
    """Register a kind under the function's name; its summary is the docstring, its parameters the signature."""

    def register(function: Callable[..., Growing]) -> Callable[..., Growing]:
        name = function.__name__
        KINDS.add(
            Sampler(
                name,
                title,
                "annotation",
                formula,
                citation,
                frozenset(),
                function,
                lambda **_: 0,
                count="at least",
                continuations="k",
            )
        )
        return function

    return register


def get_kind(name: str) -> Sampler:
    """A kind by name.

    Raises:
        MethodError: unknown name; lists the known ones.
    """
    return KINDS.find(name)


@kind(
    title="Monte Carlo values",
    formula=r"\hat V(s) = \frac{1}{k} \sum_{i=1}^{k} R(\tau_i), \quad \tau_i \sim \pi(\cdot \mid s)",
    citation=VINE,
)
def monte_carlo(growth: ContinuationGrowth, *, k: Annotated[int, Bounds(1, 4096)] = 8) -> Growing:
    """Continue from the prompt and from every step k times, independently; the mean reward is the step's value.

    Writes `mc_value`, `mc_count` (continuations that were scored), `mc_low` and `mc_high`. The last step of a finished
    trajectory gets none: its outcome is known. All trees of a forest share the prompt; its value stands at
    the first root.

    Args:
        k: continuations of each step (published: 9).
    """
    recorded = len(growth.nodes)
    rows = range(recorded) if growth.target is None else path(growth, growth.target)
    yield from continued(growth, [row for row in rows if growth.nodes[row].open], k=k)
    note_failures(growth, recorded)


@kind(
    title="Fresh branches",
    citation=VINE._replace(note="its continuations, kept as branches"),
)
def branches(growth: ContinuationGrowth, *, k: Annotated[int, Bounds(1, 4096)] = 4) -> Growing:
    """Continue one step, the one that is named, k times; kept, the forest has k more ways on from there.

    Writes no column: what it adds are trajectories like the recorded ones, drawn from the policy alone.

    Args:
        k: new branches.
    """
    if growth.target is None:
        raise MethodError("no step is named to branch from", todo="name one with --node")
    if not growth.nodes[growth.target].open:
        raise MethodError("the trajectory ends with this step", todo="name a step that others go on from")
    yield [Expand(growth.target, note=NEW) for _ in range(k)]


class UnknownValueError(LookupError):
    """A search asks for the value of a row that was not sampled yet."""

    def __init__(self, row: int) -> None:
        self.row = row
        super().__init__(row)


@kind(
    title="First error (OmegaPRM)",
    citation=Citation(
        "Luo et al.", 2024, "OmegaPRM", "arXiv:2406.06592", "binary search as in openr", where="section 3.2"
    ),
)
def first_error(growth: ContinuationGrowth, *, k: Annotated[int, Bounds(1, 4096)] = 16) -> Growing:
    """Search each wrong trajectory for the first step after which none of k continuations is right.

    A binary search: a prefix from which none succeeds hides the error in its first half, another in its second; so
    does one whose continuations all failed to be scored. Writes `first_error` (1 at the step found, 0 at the other
    steps of a searched trajectory), `probe` (round in which a step was asked about, from 1), and the values of the
    probed steps as `monte_carlo` does. Trajectories that share steps share their values.

    Args:
        k: continuations of each probed step.
    """
    recorded = len(growth.nodes)
    right = max([FULL, *(node.reward for node in growth.nodes if node.reward == node.reward)]) - 1e-9
    ends = wrong_ends(growth, right) if growth.target is None else [growth.target]
    ways = {end: path(growth, end)[1:] for end in ends}
    known = {end: share([growth.nodes[end].reward], right) for end in ends if not growth.nodes[end].open}
    found: dict[int, FirstError] = {}
    for turn in range(1, len(growth.nodes) + 1):
        wanted = []
        for end in ends:
            try:
                found[end] = search(partial(value_of, known, ways[end]), len(ways[end]))
            except UnknownValueError as unknown:
                wanted.append(unknown.row)
        if not wanted:
            break
        sampled: dict[int, Estimate] = yield from continued(growth, list(dict.fromkeys(wanted)), k=k)
        for row, estimate in sampled.items():
            known[row] = share(estimate.rewards, right)
            growth.nodes[row].columns["probe"] = turn
    mark(growth, ways, found)
    note_failures(growth, recorded)


def note_failures(growth: Growth, recorded: int) -> None:
    """Tell of continuations that failed, in the rows after those that were `recorded`: how many, why the first did."""
    reasons = [str(node.extra["error"]) for node in growth.nodes[recorded:] if "error" in node.extra]
    if reasons:
        growth.notes.update(failed=len(reasons), first_failure=reasons[0])


def wrong_ends(growth: Growth, right: float) -> list[int]:
    """Leaves whose reward is known and below `right`."""
    return [row for row, node in enumerate(growth.nodes) if node.reward < right]


def share(rewards: Iterable[float], right: float) -> float:
    """Share of rewards that are right; NaN of none."""
    hits = [reward >= right for reward in rewards]
    return sum(hits) / len(hits) if hits else float("nan")


def value_of(known: dict[int, float], way: Sequence[int], n_steps: int) -> float:
    """Share of right continuations after the first `n_steps` of a trajectory.

    Raises:
        UnknownValueError: it was not sampled yet.
    """
    row = way[n_steps - 1]
    if row not in known:
        raise UnknownValueError(row)
    return known[row]


def mark(growth: Growth, ways: dict[int, list[int]], found: dict[int, FirstError]) -> None:
    """Write the flags; a step that is the first error of one trajectory stays so where others share it."""
    for way in ways.values():
        for row in way:
            growth.nodes[row].columns["first_error"] = 0.0
    for end, result in found.items():
        if result.step is not None:
            growth.nodes[ways[end][result.step]].columns["first_error"] = 1.0


def continuations(source: ContinuationSource, name: str, k: int) -> int:
    """How many continuations a forest will get; at most as many for a search."""
    if name == branches.__name__:
        return k
    forest = source.forest
    rows = [row for row in range(len(forest)) if source.wanted[row] and source.goes_on(row)]
    steps = sum(int(forest.parent[row]) >= 0 for row in rows)
    prompt = name == "monte_carlo" and len(rows) > steps
    return k * (steps + prompt)
