"""A few lines about an object for notebooks: HTML that holds text alone."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from treecore.bidi import visible

MAX_VALUE = 200
"""Characters of a value."""


def card(title: str, rows: Mapping[str, str]) -> str:
    """A heading and a row for each name with a value that is not empty; every word is escaped here and only here."""
    cells = "".join(
        f'<tr><th style="text-align:left;font-weight:normal;opacity:.65">{escape(name)}</th>'
        f'<td style="text-align:left;white-space:pre-wrap">{escape(shortened(value))}</td></tr>'
        for name, value in rows.items()
        if value
    )
    return f"<div><strong>{escape(title)}</strong><table><tbody>{cells}</tbody></table></div>"


def shortened(value: str) -> str:
    """One line, cut, without what no encoder takes."""
    line = " ".join(visible(value[: 4 * MAX_VALUE]).split())
    line = line if len(line) <= MAX_VALUE else line[: MAX_VALUE - 1] + "…"
    return line.encode("utf-8", "replace").decode()
