"""The menu of what is open: samples, files and folders of one's own, and what was found in them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import streamlit as st

from app import state
from app.defaults import SHORT
from app.opening import audits
from app.opening.background import Opening
from app.opening.kept import forget
from app.opening.opened import Opened
from app.serving import permissions
from app.verbatim import ours, verbatim
from treecore.bidi import visible
from treecore.bundled import by_group
from treecore.core.numerals import counted, whole
from treecore.errors import shortened
from treecore.formats import FORMATS, ReadReport
from treecore.views.labels import cut, question

MOMENT, LOOK_EVERY = 0.1, 0.5
"""Seconds for which a page waits for an audit, and between two looks at one that takes longer."""
MAX_LINES = 8
"""Lines of each kind that are shown of what reading found."""


def open_menu() -> None:
    """Samples, uploads, and which forest of a file."""
    current = state.as_given()
    with st.popover(
        verbatim(shorten(current.title)),
        icon=":material/folder_open:",
        width="content",
        key=f"open:{state.get_or('picked', '')}",
    ):
        forest_menu()
        sample_lists(current.sample)
        if current.note:
            st.caption(verbatim(current.note))
        uploads()
        if error := state.get("upload_error"):
            st.error(verbatim(error), icon=":material/error:")
        elif not current.sample:
            if current.report is not None:
                reading(current)
                keeping(current.key[:SHORT])
            noticed()


def keeping(key: str) -> None:
    """What is kept of an upload in the browser, and the way to have it forgotten."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("An upload is kept in this browser, so that a reload can open it again.", width="content")
        st.button("Forget it", key="kept_forget_open", type="tertiary", on_click=forget, args=(key,))


def uploads() -> None:
    """Files, a whole folder, and on one's own machine a path."""
    files, folder = st.columns(2)
    with files:
        st.file_uploader(
            "Or open your own rollouts",
            accept_multiple_files=True,
            key="upload",
            on_change=take_upload,
            args=("upload",),
            help=verbatim(readable()),
        )
    with folder:
        st.file_uploader(
            "Or a whole folder",
            accept_multiple_files="directory",
            key="upload_folder",
            on_change=take_upload,
            args=("upload_folder",),
            help="All files of a run together, such as the one that a trainer writes at each step.",
        )
    if permissions.is_private():
        st.text_input(
            "Or a path on this machine",
            key="open_path",
            placeholder="runs/my-run",
            on_change=take_path,
            help="A file or a folder; nothing is copied.",
        )


def take_upload(key: str) -> None:
    """Begin to open what was uploaded; what cannot be read leaves its error and whatever was open."""
    given: Any = state.get(key)
    files = given if isinstance(given, list) else [given] if given is not None else []
    state.put({"upload_error": ""})
    if len(files) == 1:
        state.open_given(files[0].getvalue(), files[0].name)
    elif files:
        state.open_given(by_name(files), called(files[0].name, len(files)))


def by_name(files: list[Any]) -> dict[str, bytes]:
    """Contents by name; of several files with one name the later ones are numbered."""
    seen, found = Counter[str](), dict[str, bytes]()
    for file in files:
        seen[file.name] += 1
        number = seen[file.name]
        found[file.name if number == 1 else f"{number}/{file.name}"] = file.getvalue()
    return found


def called(first: str, count: int) -> str:
    """What several files are called: their folder, or the first and how many more."""
    folder = first.split("/")[0] if "/" in first else ""
    return folder or f"{first} and {counted(count - 1, 'more file', 'more files')}"


def take_path() -> None:
    """Begin to open a path; only for a visitor who sits at this machine, whatever the browser sends."""
    path = state.get("open_path")
    state.put({"upload_error": ""})
    if not permissions.is_private() or not isinstance(path, str) or not path.strip():
        return
    found = Path(path.strip()).expanduser()
    state.open_given(found, found.name or str(found))


def reading(opened: Opened) -> None:
    """One line on what was read, and beneath it what was recognised, assumed and left out, and what its claims are."""
    report, work = opened.report, audits.audit_of(opened)
    assert report is not None
    st.success(verbatim(recognised(report)), icon=":material/check:")
    if not (lines := found_out(report)) and work is None:
        return
    with st.expander("What was read, and how"):
        for heading, clauses in lines.items():
            st.caption(f"**{ours(heading)}**")
            for clause in clauses[:MAX_LINES]:
                st.caption(verbatim(clause))
            if len(clauses) > MAX_LINES:
                st.caption(f"and {whole(len(clauses) - MAX_LINES)} more")
        if work is not None:
            st.caption("**How the claims were made**")
            waited = not work.wait(MOMENT)
            st.fragment(claims, run_every=LOOK_EVERY if waited else None)(work, waited=waited)


def claims(work: Opening, *, waited: bool) -> None:
    """Which method gives the numbers that the file claims, once that is known.

    Args:
        waited: it was not known when the page was drawn.
    """
    if waited and work.over:
        st.rerun()
    if not work.over:
        st.caption("Comparing them with every method that is known …")
    elif work.error:
        st.caption(verbatim(work.error))
    for sentence in work.result or ():
        st.caption(verbatim(sentence))


def recognised(report: ReadReport) -> str:
    """`TRL completions: 4 prompts, 16 trajectories, 12 with an outcome.`"""
    prompts = counted(len(report.forests), "prompt", "prompts")
    leaves = counted(report.n_leaves, "trajectory", "trajectories")
    tokens = f", {counted(report.n_tokens, 'token')} recorded" if report.n_tokens else ""
    return f"{report.title}: {prompts}, {leaves}, {whole(report.n_scored)} with an outcome{tokens}."


def found_out(report: ReadReport) -> dict[str, list[str]]:
    """Heading -> clauses, of those that there are any of."""
    notes = report.notes
    found = {
        "Recognised": times(notes.recognised),
        "Assumed": times(notes.guessed),
        "Left out": times(notes.dropped),
        "Kept as it came": [f"{name} ({whole(count)})" for name, count in report.extra.items()],
        "Warnings": [shortened(one) for one in report.warnings],
        "Claimed by the file": sorted({name for forest in report.forests for name in forest.claimed}),
    }
    return {heading: clauses for heading, clauses in found.items() if clauses}


def times(clauses: Counter[str]) -> list[str]:
    """Clauses, each with how often."""
    return [f"{clause} ({whole(count)} times)" if count > 1 else clause for clause, count in clauses.items()]


def noticed() -> None:
    """What is odd in what is open."""
    for finding in state.findings()[:MAX_LINES]:
        st.caption(f":material/info: {verbatim(shortened(finding))}")


def forest_menu() -> None:
    """Which forest of the batch is shown; numbered, since Streamlit takes choices that read alike for one."""
    forests = state.opened().forests
    if len(forests) > 1:
        st.selectbox(
            f"Prompt ({whole(len(forests))} in this file)",
            range(len(forests)),
            key="forest",
            format_func=lambda i: f"{i + 1} · {shorten(question(forests[i].prompt) or forests[i].id, 70)}",
            on_change=lambda: state.turn_to(state.forest_number()),
        )


def readable() -> str:
    """The files that can be read, in the words of their formats."""
    known = "; ".join(f"{one.title} ({', '.join(one.extensions)})" for one in FORMATS.values())
    return (
        f"One file or several, plain, .gz or .zip: {known}; any other table, once its columns are named. "
        "Read on this machine only."
    )


def sample_lists(chosen: str) -> None:
    """The bundled samples under their headings, side by side; the one that is open stands out."""
    groups = by_group()
    with st.container(key="samples"):
        for column, (heading, entries) in zip(st.columns(len(groups)), groups.items(), strict=True):
            column.caption(ours(heading))
            for sample in entries:
                column.button(
                    f"**{ours(sample.title)}**" if sample.name == chosen else ours(sample.title),
                    key=f"sample:{sample.name}",
                    type="tertiary",
                    on_click=pick_sample,
                    args=(sample.name,),
                )


def pick_sample(name: str) -> None:
    """Open the chosen sample; the menu, which is named after it, closes."""
    state.put({"upload_error": "", "picked": name})
    state.open_sample(name)


def shorten(text: str, most: int = 34) -> str:
    """Text that fits a button."""
    return cut(" ".join(visible(text).split()), most)
