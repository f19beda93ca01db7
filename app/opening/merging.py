"""Groups of separate answers, shown as the tree of their common beginnings. Knows no session, changes no file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.opening.opened import Opened, ResultCache
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.numerals import counted, whole
from treecore.core.prefixes import NOTE, STEPS, has_all_tokens, merge

AUTO, OFF = "auto", "off"


def is_flat(opened: Opened) -> bool:
    """Whether no step of it has two continuations, and some prompt has several answers."""
    found: bool = opened.kept.get("flat", lambda: all(map(is_chains, opened.forests)) and any(
        len(forest.leaves) > 1 for forest in opened.forests
    ))  # fmt: skip
    return found


def is_chains(forest: Forest) -> bool:
    """Whether nothing in it has two continuations, the prompt neither: who wrote a fork there wrote a tree."""
    return not forest.topology.is_fork.any()


def usual_rule(opened: Opened) -> str:
    """How it is merged until somebody chooses otherwise; "" for not at all, as samples are shown as they were drawn."""
    return AUTO if not opened.sample and opened.report is not None and is_flat(opened) else ""


def rules(opened: Opened) -> tuple[str, ...]:
    """The rules by which its answers can be compared: by tokens only where their texts are recorded."""
    has_tokens = all(map(has_all_tokens, opened.forests))
    return tuple(rule for rule in STEPS if has_tokens or rule != "tokens")


def merged(opened: Opened, rule: str) -> Opened:
    """The same with shared beginnings merged."""

    def make() -> Opened:
        batch = Forests([merge(forest, steps=rule) for forest in opened.forests])
        return replace(opened, key=f"{opened.key}-{rule}", forests=batch, kept=ResultCache())

    found: Opened = opened.kept.get(("merged", rule), make)
    return found


def shared(forest: Forest) -> str:
    """How much the answers of a merged forest have in common, "" for one that is not merged."""
    found: Any = forest.provenance.get(NOTE)
    if not isinstance(found, dict):
        return ""
    said = f"{whole(found['shared_steps'])} of {counted(found['steps'], 'step', 'steps')} are shared"
    if found["tokens"] > 0:
        said += f", {whole(found['shared_tokens'])} of {counted(found['tokens'], 'token', 'tokens')}"
    return f"{said} ({str(found['by']).replace('_', ' ')})"
