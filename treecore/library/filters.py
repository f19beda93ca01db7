"""What a library is asked for: filters, search, order and page; read from text, turned into SQL with bound values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

HISTOGRAMS = ("pass_rate", "credit_spread", "depth", "tokens", "sign_disagreement")
"""Columns that have a histogram, and a range that can be asked for."""
SORTS = ("prompt", "pass_rate", "distinct_answers", "outcome_entropy", "credit_spread", "sign_disagreement", "flags")
"""Columns by which the table can be sorted."""
SORT = "credit_spread"
PAGE = 50
"""Rows that are shown at a time."""
MAX_SEARCH = 200
"""Characters of a search."""
RANGE = re.compile(r"(-?[\d.]+(?:e[-+]?\d+)?)~(-?[\d.]+(?:e[-+]?\d+)?)")
STEPS = re.compile(r"(-?\d{1,18})~(-?\d{1,18})")
FIELDS = ("steps", "pair", "only", "mixed", "lint", "find", "sort", "page")
"""Names under which an address holds them."""


class Condition(NamedTuple):
    """A piece of SQL, and the values of its `?`."""

    sql: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Filters:
    """What is asked for; the default asks for everything.

    Attributes:
        steps: first and last training step.
        pair: two training steps that are compared.
        ranges: column of `HISTOGRAMS` -> least and most, both included.
        mixed: only forests whose outcomes differ.
        lint: only forests of which lint says something.
        search: text that prompt or steps hold, whatever the case.
        sort: column of `SORTS`; descending: the largest first.
        page: from 0.
    """

    steps: tuple[int, int] | None = None
    pair: tuple[int, int] | None = None
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    mixed: bool = False
    lint: bool = False
    search: str = ""
    sort: str = SORT
    descending: bool = True
    page: int = 0

    @classmethod
    def of(cls, said: Mapping[str, str]) -> Filters:
        """Read from text, such as that of an address; what is none of it is left out."""
        sort = said.get("sort", f"-{SORT}")
        page = said.get("page", "1")
        return cls(
            steps=_steps(said.get("steps", "")),
            pair=_steps(said.get("pair", "")),
            ranges=_ranges(said.get("only", "")),
            mixed=said.get("mixed") == "1",
            lint=said.get("lint") == "1",
            search=" ".join(said.get("find", "").split())[:MAX_SEARCH],
            sort=sort.removeprefix("-") if sort.removeprefix("-") in SORTS else SORT,
            descending=sort.startswith("-"),
            page=int(page) - 1 if re.fullmatch(r"[1-9]\d{0,5}", page) else 0,
        )

    @property
    def said(self) -> dict[str, str]:
        """As text, such as an address holds; without what is as by default."""
        only = ",".join(f"{name}:{low:.12g}~{high:.12g}" for name, (low, high) in self.ranges.items())
        sort = f"{'-' if self.descending else ''}{self.sort}"
        found = {
            "steps": "{}~{}".format(*self.steps) if self.steps else "",
            "pair": "{}~{}".format(*self.pair) if self.pair else "",
            "only": only,
            "mixed": "1" if self.mixed else "",
            "lint": "1" if self.lint else "",
            "find": self.search,
            "sort": "" if sort == f"-{SORT}" else sort,
            "page": str(self.page + 1) if self.page else "",
        }
        return {name: text for name, text in found.items() if text}

    @property
    def in_steps(self) -> Condition:
        """Of the training steps asked for."""
        return Condition("training_step BETWEEN ? AND ?", self.steps) if self.steps else Condition("true")

    @property
    def conditions(self) -> dict[str, Condition]:
        """All others, by name of what they filter."""
        found = {name: Condition(f'"{name}" BETWEEN ? AND ?', self.ranges[name]) for name in self.ranges}
        if self.mixed:
            found["mixed"] = Condition("outcome_entropy > 0")
        if self.lint:
            found["lint"] = Condition("len(flags) > 0")
        if self.search:
            found["find"] = Condition("regexp_matches(words, regexp_escape(?), 'i')", (self.search,))
        return found

    @property
    def order(self) -> str:
        """The SQL of the order, last by place, so that it is the same every time."""
        column = "len(flags)" if self.sort == "flags" else f'"{self.sort}"'
        return f"{column} {'DESC' if self.descending else 'ASC'} NULLS LAST, file, number"


def _steps(text: str) -> tuple[int, int] | None:
    found = STEPS.fullmatch(text)
    return (int(found[1]), int(found[2])) if found and int(found[1]) <= int(found[2]) else None


def _ranges(text: str) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for entry in text.split(",")[: len(HISTOGRAMS)]:
        name, _, bounds = entry.partition(":")
        if name in HISTOGRAMS and (both := RANGE.fullmatch(bounds)):
            try:
                low, high = float(both[1]), float(both[2])
            except ValueError:
                continue
            if math.isfinite(low) and math.isfinite(high) and low <= high:
                found[name] = (low, high)
    return found
