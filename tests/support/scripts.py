"""The scripts of the app run by node, without a browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from treecore.views.sources import script

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def printed(text: str) -> str:
    """What a module prints."""
    command = ["node", "--input-type=module", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def value_in(entry: Path, expression: str, *, before: str = "") -> Any:
    """The value of an expression, with all that a module and its imports define in reach.

    Args:
        before: statements that run first.
    """
    return json.loads(printed(f"{script(entry)}\n{before}\nconsole.log(JSON.stringify({expression}));"))
