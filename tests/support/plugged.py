"""Packages with entry points, installed in a folder of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def install(folder: Path, package: str, modules: Mapping[str, str], points: Mapping[str, Mapping[str, str]]) -> None:
    """Write a package and the metadata that an installer would leave beside it.

    Args:
        modules: name -> source.
        points: group -> name -> `module` or `module:attribute`.
    """
    home = folder / package
    home.mkdir()
    (home / "__init__.py").write_text("")
    for name, source in modules.items():
        (home / f"{name}.py").write_text(source)
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [
        line
        for group, named in points.items()
        for line in (f"[{group}]", *(f"{key} = {value}" for key, value in named.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
