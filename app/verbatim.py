"""The one way to show text that others wrote where Streamlit reads Markdown: letter by letter, as it is.

Escaping with backslashes is not enough: Streamlit looks for icons, colours and addresses after Markdown has removed
them. Inside a code span nothing of the kind happens; the style sheet makes code spans look like the text around them.
"""

from __future__ import annotations

import re

RUNS = re.compile("`+")
MOST = 2000


def verbatim(text: object, most: int = MOST) -> str:
    """Markdown that shows `text` in one line exactly as it is, "" for blank text; at most `most` characters of it."""
    flat = " ".join(str(text).split())
    flat = flat if len(flat) <= most else flat[: most - 1] + "…"
    if not flat:
        return ""
    fence = "`" * (max(map(len, RUNS.findall(flat)), default=0) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def ours(markdown: str) -> str:
    """Markdown that this package wrote, such as the summary of a method; never anything from a file or a link."""
    return markdown
