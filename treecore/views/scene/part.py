"""What goes to the browser in one piece, named by a stamp of its content, and the numbers and words in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import orjson

from treecore.bidi import visible
from treecore.core.topology import FloatArray


class Part(NamedTuple):
    """Bytes that a browser keeps, so that they are sent once.

    Attributes:
        stamp: digest of the content; equal stamps mean equal bytes.
        body: UTF-8.
    """

    stamp: str
    body: bytes

    @classmethod
    def of(cls, body: bytes) -> Part:
        """A part of these bytes."""
        return cls(hashlib.blake2b(body, digest_size=12).hexdigest(), body)


def as_json(values: Mapping[str, Any]) -> Part:
    """Columns and single values as JSON; NaN becomes null."""
    return Part.of(orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY))


def numbers(values: FloatArray, digits: int = 6) -> FloatArray:
    """Rounded, NaN for what is not finite, never minus zero. Very small and very large values keep their precision."""
    finite = np.isfinite(values)
    moderate = finite & (np.abs(values) >= 10.0 ** (2 - digits)) & (np.abs(values) < 1e12)
    rounded = np.where(moderate, np.round(np.where(moderate, values, 0.0), digits), values)
    return np.where(finite, rounded, np.nan) + 0.0


def safe(text: str, most: int | None = None) -> str:
    """Words of others to be shown: at most `most` characters, direction controls visible, `encodable`."""
    text = visible(text)
    return encodable(text if most is None or len(text) <= most else text[: most - 1] + "…")


def encodable(text: str) -> str:
    """The text without surrogates that no encoder takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
