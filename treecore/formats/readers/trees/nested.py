"""Trees that are written as objects inside objects, walked without recursion. Knows no format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from treecore.formats.fields import list_in, wrong


class Found(NamedTuple):
    """A node of a nested tree.

    Attributes:
        fields: its own, children included; above: number of its parent in the order of the walk, -1 at the root.
        where: for messages.
    """

    fields: dict[str, Any]
    above: int
    where: str
    is_leaf: bool


def walk(root: Mapping[str, Any], children: str, *, where: str) -> Iterator[Found]:
    """All nodes, parents first, each before its next sibling.

    Args:
        children: name of the field that holds a node's children; null and absent are none.

    Raises:
        FormatError: children that are no list of objects.
    """
    stack: list[tuple[Any, int]] = [(root, -1)]
    number = 0
    while stack:
        node, above = stack.pop()
        if not isinstance(node, dict):
            raise wrong(children, node, "a list of objects", where=f"{where}, node {above}")
        place = f"{where}, node {number}"
        below = list_in(node, children, where=place)
        yield Found(node, above, place, not below)
        stack.extend((child, number) for child in reversed(below))
        number += 1
