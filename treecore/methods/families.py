"""Families of credit methods: the headings under which lists and documents show them."""

from __future__ import annotations

from typing import NamedTuple


class Family(NamedTuple):
    """What methods of one kind have in common.

    Attributes:
        name: one word, for tables.
        heading: what stands above its methods.
    """

    name: str
    heading: str


FAMILIES = {
    family.name: family
    for family in (
        Family("outcome", "Outcome baselines: trajectories against trajectories"),
        Family("tree", "Trees: steps against what the tree says about them"),
        Family("value", "Values: what a step changed in the chance of success"),
        Family("search", "Search: what a tree search leaves at its nodes"),
        Family("labels", "Labels for process reward models"),
        Family("tools", "Tool use"),
        Family("confidence", "Confidence"),
        Family("expert", "Experts"),
    )
}
"""The families of the bundled methods, in the order in which they are listed."""


def family_of(declared: str | Family) -> Family:
    """The family that a method declares: one with a heading of its own, a bundled one by name, or just a name."""
    if isinstance(declared, Family):
        return declared
    return FAMILIES.get(declared) or Family(name=declared, heading=declared.capitalize())
