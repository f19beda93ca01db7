"""Which method, with which settings, gives the advantages and credits that a file claims.

Numbers of a trainer are claims: here they are made again from the rewards, in every way that is known, and what fits is
said, with what does not. Nothing is guessed: where several ways fit equally, or none does, that is said too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from treecore.analysis.naming import CODE, Naming
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.numerals import counted, plain, short, whole
from treecore.core.topology import BoolArray, FloatArray, IntArray
from treecore.errors import MethodError
from treecore.methods.claimed import Attempt, Way, attempts, lacked, registered

CLOSE = 1e-5
"""Claims that agree differ by no more than this, absolutely or relatively: trainers keep single precision."""
ROUNDED, EXACT = (3, 4), 1e-9
"""Decimals to which logs round; fewer tell nothing, as a half and a quarter are no rounded numbers."""
EQUALLY = 3e-7
"""Ways that agree differ in how well; up to this, relative to the largest claim, they are equally good."""
ENOUGH = 0.75
"""Share of the claims other than 0 that a way must give to count as their explanation."""
BY_COUNT = 0.5
"""Where the way that gives most claims gives a smaller share, few agree by chance; the nearest is what is least off."""
UNCLIPPED = 0.25
"""Share of the claims other than 0 that a way must give by itself where the others are clipped."""
MAX_NODES = 200_000
"""Up to so many steps all registered methods are tried, beyond it normalisations of groups alone."""
NAMED = 2


class Difference(NamedTuple):
    """A claim that the best way does not give: where it stands, what is claimed, what comes out."""

    forest: str
    node: str
    claimed: float
    recomputed: float


@dataclass(frozen=True, eq=False)
class Audit:
    """What is found out about the claims of one name.

    Attributes:
        name: of the claims, a method's or another, such as `advantage`.
        n: claims that could be compared; not_compared: those that stand where no trajectory beneath has a reward.
        best: the best way, `("", ())` where there is none at all.
        equal: other ways that fit as well; n_tried: ways that were tried.
        rows: `[D]` rows of the batch where the best way gives another number.
        differences: the same with names and numbers.
        explained: whether the best way counts as the explanation.
        silent: the claims are all equal and come out, which tells no way from another.
        clipped: what claims were cut to, either way, where the best way gives larger ones; NaN where none was.
        settings: parameters with which `method` gives the numbers of the best way, before they are clipped; None where
            it has none for it.
        lacking: where nothing explains the claims, what the data lack -> the registered methods that need it.
    """

    name: str
    n: int
    not_compared: int
    best: Way
    equal: tuple[Way, ...]
    n_tried: int
    rows: IntArray
    differences: tuple[Difference, ...]
    explained: bool
    silent: bool = False
    clipped: float = np.nan
    settings: Mapping[str, Any] | None = None
    lacking: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def not_tried(self, naming: Naming = CODE) -> str:
        """The methods that could not be tried, and what they lack; "" where the claims are explained."""
        clauses = (f"{', '.join(map(naming.method, names))}: {what}" for what, names in self.lacking.items())
        return f"not tried: {' | '.join(clauses)}" if self.lacking else ""

    @property
    def furthest(self) -> float:
        """By how much the best way is off at most; NaN where it gives no number for a claim."""
        return float(np.max([abs(one.claimed - one.recomputed) for one in self.differences], initial=0.0))

    def in_words(self, naming: Naming = CODE) -> str:
        """The finding in one sentence, without its end.

        Args:
            naming: how it writes names.
        """
        if not self.n:
            return f"{counted(self.not_compared, 'value')} with no reward beneath: nothing can be compared"
        best = f"{naming.way(*self.best)}{self._cut}"
        apart = len(self.rows)
        if self.silent:
            alike = "its one value" if self.n == 1 else f"{counted(self.n, 'value')}, all equal,"
            return f"{alike} say{'s' if self.n == 1 else ''} nothing of the method: {self._common} {best}"
        if not self.explained:
            fits = f"gives {whole(self.n - apart)} of {counted(self.n, 'value')}"
            if np.isfinite(self.furthest):
                fits += f" and differs by up to {short(self.furthest)}"
            return f"none of the {self.n_tried} settings tried explains these; the nearest, {best}, {fits}"
        agreement = f"{whole(apart)} of {counted(self.n, 'value')} differ{'s' if apart == 1 else ''}"
        if not apart:
            agreement = f"all {counted(self.n, 'value')} agree"
        return f"these are {best}; {agreement}{self._equally(naming)}{self._unscored}"

    def _equally(self, naming: Naming) -> str:
        """Other ways that these data do not tell apart from the best."""
        if not self.equal:
            return ""
        more = f", and {len(self.equal) - NAMED} more," if len(self.equal) > NAMED else ""
        fit = "fits" if len(self.equal) == 1 else "fit"
        return f"; {' and '.join(naming.way(*way) for way in self.equal[:NAMED])}{more} {fit} equally well"

    @property
    def _common(self) -> str:
        """How many ways give the same."""
        n = len(self.equal) + 1
        return f"{n} of the {self.n_tried} settings tried give{'s' if n == 1 else ''} the same, among them"

    @property
    def _cut(self) -> str:
        """To what claims were clipped."""
        return f", clipped to ±{plain(self.clipped, 4).rstrip('0').rstrip('.')}" if np.isfinite(self.clipped) else ""

    @property
    def _unscored(self) -> str:
        if not self.not_compared:
            return ""
        stand = "stands" if self.not_compared == 1 else "stand"
        return f"; {self.not_compared} more {stand} where no reward is known"

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "claim": self.name,
            "found": self.in_words(),
            "explained": self.explained,
            "values": self.n,
            "not_compared": self.not_compared,
            "method": self.best.method,
            "settings": list(self.best.words),
            "clipped": self.clipped,
            "equally": [CODE.way(*way) for way in self.equal],
            "tried": self.n_tried,
            "lacking": {what: list(names) for what, names in self.lacking.items()},
            "differences": [one._asdict() for one in self.differences],
        }


def audit(forests: Forest | Forests | Sequence[Forest]) -> list[Audit]:
    """What the claims of a batch are, one audit for each name under which the file claims numbers."""
    batch = forests if isinstance(forests, Forests) else Forests(forests)
    return [audit_of(batch, name) for name in dict.fromkeys(name for forest in batch for name in forest.claimed)]


def claimed(forests: Forests, method: str) -> FloatArray:
    """Credit that the files claim for one method, NaN where they claim none. `[N]`"""
    parts = [forest.claimed.get(method, np.full(len(forest), np.nan)) for forest in forests]
    return np.concatenate(parts)


class Fit(NamedTuple):
    """How well one way gives the claims: where it does, `agrees [C]`, by how much it is `off` there at most, and by how
    much it is off anywhere, `gap`; what its numbers were `clipped` to where that makes them the claims, else NaN."""

    attempt: Attempt
    agrees: BoolArray
    off: float
    gap: float
    clipped: float = np.nan

    @property
    def order(self) -> tuple[int, bool, float]:
        """Better ones first."""
        return -int(self.agrees.sum()), self.clipped == self.clipped, self.off


def audit_of(forests: Forests, name: str, *, methods: bool = True) -> Audit:
    """What the claims under one name are.

    Args:
        methods: try all registered methods too, where trees branch or no normalisation of groups gives all claims.
    """
    claim = claimed(forests, name)
    known = ~np.isnan(claim)
    rows = np.flatnonzero(known & (forests.n_scored > 0) & ~forests.is_prompt)
    missing = int(known.sum()) - len(rows)
    if not len(rows):
        return Audit(name, 0, missing, Way("", ()), equal=(), n_tried=0, rows=rows, differences=(), explained=False)
    fits = list(tried(forests, claim, rows, name, methods=methods and len(claim) <= MAX_NODES))
    best = min(fits, key=lambda fit: fit.order)
    claims = claim[rows] != 0
    share = best.agrees[claims].mean() if claims.any() else best.agrees.mean()
    equal: tuple[Way, ...] = ()
    if share >= ENOUGH:
        best = next(fit for fit in fits if fit is best or as_good(fit, claim[rows], best=best))
        equal = equals(best, fits, claim[rows], branching=branches(forests))
    elif share < BY_COUNT:
        best = min(fits, key=lambda fit: fit.gap)
    apart = rows[~best.agrees]
    values = best.attempt.nodes()
    differences = tuple(difference(forests, row, claim, values=values) for row in apart.tolist())
    silent = bool((claim[rows] == claim[rows[0]]).all() and best.agrees.all())
    explained = bool(share >= ENOUGH) and not silent
    found = (best.attempt.way, equal, len(fits), apart, differences)
    lacking = {} if explained or silent or not methods else lacked(forests)
    return Audit(
        name,
        len(rows),
        missing,
        *found,
        explained=explained,
        silent=silent,
        clipped=best.clipped,
        settings=best.attempt.settings,
        lacking=lacking,
    )


def tried(forests: Forests, claim: FloatArray, rows: IntArray, name: str, *, methods: bool) -> Iterator[Fit]:
    """Every way in turn; registered `methods` where trees branch or no normalisation of groups gives all claims."""
    whole_fit = False
    at_leaf = np.cumsum(forests.scored) - 1
    of_leaves = bool(forests.scored[rows].all())

    def fit(attempt: Attempt) -> Fit | None:
        try:
            if of_leaves and attempt.leaves is not None:
                found = attempt.leaves()[at_leaf[rows]]
            else:
                found = attempt.nodes()[rows]
        except MethodError:
            return None
        return compared(attempt, claim[rows], found=found)

    sources: list[Iterable[Attempt]] = [attempts(forests, name)]
    if methods:
        sources.append(registered(forests))
    for source in sources:
        if whole_fit and not branches(forests):
            return
        for attempt in source:
            if (one := fit(attempt)) is not None:
                whole_fit |= bool(one.agrees.all())
                yield one


def branches(forests: Forests) -> bool:
    """Whether trajectories part after the prompt, so that methods on trees say something of their own."""
    return bool((forests.topology.is_fork & ~forests.is_prompt).any())


def compared(attempt: Attempt, claim: FloatArray, *, found: FloatArray) -> Fit:
    """How well some numbers are the claimed ones."""
    slack = rounding(claim)
    gap = np.abs(claim - found)
    agrees = gap <= slack + CLOSE * np.abs(claim)
    off = float(gap[agrees].max(initial=0.0))
    if np.isfinite(bound := clipped_at(claim, found=found, agrees=agrees)):
        return Fit(attempt, np.ones(len(claim), dtype=bool), off, gap=off, clipped=bound)
    return Fit(attempt, agrees, off, gap=float(np.nan_to_num(gap, nan=np.inf).max()))


def clipped_at(claim: FloatArray, *, found: FloatArray, agrees: BoolArray) -> float:
    """The largest claim, where all that differ are it, either way, and their numbers lie beyond; NaN otherwise.

    The others must agree, be enough and of several sizes: one size alone agrees with anything of its sign.
    """
    apart = ~agrees
    bound = float(np.abs(claim).max())
    if (
        not apart.any()
        or not (np.abs(claim[apart]) == bound).all()
        or not (found * np.sign(claim) > bound)[apart].all()
    ):
        return np.nan
    inside = np.abs(claim[agrees & (claim != 0)])
    enough = len(inside) >= UNCLIPPED * np.count_nonzero(claim) and len(np.unique(inside[inside < bound].round(6))) > 1
    return bound if enough else np.nan


def rounding(claim: FloatArray) -> float:
    """Half a unit of the last decimal where all claims are rounded to three or four, else `CLOSE`."""
    for decimals in ROUNDED:
        if (np.abs(claim - np.round(claim, decimals)) < EXACT).all():
            coarse = (np.abs(claim - np.round(claim, 2)) < EXACT).all()
            return CLOSE if coarse else 0.51 * 10.0**-decimals
    return CLOSE


def as_good(fit: Fit, claim: FloatArray, *, best: Fit) -> bool:
    """Whether these claims do not tell two ways apart."""
    largest = max(float(np.abs(claim).max()), 1.0)
    return fit.order[:2] == best.order[:2] and fit.off <= max(2 * best.off, EQUALLY * largest)


def equals(best: Fit, fits: Sequence[Fit], claim: FloatArray, *, branching: bool) -> tuple[Way, ...]:
    """Other ways that fit as well as the best; without forks those of its kind, normalisations or methods."""
    alike = (fit for fit in fits if branching or (fit.attempt.leaves is None) == (best.attempt.leaves is None))
    ways = dict.fromkeys(fit.attempt.way for fit in alike if as_good(fit, claim, best=best))
    return tuple(way for way in ways if way != best.attempt.way)


def difference(forests: Forests, row: int, claim: FloatArray, *, values: FloatArray) -> Difference:
    """One claim that does not come out."""
    number = int(forests.forest_of[row])
    forest = forests[number]
    node = str(forest.node_id[row - int(forests.offset[number])])
    return Difference(forest.id or str(number), node, claimed=float(claim[row]), recomputed=float(values[row]))
