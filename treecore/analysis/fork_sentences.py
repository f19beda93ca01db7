"""What the forks of a batch say, in sentences: what they decide, what their contrast follows, how many say nothing."""

from __future__ import annotations

import numpy as np

from treecore.analysis.differences import KINDS
from treecore.analysis.forks import Forks
from treecore.analysis.kendall import tau_b
from treecore.core.numerals import NOISE, counted_of, percent, plain, whole
from treecore.core.topology import FloatArray, IntArray

MIN_FORKS = 10
"""Forks below which no conclusion is drawn."""
APART = 0.15
"""Difference of median shares from which on kinds are said to lie at different places."""
TELLING = 0.05
"""Share of the variance of contrast below which something is said to explain none of it."""
LATE = 0.2
"""The last part of a trajectory: forks that decide no more than this share of it."""


def sentences(forks: Forks) -> list[tuple[str, str]]:
    """What the data say, each a heading and a sentence; of too few forks only that they are too few."""
    n = len(forks)
    if n == 0:
        said = "The trajectories are separate chains: no two share a beginning, so nothing is compared there."
        return [("No forks.", said)]
    if n < MIN_FORKS:
        return [("Too few forks.", f"{whole(n)} are shown; fewer than {MIN_FORKS} allow no conclusion.")]
    return [decides(forks), matters(forks), silence(forks)]


def decides(forks: Forks) -> tuple[str, str]:
    """Whether kinds of differences lie at different places."""
    medians = {kind: float(np.median(forks.share[forks.kind == kind])) for kind in present(forks)}
    high, low = highest_and_lowest(medians)
    if high == low:
        said = f"Everywhere {KINDS[high].title} differs; the median fork decides {percent(medians[high])}."
        return "What it decides: one kind of thing.", said
    said = (
        f"Forks over {short(high)} decide {percent(medians[high])} of the trajectory (median), "
        f"forks over {short(low)} {percent(medians[low])}."
    )
    by_place = medians[high] - medians[low] >= APART
    return f"What it decides: {'by' if by_place else 'hardly by'} its place.", said


def matters(forks: Forks) -> tuple[str, str]:
    """Whether the contrast follows what differs or where the fork lies."""
    known = forks.only(np.isfinite(forks.contrast))
    if len(known) < MIN_FORKS or not (known.contrast > NOISE).any():
        return "How much it matters: not at all here.", "No fork makes a difference of credit by this method."
    by_kind = explained(known.contrast, group=known.kind)
    by_place = explained(known.contrast, group=np.minimum((known.share / LATE).astype(np.int64), 4))
    follows = "by what differs" if by_kind >= by_place else "by its place"
    heading = follows if max(by_kind, by_place) >= TELLING else "by neither what differs nor its place"
    means = {kind: float(known.contrast[known.kind == kind].mean()) for kind in present(known)}
    high, low = highest_and_lowest(means)
    said = f"Mean contrast is {plain(means[high])} where {KINDS[high].title} differs"
    if high != low:
        said += f" and {plain(means[low])} where {KINDS[low].title} does"
    late = known.contrast[known.share <= LATE]
    if len(late):
        said += f"; forks in the last fifth of the trajectory make {plain(float(late.mean()))}"
    tau = tau_b(known.share, known.contrast)
    place = f" Contrast and share agree in rank by {plain(tau)} (Kendall’s tau)." if np.isfinite(tau) else ""
    return f"How much it matters: {heading}.", f"{said}.{place}"


def silence(forks: Forks) -> tuple[str, str]:
    """How many forks make no difference."""
    quiet = int(forks.silent.sum())
    common = int(np.bincount(forks.kind).argmax())
    own = forks.kind == common
    most = quiet > len(forks) / 2
    heading = "Most forks decide nothing." if most else f"{percent(quiet / len(forks))} of the forks decide nothing."
    return heading, (
        f"At {counted_of(int(own.sum()), 'fork', total=len(forks))} {KINDS[common].title} differs, and "
        f"{percent(float(forks.silent[own].mean()))} of those give every branch the same credit."
    )


def highest_and_lowest(values: dict[int, float]) -> tuple[int, int]:
    """Names of the largest and the smallest number, two where there are two; ties in their order."""
    return max(values, key=lambda name: values[name]), min(reversed(values), key=lambda name: values[name])


def short(kind: int) -> str:
    """A kind within a sentence."""
    return KINDS[kind].title.removeprefix("only ")


def present(forks: Forks) -> list[int]:
    """Kinds that there are, coarsest first."""
    return list(np.unique(forks.kind).tolist())


def explained(values: FloatArray, *, group: IntArray) -> float:
    """Share of the variance that lies between groups."""
    total = float(((values - values.mean()) ** 2).sum())
    if total < NOISE:
        return 0.0
    between = 0.0
    for one in np.unique(group):
        own = values[group == one]
        between += len(own) * float(own.mean() - values.mean()) ** 2
    return between / total
