"""What the visitor changed to see what would be: the list of changes, and the changed forest in place of the recorded.

One forest is changed at a time, the shown one; the session keeps the list of each prompt. Nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

import treecore as tc
from app.opening.opened import Opened, ResultCache, held_bytes
from app.state.holdings import hold, let_go
from app.state.session import get, get_or, put
from treecore.analysis.what_if import WhatIf, what_if
from treecore.core.batch import Forests
from treecore.core.changes import Change, as_text, from_text
from treecore.errors import ForestError, TreecoreError
from treecore.methods import get_method
from treecore.methods.registry import Credit
from treecore.registry.params import Value

EDIT, SHOWN, OTHERS = "edit", "what_if", "edits_elsewhere"
"""Where the session holds the list of changes, whether it stands beside the trees, and the lists of other prompts."""
MADE = "edited"
MAX_CHANGES, MAX_COPIED = 200, 50_000
"""Changes of one forest, and steps that copies may add to it."""


def changes() -> tuple[Change, ...]:
    """The changes of the shown forest, in the order in which they were made."""
    try:
        return from_text(str(get_or(EDIT, "")))[:MAX_CHANGES]
    except ForestError as error:
        give_up(error)
        return ()


def give_up(error: TreecoreError) -> None:
    """Leave out changes that cannot be made, and say so."""
    why = f"do not fit what is open and were left out: {error.found}" if isinstance(error, ForestError) else ""
    put({EDIT: "", "notice": f"The changes {why or f'were left out: {error}'}."})


def set_changes(found: tuple[Change, ...]) -> None:
    """Make these the changes of the shown forest; only from callbacks."""
    put({EDIT: as_text(found[:MAX_CHANGES])})


def turn_changes(before: int, after: int) -> None:
    """Keep the changes of one forest, and take up those of another."""
    kept: dict[int, str] = get_or(OTHERS, {})
    put({OTHERS: {**kept, before: get_or(EDIT, "")}, EDIT: kept.get(after, "")})


def forget_changes() -> None:
    """Something else is open."""
    put({EDIT: "", OTHERS: {}})
    drop_made()


def drop_made() -> None:
    """Hold no changed forest any more."""
    put({MADE: None})
    let_go(MADE)


def changed(recorded: Opened, number: int) -> Opened:
    """What is open with the changes of its forest `number`; `recorded` itself without any."""
    found = found_in(recorded, number)
    if found is None or found.changed is found.recorded:
        return recorded
    made: Opened = st.session_state[MADE][2]
    return made


def found_in(recorded: Opened, number: int) -> WhatIf | None:
    """Recorded and changed forest; None without changes. Changes that do not fit are given up, and that is reported."""
    asked = changes()
    if not asked:
        drop_made()
        return None
    key = (id(recorded.forests), number, as_text(asked))
    held = get_or(MADE, None)
    if held is None or held[0] != key:
        drop_made()
        try:
            found = made_of(recorded.forests[number], asked)
            size = sum(held_bytes(vars(one)) for one in (found.changed, found.drawn))
            hold(MADE, (recorded.key, *key[1:]), size=size, what="the changed forest")
        except TreecoreError as error:
            give_up(error)
            return None
        batch = Forests([found.changed if place == number else one for place, one in enumerate(recorded.forests)])
        fresh = replace(recorded, key=f"{recorded.key}-{number}-{key[2]}", forests=batch, kept=ResultCache())
        held = key, found, fresh
        put({MADE: held})
    known: WhatIf = held[1]
    return known


def misfit(recorded: Opened, number: int) -> str:
    """Why the changes cannot be made, "" where they can."""
    try:
        made_of(recorded.forests[number], from_text(str(get_or(EDIT, ""))))
    except ForestError as error:
        return error.found
    return ""


def made_of(forest: tc.Forest, asked: tuple[Change, ...]) -> WhatIf:
    """The changes made, within bounds.

    Raises:
        ForestError: they do not fit, or copy too much.
    """
    return what_if(forest, asked, most=MAX_COPIED)


def credit_with(of: Opened, method: str, numbers: Mapping[str, Value]) -> Credit:
    """Credit of a whole batch by a method with these parameters.

    Raises:
        MethodError: the method cannot run on it.
    """
    found: Credit = of.kept.get(
        ("credit", method, tuple(numbers.items())), lambda: tc.credit(of.forests, method, **numbers)
    )
    return found


def recorded_credit(recorded: Opened, number: int) -> Credit:
    """Credit of the forest as it was recorded, by the chosen method as it is by default.

    Raises:
        MethodError: the method cannot run on it.
    """
    method = get("method")
    whole = credit_with(recorded, method, get_method(method).defaults)
    found: Credit = recorded.kept.get(("own credit", method, number), lambda: whole.of(number))
    return found
