"""A figure of one forest as SVG, written without a browser: for papers, slides and web pages."""

from __future__ import annotations

from treecore.views.svg.trees import drawing

__all__ = ["drawing"]
