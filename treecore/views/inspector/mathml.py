"""Equations as MathML, as lists that a script makes elements of: pages without a typesetter draw them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

Mark = str | list[Any]
"""Text, or an element: its name, a dictionary of attributes where it has any, then its children, `Mark`s too."""
TERM = "term-"
"""Class of a number in an equation, before its place among them: `\\class{term-0}{...}`."""
KEPT = ("display", "mathvariant", "stretchy", "displaystyle", "scriptlevel", "accent", "fence", "form", "linethickness")


@lru_cache(maxsize=20_000)
def mathml(latex: str) -> Mark:
    """LaTeX that a method wrote, as MathML; the LaTeX itself as text where it cannot be converted."""
    from latex2mathml.converter import convert

    try:
        root = ElementTree.fromstring(convert(latex, display="block"))
    except Exception:  # whatever a formula of a plug-in makes the converter do
        return ["mtext", latex]
    return marks(root)


def marks(element: ElementTree.Element) -> Mark:
    """An element with what is in it."""
    children: list[Any] = [element.text] if element.text else []
    for child in element:
        children += [marks(child), *([child.tail] if child.tail else [])]
    kept = {name: value for name, value in element.attrib.items() if name in KEPT}
    if (term := element.get("class", "").removeprefix(TERM)).isdecimal() and element.get("class") != term:
        kept["data-term"] = term
    return [element.tag.rpartition("}")[2], *([kept] if kept else []), *children]
