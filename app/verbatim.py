"""The one way to show text that others wrote where Streamlit reads Markdown: letter by letter, as it is.

Escaping with backslashes is not enough: Streamlit looks for icons, colours and addresses after Markdown has removed
them. Inside a code span nothing of the kind happens; the style sheet makes code spans look like the text around them.
"""

from __future__ import annotations

import re

from app.formulas import MAX_TEXT, passages
from treecore.bidi import visible

RUNS = re.compile("`+")
INDENT = re.compile(r"^[ \t]+(?=\S)")
BREAKS = re.compile(r"\r\n|\r|\n")
MAX_SHOWN = 2000
ICON, JOINER = ":material/", "\N{WORD JOINER}"
"""What Streamlit writes otherwise even in code, and a character without width that keeps it from doing so; it keeps an
indent in its place too."""


def verbatim(text: object, most: int = MAX_SHOWN) -> str:
    """Markdown that shows `text` in one line exactly as it is, "" for blank text; at most `most` characters of it."""
    flat = " ".join(str(text).split())
    flat = flat if len(flat) <= most else flat[: most - 1] + "…"
    return letters(flat, pad=flat.startswith("`") or flat.endswith("`"))


def letters(line: str, *, pad: bool) -> str:
    """A code span of one line, "" for none; `pad` keeps spaces and backticks at its ends."""
    line = visible(line)
    if not line.strip():
        return " " if line else ""
    fence = "`" * (max(map(len, RUNS.findall(line)), default=0) + 1)
    space, line = " " if pad else "", line.replace(ICON, f"{ICON[:-1]}{JOINER}/")
    return f"{fence}{space}{line}{space}{fence}"


def mathematics(text: str) -> str:
    """Markdown that draws the formulas of `text` and shows all else letter by letter, with its lines and indents.

    Formulas hold no dollar sign and no line break (`formulas.drawable`), so none can end before its mark. Only the
    first 20,000 characters are shown.
    """
    drawn = []
    for passage in passages(text[:MAX_TEXT]):
        if not passage.formula:
            first, *others = BREAKS.split(passage.text)
            lines = [first, *(INDENT.sub(rf"{JOINER}\g<0>", line) for line in others)]
            drawn.append("  \n".join(letters(line, pad=True) for line in lines))
        elif passage.display:
            drawn.append(f"\n\n$$\n{passage.formula}\n$$\n\n")
        else:
            drawn.append(f" ${passage.formula}$" if drawn and drawn[-1].endswith("$") else f"${passage.formula}$")
    return "".join(drawn)


def ours(markdown: str) -> str:
    """Markdown that this package wrote, such as the summary of a method; never anything from a file or a link."""
    return markdown
