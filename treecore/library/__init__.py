"""A whole run at once: a table of all its prompts with the numbers that tell where to look, kept in DuckDB."""

from __future__ import annotations

from treecore.library.facts import COLUMNS, Fact
from treecore.library.index import Index, index_path
from treecore.library.scan import Progress, refresh

__all__ = ["COLUMNS", "Fact", "Index", "Progress", "index_path", "refresh"]
