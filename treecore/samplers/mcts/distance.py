"""How different two options are written. Knows strings only."""

from __future__ import annotations

import numpy as np


def edit_distance(a: str, b: str) -> int:
    """Fewest characters to insert, delete or replace that turn `a` into `b` (Levenshtein)."""
    if len(a) < len(b):
        a, b = b, a
    letters = np.array([ord(letter) for letter in b], dtype=np.int64)
    place = np.arange(len(b) + 1)
    row = place.copy()
    for number, letter in enumerate(a, 1):
        best = np.minimum(row[1:] + 1, row[:-1] + (letters != ord(letter)))
        row = np.minimum.accumulate(np.concatenate([[number], best]) - place) + place
    return int(row[-1])
