"""Incremental detokenisation: the text of each new token, so that these texts joined are the text of the step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

INCOMPLETE = "\ufffd"


class Detokenizer:
    """Pieces of text by token; a pair of neighbours is decoded once and remembered.

    Args:
        tokenizer: of transformers.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self._pairs: dict[tuple[int, int], str] = {}

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids` with the names of control tokens left in."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def next_token_string(self, before: Sequence[int], token: int) -> str:
        """What `token` adds after the tokens `before` of the same step.

        A character made of several tokens belongs to the one that completes it; the others add nothing.
        """
        key = (before[-1] if before else -1, token)
        piece = self._pairs.get(key)
        if piece is None:
            head = self.decode(before[-1:]) if before else ""
            piece = self.decode([*before[-1:], token])[len(head) :]
            if INCOMPLETE in head or INCOMPLETE in piece:
                return self._slow(before, token)
            self._pairs[key] = piece
        return piece

    def _slow(self, before: Sequence[int], token: int) -> str:
        head = self.decode(before).rstrip(INCOMPLETE)
        return self.decode([*before, token])[len(head) :].rstrip(INCOMPLETE)

    def token_strings(self, ids: Sequence[int]) -> list[str]:
        """Text of each token of a run."""
        return [self.next_token_string(ids[:place], token) for place, token in enumerate(ids)]
