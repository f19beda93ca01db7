"""Names of columns of rows to train on that hold what else is known of steps: writer and reader share them."""

from __future__ import annotations

from treecore.core.columns import TOKEN_COLUMNS, Column

OF_STEP, OF_TREE, OF_TOKEN = "step.", "tree.", "token."
"""Beginnings of the names of columns that hold annotations of steps, of empty roots, and numbers of tokens."""
BESIDE: tuple[Column, ...] = tuple(
    column for column in TOKEN_COLUMNS if column.name in ("entropy", "confidence", "part")
)
"""Numbers of tokens that stand beside ids and log probabilities."""
