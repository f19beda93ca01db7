"""Words of the glossary wherever they stand on a page, and one place that says what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from app.component import component
from treecore.lessons.glossary import forms, glossary

FOLDER = Path(__file__).parent

_words = component("glossary", FOLDER)


class GlossaryData(TypedDict):
    """Every form in small letters with the word that it belongs to, and what the words mean."""

    forms: dict[str, str]
    means: dict[str, str]


def glossary_words(*, key: str) -> None:
    """Underline each word of the glossary where it stands first; a click or the key W says what it means."""
    data: GlossaryData = {"forms": forms(), "means": {word.term: word.means for word in glossary().values()}}
    _words(key=key, data=data)
