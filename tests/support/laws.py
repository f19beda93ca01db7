"""Which methods declare which law."""

from __future__ import annotations

from collections.abc import Mapping

from treecore.methods import METHODS
from treecore.methods.laws import Scales
from treecore.registry.params import Value

SHIFT_FREE: dict[str, Mapping[str, Value]] = {
    name: method.laws.shift_free for name, method in METHODS.items() if method.laws.shift_free is not None
}
SCALES: dict[str, Scales] = {
    name: method.laws.scales for name, method in METHODS.items() if method.laws.scales is not None
}
ORDERED = {name for name, method in METHODS.items() if method.laws.ordered}
SILENT = {name for name, method in METHODS.items() if method.laws.silent}
TEXTUAL = {name for name, method in METHODS.items() if method.laws.textual}
