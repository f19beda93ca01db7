"""Stop strings: whether one ends in the text of the newest token, of a text that grows token by token."""

from __future__ import annotations


class StopStrings:
    """What ends a step.

    Args:
        stop: the strings.

    Attributes:
        longest: characters of the longest; 0 without any.
    """

    def __init__(self, stop: tuple[str, ...]) -> None:
        self.stop = stop
        self.longest = max((len(one) for one in stop), default=0)
        self._endings: dict[str, bool] = {}

    def end_in(self, text: str, *, piece: str, before: str) -> bool:
        """Whether one ends within `piece`.

        Args:
            text: of the step, which ends with `piece`.
            piece: text of the newest token.
            before: what a stop string may begin in that is not of the step.
        """
        possible = self._endings.get(piece)
        if possible is None:
            possible = self._endings[piece] = any(one[-1] in piece for one in self.stop)
        if not possible:
            return False
        for stop in self.stop:
            most = len(piece) + len(stop) - 1
            if stop in (text[-most:] if len(text) >= most else (before + text)[-most:]):
                return True
        return False

    def end_before_word(self, text: str, *, piece: str) -> bool:
        """Whether one ends with the space that `piece` begins with, the word after it being of the next step.

        Args:
            text: of the step, without `piece`.
            piece: text of the newest token.
        """
        if not (piece[:1].isspace() and piece.strip()):
            return False
        return (text[-self.longest :] + piece[:1]).endswith(self.stop)
