"""What the advantages and credits that a file claims are, found out in a thread of its own. Knows no session."""

from __future__ import annotations

import threading
from weakref import WeakKeyDictionary

from app.opening.background import Opening
from app.opening.opened import Opened
from treecore.analysis.audit import audit
from treecore.core.batch import Forests

_works: WeakKeyDictionary[Opened, Opening] = WeakKeyDictionary()
_lock, _turn = threading.Lock(), threading.Lock()


def audit_of(opened: Opened) -> Opening | None:
    """The work whose result is a sentence for each name under which a file claims numbers; None where it claims none.

    It is begun once for all who have the file open; one file is looked into at a time.
    """
    forests = opened.forests
    if not any(forest.claimed for forest in forests):
        return None
    with _lock:
        if opened not in _works:
            _works[opened] = Opening(opened.title, lambda tell: _sentences(forests)).start()
        return _works[opened]


def _sentences(forests: Forests) -> list[str]:
    with _turn:
        return [f"{one.name}: {one.in_words}." for one in audit(forests)]
