"""The slow oracles of the tests, where treecore runs from a checkout that has them."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

PACKAGE = "oracles"
FOLDER = Path(__file__).parents[2] / "tests" / PACKAGE


def oracles(folder: Path = FOLDER) -> ModuleType | None:
    """The package of oracles; None where the folder does not exist, as in an installed treecore."""
    if not (folder / "__init__.py").is_file():
        return None
    if PACKAGE in sys.modules:
        return sys.modules[PACKAGE]
    spec = spec_from_file_location(PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec is not None
    assert spec.loader is not None
    sys.modules[PACKAGE] = module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
