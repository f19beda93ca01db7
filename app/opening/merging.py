"""Groups of separate answers, shown as the tree of their common beginnings. Knows no session, changes no file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

from app.opening.background import Tell
from app.opening.opened import Opened, ResultCache, held_bytes
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.id_cuts import has_all_tokens
from treecore.core.numerals import counted, whole
from treecore.core.prefixes import NOTE, STEPS, is_chains, merge

AUTO, OFF = "auto", "off"
MERGED: WeakValueDictionary[tuple[str, str], Opened] = WeakValueDictionary()
"""By key and title, what some session shows merged."""


def is_flat(opened: Opened) -> bool:
    """Whether no step of it has two continuations, and some prompt has several answers."""
    found: bool = opened.kept.get(
        "flat", lambda: all(map(is_chains, opened.forests)) and any(len(forest.leaves) > 1 for forest in opened.forests)
    )
    return found


def usual_rule(opened: Opened) -> str:
    """How it is merged until somebody chooses otherwise; "" for not at all, as samples are shown as they were drawn."""
    recorded = opened.report is not None or opened.origin
    return AUTO if not opened.sample and recorded and is_flat(opened) else ""


def rules(opened: Opened) -> tuple[str, ...]:
    """The rules by which its answers can be compared: by tokens only where these are recorded."""
    has_tokens = all(map(has_all_tokens, opened.forests))
    return tuple(rule for rule in STEPS if has_tokens or rule != "tokens")


def merge_all(opened: Opened, rule: str, tell: Tell = lambda done, total: None) -> Opened:
    """The same with shared beginnings merged; one for all who show it.

    Args:
        tell: hears how many forests of how many are merged, and may break it off by an exception.
    """
    key = f"{opened.key}-{rule}"
    if (known := MERGED.get((key, opened.title))) is not None:
        return known
    forests: list[Forest] = []
    for forest in opened.forests:
        tell(len(forests), len(opened.forests))
        forests.append(merge(forest, steps=rule))
    batch = Forests(forests)
    size = sum(map(held_bytes, map(vars, batch)))
    return MERGED.setdefault(
        (key, opened.title), replace(opened, key=key, forests=batch, kept=ResultCache(), size=size)
    )


def shared(forest: Forest) -> str:
    """How much the answers of a merged forest have in common, "" for one that is not merged."""
    found: Any = forest.provenance.get(NOTE)
    if not isinstance(found, dict):
        return ""
    said = f"{whole(found['shared_steps'])} of {counted(found['steps'], 'step', 'steps')} are shared"
    if found["tokens"] > 0:
        said += f", {whole(found['shared_tokens'])} of {counted(found['tokens'], 'token', 'tokens')}"
    return f"{said} ({str(found['by']).replace('_', ' ')})"
