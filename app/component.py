"""A component of a folder: its script, with all that this imports, and style sheets that touch nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from treecore.views.sources import script, style


def component(name: str, folder: Path, *, js: str = "", css: tuple[str, ...] = ()) -> Callable[..., Any]:
    """Register it as `treecore.NAME`; the result draws it, as Streamlit's own do.

    Args:
        js: its script; css: its style sheets, joined in this order. By default the files of its name.
    """
    sheets = "".join(style(folder / one) for one in css or (f"{name}.css",))
    return st.components.v2.component(
        f"treecore.{name}", js=script(folder / (js or f"{name}.js")), css=sheets, isolate_styles=True
    )
