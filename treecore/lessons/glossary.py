"""The words of the course, what they mean, and where they stand in a text."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "glossary.toml"
TITLE = "# Glossary\n\nThe words of the course. `treecore lessons --glossary` writes this page.\n"


@dataclass(frozen=True)
class Word:
    """A word, other forms of it, and what it means."""

    term: str
    means: str
    also: tuple[str, ...] = ()


@cache
def glossary() -> dict[str, Word]:
    """All words by their first form, in the order of the file."""
    held = tomllib.loads(FILE.read_text(encoding="utf-8"))["word"]
    words = [Word(one["term"], one["means"], tuple(one.get("also", ()))) for one in held]
    return {word.term: word for word in words}


@cache
def forms() -> dict[str, str]:
    """Every form, in small letters -> the word that it belongs to."""
    return {form.lower(): word.term for word in glossary().values() for form in (word.term, *word.also)}


@cache
def _pattern() -> re.Pattern[str]:
    longest_first = sorted(forms(), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest_first))})(?![\w-])", re.IGNORECASE)


def linked(text: str) -> list[tuple[str, str]]:
    """A text in pieces, each with the word of the glossary that it is, or ""."""
    return [(piece, forms().get(piece.lower(), "")) for piece in _pattern().split(text) if piece]


def document() -> str:
    """The glossary as Markdown."""
    lines = [f"**{word.term}**: {word.means}" for word in sorted(glossary().values(), key=lambda one: one.term.lower())]
    return TITLE + "\n" + "\n\n".join(lines) + "\n"
