"""Values that the address carries: under which name, what they hold before anybody chose, and which of them there are.

Knows no session.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

FieldValue = str | bool | int | tuple[str, ...]
MAX_FIELD = 1000
"""Characters that a field may take in the address."""
NUMBER = re.compile(r"-?[0-9]{1,9}")
PARAMETER = "set."
"""What stands before the name of a parameter of the method."""
SHOWN = 40
"""Characters of a wrong value that are repeated."""


@dataclass(frozen=True)
class Field:
    """A value that the address carries.

    Attributes:
        name: in the address.
        default: before anybody chose, and what an empty text or no name stands for; it is not written into the address.
            Its type is that of the field: a text, yes or no, a whole number, or several names without commas.
        allowed: gives the names that there are, asked whenever one is read; None where any text will do, so that the
            view has to look.
        there: whether what is open has what a text names, asked once an address was read; None where any text will do.
    """

    name: str
    default: FieldValue = ""
    allowed: Callable[[], Collection[str]] | None = None
    there: Callable[[str], bool] | None = None

    def checked(self, value: object) -> FieldValue:
        """What a session holds; the default where a browser sent what there is not."""
        if isinstance(value, list):
            value = tuple(value)
        fits = type(value) is type(self.default) and value not in ("", ())
        if isinstance(value, tuple):
            fits = fits and all(isinstance(name, str) and self._is_there(name) for name in value)
        elif isinstance(value, str):
            fits = fits and self._is_there(value)
        elif isinstance(value, int):
            fits = fits and NUMBER.fullmatch(f"{value:d}") is not None
        return value if fits else self.default  # type: ignore[return-value]

    def written(self, value: object) -> str:
        """A value as the address has it; "" for the default, and for what is too long."""
        found = self.checked(value)
        if found == self.default:
            return ""
        text = (
            str(int(found)) if isinstance(found, bool) else ",".join(found) if isinstance(found, tuple) else str(found)
        )
        return text if len(text) <= MAX_FIELD else ""

    def read(self, text: str) -> FieldValue:
        """A value from the address; "" gives the default.

        Raises:
            ValueError: there is no such value; says which.
        """
        found: FieldValue | None = self.default if text == "" else None
        if text and len(text) <= MAX_FIELD:
            match self.default:
                case bool():
                    found = {"0": False, "1": True}.get(text)
                case int():
                    found = int(text) if NUMBER.fullmatch(text) else None
                case tuple():
                    found = tuple(text.split(","))
                case _:
                    found = text
        if found is None or self.checked(found) != found:
            raise ValueError(f"no {self.name.replace('_', ' ')} called “{text[:SHOWN]}”")
        return found

    def _is_there(self, name: str) -> bool:
        return self.allowed is None or name in self.allowed()
