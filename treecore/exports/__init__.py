"""Forests and credit for other programs: trainers, papers, tables. Importing this registers every kind."""

from __future__ import annotations

from treecore.exports import figures, graphs, html, pairs, steps, stepwise, training  # noqa: F401  (register the kinds)
from treecore.exports.registry import EXPORTS, Export, Exported, export, export_kind

__all__ = ["EXPORTS", "Export", "Exported", "export", "export_kind"]
