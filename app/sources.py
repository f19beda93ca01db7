"""Scripts and styles that go to the browser with every run, without what only people read."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from treecore.views.palette import DARK, LIGHT, Palette

COMMENT = re.compile(r"/\*.*?\*/", re.S)


def script(*paths: Path) -> str:
    """Files as one module, without lines of comment and without indents."""
    lines = [line.strip() for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def style(path: Path) -> str:
    """A style sheet without comments and indents; Streamlit takes a single line for the name of a file."""
    lines = COMMENT.sub("", path.read_text(encoding="utf-8")).splitlines()
    return "\n".join(line.strip() for line in lines if line.strip())


def colours(selector: str) -> str:
    """The palette as a style sheet: `--tc-ink` and so on beneath `selector`, of the theme that is in force there."""
    pairs = ((field.name, getattr(LIGHT, field.name), getattr(DARK, field.name)) for field in fields(Palette))
    lines = (f"--tc-{name.replace('_', '-')}: light-dark({light}, {dark});" for name, light, dark in pairs)
    return f"{selector} {{ {' '.join(lines)} }}\n"
