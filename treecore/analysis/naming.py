"""How sentences write what is a name: marked as code in a terminal, as people read it on a page. Knows no sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from treecore.methods import METHODS


@dataclass(frozen=True)
class Naming:
    """Gives words for a name.

    Attributes:
        method: for that of a registered method; claim: for that under which a file claims numbers; command: for what is
            typed in a terminal.
    """

    method: Callable[[str], str]
    claim: Callable[[str], str]
    command: Callable[[str], str]

    def way(self, method: str, words: Sequence[str]) -> str:
        """A method with what is set, or what is set alone where `method` is ""."""
        return " with ".join([*([self.method(method)] if method else []), ", ".join(words)])

    def subject(self, claim: str) -> str:
        """A claim at the beginning of a sentence: the name of a method as such, any other as it stands."""
        return self.method(claim) if claim in METHODS else claim


def marked(name: str) -> str:
    """A name as code."""
    return f"`{name}`"


def title(name: str) -> str:
    """What a method is called; any other name as it is."""
    return METHODS[name].title if name in METHODS else name


CODE = Naming(method=marked, claim=marked, command=marked)
TITLES = Naming(method=title, claim=lambda name: f"“{title(name)}”", command=str)
