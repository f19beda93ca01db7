"""Opening: samples, files that are read in threads of their own, forests that were sampled; what was open before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from app.defaults import MOMENT, RECENT, RECENT_BYTES, SHORT
from app.opening.background import Opening
from app.opening.draft import Draft, Given, UnmappedError
from app.opening.merging import AUTO, usual_rule
from app.opening.opened import Opened, held_bytes
from app.opening.reading import SHELF, read
from app.serving import permissions
from app.serving.presence import open_page
from app.state.changes import forget_changes
from app.state.holdings import hold, let_go
from app.state.session import get, put, settings
from treecore.bundled import Sample, samples
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.core.rooted import rooted
from treecore.errors import TreecoreError
from treecore.methods import DEFAULT_METHOD, FLAT_METHOD, METHODS, method_for

NAMED, SUITED = "columns_named", "method_suited"
"""Where the session holds columns -> what they were named to be, and the method that suited what was opened last."""


@st.cache_resource(max_entries=64, show_spinner=False)
def _sample(sample: Sample) -> Opened:
    return read(sample.path, sample.path.name, title=sample.title, sample=sample.name, note=sample.look_for)


def forget_samples() -> None:
    """Let go of the bundled samples and of all that was computed from them; who has one open keeps it."""
    _sample.clear()


def show(fresh: Opened) -> None:
    """Show what was opened, from its first forest and without a selection, by a method that suits it.

    Raises:
        TreecoreError: it is more than this visitor may hold.
    """
    session = st.session_state
    if not fresh.sample:
        remember(fresh)
    session.opened = fresh
    session.merging, session.merge_by = bool(usual_rule(fresh)), AUTO
    session.forest = session.turned = session.frame = 0
    session.node = session.guess = ""
    forget_changes()
    wanted = get("method")
    if wanted == session.get(SUITED, DEFAULT_METHOD):  # nobody chose another for what was open
        wanted = FLAT_METHOD if session.merging else DEFAULT_METHOD
    session.method = session[SUITED] = method_for(fresh.forests, wanted, settings(wanted))


def remember(fresh: Opened) -> None:
    """Count what was opened, and forget what was opened earlier where both are more than this visitor may hold.

    Raises:
        TreecoreError: this alone is more.
    """
    session, key = st.session_state, fresh.key[:SHORT]
    known = {name: one for name, one in recent().items() if name != key}
    while len(known) >= RECENT or (known and sum(one.size for one in known.values()) + fresh.size > RECENT_BYTES):
        forget(known)
    while True:
        try:
            hold(f"open:{key}", fresh.key, size=fresh.size, what=fresh.title)
            break
        except TreecoreError:
            if not known:
                raise
            forget(known)
    session.recent = {**known, key: fresh}


def forget(known: dict[str, Opened]) -> None:
    """Forget the first of what was opened."""
    oldest = next(iter(known))
    del known[oldest]
    let_go(f"open:{oldest}")


def recent() -> dict[str, Opened]:
    """What was opened last in this session beside samples, by the beginning of its key."""
    found: dict[str, Opened] = st.session_state.get("recent", {})
    return found


def open_sample(name: str) -> None:
    """Open a bundled sample by name."""
    show(_sample(samples()[name]))


def open_given(
    given: Given, name: str, columns: Mapping[str, str] | None = None, *, tell_in: str = "upload_error"
) -> None:
    """Begin to open what was uploaded; `settle` tells what became of it, and what is open stays open until then.

    Args:
        columns: of a table, what they are.
        tell_in: under which name the session is to hold an error.
    """
    _begin(partial(read, given, name, columns=columns), name, tell_in=tell_in)


def open_made(
    work: Callable[..., Opened], name: str, then: Mapping[str, Any] | None = None, *, verb: str = "Reading"
) -> None:
    """Begin to open what `work` makes, which hears how far it is; a failure leaves a notice.

    Args:
        then: what the session is to hold once it is open.
        verb: what is done, for people.
    """
    _begin(work, name, tell_in="notice", then=then, verb=verb)


def opened_forests(forests: Sequence[Forest], title: str, *, origin: str = "") -> Opened:
    """Forests as something that is open, shared with all who have the same open.

    Args:
        origin: where they can be found again, as the address names it.

    Raises:
        TreecoreError: more is open than this server holds.
    """
    key = hashlib.sha256("".join(forest.digest for forest in forests).encode()).hexdigest()
    batch = rooted(Forests(list(forests)))
    size = sum(map(held_bytes, map(vars, batch)))
    return SHELF.put((key, title, origin), Opened(key, title, batch, origin=origin, size=size))


def open_file(path: Path) -> None:
    """Begin to open a file or a folder named on the command line; a bad one leaves a notice.

    A method that the address names stays in force, however long reading takes.
    """
    method = st.query_params.get("method", "")
    then = {"method": method} if method in METHODS else None
    _begin(partial(read, path, path.name), path.name, tell_in="notice", then=then)


def _begin(
    work: Callable[..., Opened],
    name: str,
    *,
    tell_in: str,
    then: Mapping[str, Any] | None = None,
    verb: str = "Reading",
) -> None:
    """Read in a thread of its own; what takes a moment only is waited for."""
    cancel_opening()
    st.session_state.opening = Opening(name, work, open_page(), verb, permissions.owner()).start()
    st.session_state.opening_tells, st.session_state.opening_then = tell_in, then or {}
    st.session_state.opening.wait(MOMENT)
    settle()


def opening() -> Opening | None:
    """A file that is being read for this session."""
    found: Opening | None = st.session_state.get("opening")
    return found


def draft() -> Draft | None:
    """A table that was uploaded and whose columns are still to be named."""
    found: Draft | None = st.session_state.get("draft")
    return found


def drop_draft() -> None:
    """Leave a table aside whose columns were to be named."""
    st.session_state.draft = None
    let_go("draft")


def cancel_opening() -> None:
    """Break off what is being read; what is open stays open."""
    if (going := opening()) is not None:
        going.cancel()
        st.session_state.opening = None


def settle() -> None:
    """Show a file that has been read by now, or tell why it cannot be."""
    going = opening()
    if going is None or not going.over:
        return
    st.session_state.opening = None
    error = going.error
    try:
        if isinstance(going.failure, UnmappedError):
            put_draft(going.failure.draft)
            error = ""
        elif going.result is not None:
            show(going.result)
            put(st.session_state.opening_then)
            drop_draft()
            put_receipt(going.result)
    except TreecoreError as refused:
        error = str(refused)
    if error:
        instead = "" if "opened" in st.session_state else " Opened a sample instead."
        st.session_state[st.session_state.opening_tells] = f"{error}.{instead}" if instead else error


def put_draft(draft: Draft) -> None:
    """Keep a table until its columns are named.

    Raises:
        TreecoreError: it is more than this visitor may hold.
    """
    hold("draft", id(draft), size=draft.size, what=draft.name)
    named = draft.named or st.session_state.get(NAMED, {}).get(draft.columns, {})
    st.session_state.draft = replace(draft, named=named)
    for name in [name for name in st.session_state if str(name).startswith("map:")]:
        del st.session_state[name]
    close_menu()


def rename_columns() -> None:
    """Ask anew for the columns of the table that is open. Only from callbacks."""
    table = st.session_state.opened.table
    if table is None:
        return
    try:
        put_draft(table)
    except TreecoreError as refused:
        st.session_state.notice = f"{refused}."


def remember_columns(draft: Draft, named: Mapping[str, str]) -> None:
    """Offer the same for the next table of such columns."""
    known: dict[tuple[str, ...], Mapping[str, str]] = st.session_state.setdefault(NAMED, {})
    known[draft.columns] = dict(named)


def close_menu() -> None:
    """Close the menu of what is open, which is named after this: it would hide what is shown now."""
    st.session_state.opened_so_often = st.session_state.get("opened_so_often", 0) + 1
    st.session_state.picked = f"number {st.session_state.opened_so_often}"


def put_receipt(fresh: Opened) -> None:
    """Say above the page what was read."""
    st.session_state.receipt = fresh.key if fresh.report is not None and not fresh.sample else ""
    close_menu()


def receipt() -> str:
    """The key of the file of which it is said above the page what was read; "" for none."""
    key: str = st.session_state.get("receipt", "")
    return key


def drop_receipt() -> None:
    """Say it no more."""
    st.session_state.receipt = ""


def open_forests(forests: Sequence[Forest], title: str, *, origin: str = "") -> bool:
    """Open forests that were sampled; a notice where they are too many for the visitor.

    Args:
        origin: where they can be found again, as the address names it.

    Returns:
        Whether they are open now.
    """
    try:
        show(opened_forests(forests, title, origin=origin))
    except TreecoreError as refused:
        st.session_state.notice = f"{refused}."
        return False
    return True
