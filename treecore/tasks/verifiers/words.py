"""Whether a text stands in another as whole words and whole numbers, in any script. Knows no verifier."""

from __future__ import annotations

import re
import unicodedata

_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
"""Letters of Thai, Lao, Burmese, Khmer, Chinese and Japanese, and of Korean, whose particles are joined to the word."""
_NUMBER_BEFORE = re.compile(r"\d\.\Z|(?<![\w)\]}])[-−.]\Z")
_GROUP_BEFORE = re.compile(r"\d,\Z")
_NUMBER_AFTER = re.compile(r"\.\d|,\d{3}(?!\d)")
_GROUP = re.compile(r"\d{3}(?!\d)")
_AROUND = 4
"""Characters looked at on each side."""


def stands(wanted: str, *, text: str, whole_words: bool) -> bool:
    """Whether `wanted` is found in `text`.

    Args:
        whole_words: not as a part of a longer word or number.
    """
    at = text.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        before, after = text[max(at - _AROUND, 0) : at], text[end : end + _AROUND + 1]
        if not whole_words or not (_begins_inside(before, wanted) or _ends_inside(wanted, after)):
            return True
        at = text.find(wanted, at + 1)
    return False


def _begins_inside(before: str, wanted: str) -> bool:
    if wanted[:1].isdigit() and (
        _NUMBER_BEFORE.search(before) or (_GROUP_BEFORE.search(before) and _GROUP.match(wanted))
    ):
        return True
    return _joined(before[-1:], wanted[:1])


def _ends_inside(wanted: str, after: str) -> bool:
    return _joined(wanted[-1:], after[:1]) or (wanted[-1:].isdigit() and _NUMBER_AFTER.match(after) is not None)


def _joined(left: str, right: str) -> bool:
    """Whether two characters that follow each other belong to one word."""
    return _of_word(left) and _of_word(right) and not (_SPACELESS.match(left) or _SPACELESS.match(right))


def _of_word(char: str) -> bool:
    return bool(char) and (char == "_" or unicodedata.category(char)[0] in "LNM")
