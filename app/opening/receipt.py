"""What was read, in a line above the page once a file was opened, and all that reading found beneath it."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from app import redraw, state
from app.defaults import FILM
from app.opening import audits, scoring
from app.opening.audits import Finding
from app.opening.background import Opening
from app.opening.opened import Opened
from app.verbatim import ours, verbatim
from treecore.core.numerals import counted, whole
from treecore.errors import shortened
from treecore.formats import ReadReport
from treecore.methods import get_method
from treecore.views.labels import prompts_of

MOMENT, LOOK_EVERY = 0.1, 0.5
"""Seconds for which a page waits for an audit, and between two looks at one that takes longer."""
MAX_LINES = 8
"""Lines of each kind that are shown of what reading found."""
SHOWS_TREES = ("explore", FILM, "granularity", "compare")
"""Views of what is open; from the others a file that is dropped leads to the first."""
DROP_ERROR = "drop_error"
"""Where the session keeps why a file cannot be read that was opened without the menu."""


def receipt() -> None:
    """Drawn once a file was opened, until it is closed or something else is open."""
    if error := state.get_or(DROP_ERROR, ""):
        with strip():
            st.markdown(f":material/error: {verbatim(error)}")
            st.button("Close", key="receipt_close", type="tertiary", on_click=state.put, args=({DROP_ERROR: ""},))
        return
    current = state.as_given()
    if current.report is None or state.receipt() != current.key:
        return
    if state.draft() is not None or state.get("view") not in SHOWS_TREES:
        return
    merged = " Answers that begin alike are merged." if state.recorded() is not current else ""
    with strip():
        st.markdown(f":material/check: {verbatim(current.title)}: {verbatim(recognised(current.report))}{ours(merged)}")
        with st.popover("What was read, and how", width="content"):
            details(current, "receipt")
        scoring.offer("receipt")
        if current.table is not None:
            st.button("Change the columns", key="receipt_columns", on_click=state.rename_columns)
        st.button("Close", key="receipt_close", type="tertiary", on_click=state.drop_receipt)
        if (work := audits.audit_of(current)) is not None:
            waited = not work.wait(MOMENT)
            with st.container(key="receipt_finding"):
                watched(work, "receipt", waited=waited)


def strip() -> st.delta_generator.DeltaGenerator:
    """A line of its own."""
    return st.container(key="receipt", horizontal=True, vertical_alignment="center", gap="small")


def details(opened: Opened, place: str) -> None:
    """What was recognised, assumed and left out, and what the claims of the file are.

    Args:
        place: where it is drawn, for the keys of its widgets.
    """
    report, work = opened.report, audits.audit_of(opened)
    assert report is not None
    lines = found_out(report)
    if not lines and work is None:
        st.caption("All of the file was read, and nothing had to be assumed.")
    for heading, clauses in lines.items():
        st.caption(f"**{ours(heading)}**")
        for clause in clauses[:MAX_LINES]:
            st.caption(verbatim(clause))
        if len(clauses) > MAX_LINES:
            st.caption(f"and {whole(len(clauses) - MAX_LINES)} more")
    if work is not None:
        st.caption("**How the claims were made**")
        waited = not work.wait(MOMENT)
        watched(work, f"details:{place}", waited=waited)
    if opened.table is not None and place == "menu":
        st.button("Change the columns", key="menu_columns", on_click=state.rename_columns)


def watched(work: Opening, place: str, *, waited: bool) -> None:
    """The same as `claims`, looked at every while where they are waited for."""
    (st.fragment(claims, run_every=LOOK_EVERY) if waited else claims)(work, place, waited=waited)


def claims(work: Opening, place: str, *, waited: bool) -> None:
    """Which method gives the numbers that the file claims, once that is known, with a way to show them by it.

    Args:
        place: where it is drawn, for the keys of its buttons.
        waited: it was not known when the page was drawn.
    """
    if waited and work.over:
        st.rerun()
    if not work.over:
        st.caption("Comparing them with every method that is known …")
    elif work.error:
        st.caption(verbatim(work.error))
    for number, found in enumerate(work.result or ()):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(verbatim(found.sentence), width="content")
            if found.method and not is_in_force(found):
                key, show = f"show_by:{place}:{number}", redraw.after(show_by)
                st.button("Show by it", key=key, on_click=show, args=(found,))


def is_in_force(found: Finding) -> bool:
    """Whether credit is shown by the method that a finding names, with its parameters."""
    wanted = get_method(found.method).defaults | dict(found.settings)
    return found.method == state.get("method") and state.settings(found.method) == wanted


def show_by(found: Finding) -> None:
    """Put the method that a finding names in force, with its parameters."""
    state.put({"method": found.method})
    state.put_settings(found.method, found.settings)


def recognised(report: ReadReport) -> str:
    """`TRL completions: 4 prompts at 2 training steps, 32 trajectories, 28 with an outcome.`"""
    leaves = counted(report.n_leaves, "trajectory", "trajectories")
    tokens = f", {counted(report.n_tokens, 'token')} recorded" if report.n_tokens else ""
    return f"{report.title}: {prompts_of(report.forests)}, {leaves}, {whole(report.n_scored)} with an outcome{tokens}."


def found_out(report: ReadReport) -> dict[str, list[str]]:
    """Heading -> clauses, of those that there are any of."""
    notes = report.notes
    found = {
        "Recognised": times(notes.recognised),
        "Assumed": times(notes.guessed),
        "Left out": times(notes.dropped),
        "Kept as it came": [f"{field_of(name)} ({whole(count)})" for name, count in report.extra.items()],
        "Warnings": [shortened(one) for one in report.warnings],
        "Claimed by the file": sorted({name for forest in report.forests for name in forest.claimed}),
    }
    return {heading: clauses for heading, clauses in found.items() if clauses}


def field_of(path: str) -> str:
    """A field without where it is kept: `nodes[].model` -> `model`."""
    return path.partition(".")[2] or path


def times(clauses: Counter[str]) -> list[str]:
    """Clauses, each with how often."""
    return [f"{clause} ({counted(count, 'time')})" if count > 1 else clause for clause, count in clauses.items()]
