"""What the visitor changed to see what would be: the list of changes, and the changed forest in place of the recorded.

One forest is changed at a time, the shown one; the session keeps the list of each prompt. Nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

import treecore as tc
from app.opening.opened import Opened, ResultCache
from app.state.session import get, get_or, put
from treecore.analysis.what_if import WhatIf, what_if
from treecore.core.batch import Forests
from treecore.core.changes import Change, Copy, as_text, from_text
from treecore.errors import ForestError
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


def give_up(error: ForestError) -> None:
    """Leave out changes that cannot be made, and say so."""
    put({EDIT: "", "notice": f"The changes do not fit what is open and were left out: {error.found}."})


def set_changes(found: tuple[Change, ...]) -> None:
    """Make these the changes of the shown forest; only from callbacks."""
    put({EDIT: as_text(found[:MAX_CHANGES])})


def turn_changes(before: int, after: int) -> None:
    """Keep the changes of one forest, and take up those of another."""
    kept: dict[int, str] = get_or(OTHERS, {})
    put({OTHERS: {**kept, before: get_or(EDIT, "")}, EDIT: kept.get(after, "")})


def forget_changes() -> None:
    """Something else is open."""
    put({EDIT: "", OTHERS: {}, MADE: None})


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
        return None
    key = (id(recorded.forests), number, as_text(asked))
    held = get_or(MADE, None)
    if held is None or held[0] != key:
        try:
            found = made_of(recorded.forests[number], asked)
        except ForestError as error:
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
    copies = sum(isinstance(change, Copy) for change in asked)
    if copies * len(forest) > MAX_COPIED and 2**copies * len(forest) > MAX_COPIED:
        raise ForestError("copies of so many steps are not shown here", todo="use `treecore edit`")
    return what_if(forest, asked)


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
