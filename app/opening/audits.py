"""What the advantages and credits that a file claims are, found out in a thread of its own. Knows no session."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from app.opening.background import Opening
from app.opening.opened import Opened
from treecore.analysis.audit import Audit, audit
from treecore.analysis.naming import TITLES
from treecore.core.batch import Forests

_works: WeakKeyDictionary[Opened, Opening] = WeakKeyDictionary()
_lock, _turn = threading.Lock(), threading.Lock()


class Finding(NamedTuple):
    """What the claims of one name are.

    Attributes:
        sentence: in words, methods by their titles.
        method: that gives them with `settings`, "" where none does.
    """

    sentence: str
    method: str
    settings: Mapping[str, Any]


def audit_of(opened: Opened) -> Opening | None:
    """The work whose result is a `Finding` for each name under which a file claims numbers; None where it claims none.

    It is begun once for all who have the file open; one file is looked into at a time.
    """
    forests = opened.forests
    if not any(forest.claimed for forest in forests):
        return None
    with _lock:
        if opened not in _works:
            _works[opened] = Opening(opened.title, lambda tell: _findings(forests)).start()
        return _works[opened]


def _findings(forests: Forests) -> list[Finding]:
    with _turn:
        return [_finding(one) for one in audit(forests)]


def _finding(found: Audit) -> Finding:
    method = found.best.method if found.explained and found.settings is not None else ""
    return Finding(f"{TITLES.subject(found.name)}: {found.in_words(TITLES)}.", method, found.settings or {})
