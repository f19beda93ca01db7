"""Library: a whole run as a place to look around in, and one of its forests beside it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import redraw, state
from app.browse import asked_in, browse
from app.browse.words import page
from app.controls.view_button import view_button
from app.defaults import LIBRARY
from app.library import folders, preview, rows
from app.library.folders import Run, Scan
from app.serving import permissions
from app.verbatim import ours, verbatim
from app.view_keys import FOCUSED_TREES, KeyGroup
from app.view_registry import VIEWS, view
from treecore.bidi import visible
from treecore.core.numerals import counted, whole
from treecore.errors import TreecoreError
from treecore.formats import FORMATS
from treecore.library.filters import FIELDS, Filters
from treecore.library.overview import overview
from treecore.library.scan import BLOCK
from treecore.views.labels import cut

CHANNEL, HEARD, TYPED, WRONG, FOLLOW = "browse", "browse_heard", "folder_path", "folder_error", "set:follow"
SEEN = "library_seen"
"""Folders that this page has shown."""
KEYS = KeyGroup("The list", (("↑ ↓", "row"), ("Enter", "open in Explore"), ("/", "search prompts and steps")))
LOOK_EVERY, FOLLOW_EVERY, STALE = 0.5, 2.0, 10.0
"""Seconds between two looks at a scan that is under way, between two scans of a run that is followed, and after which a
page that shows a folder for the first time looks again at what is in it."""
BAR = 90
"""Pixels of the bar that says how far a scan is."""
UNREADABLE = 50
"""Files that are listed because they could not be read."""


@view(title="Library", fields=("folder", "row", *FIELDS), keys=(KEYS, FOCUSED_TREES))
def render() -> None:
    """The folder, its scan, and what is in it."""
    runs = folders.allowed()
    asked = state.field("library:folder")
    run = runs.get(asked) or (next(iter(runs.values()), None) if not asked else None)
    if run is None:
        left, _ = columns()
        with left:
            nothing_open(runs, lost=bool(asked))
        return
    seen: set[str] = state.get_or(SEEN, set())
    scan = folders.scan(run, older=None if run.key in seen else STALE)
    state.put({SEEN: seen | {run.key}})
    with st.container(key="library"):
        opened(run, runs, scan)


def opened(run: Run, runs: dict[str, Run], scan: Scan) -> None:
    """A folder: its name, its scan, its list and what is chosen there."""
    with st.container(key="library_top"):
        head(run, runs, scan)
        if scan.work.over and state.get(FOLLOW):
            st.fragment(catch_up, run_every=FOLLOW_EVERY)(run, scan)
        if scan.work.error:
            st.error(verbatim(scan.work.error), icon=":material/error:")
    if run.index.path.exists():
        inside(run)
    else:
        left, _ = columns()
        left.caption("Rows appear here as soon as the first files are read.")


def columns() -> Sequence[DeltaGenerator]:
    """The place of the list, and the panel, in which nothing is chosen yet."""
    left, right = st.columns([0.69, 0.31], gap="medium")
    with right, st.container(key="side"):
        st.caption("What is chosen in the list is shown here.")
    return left, right


def nothing_open(runs: dict[str, Run], *, lost: bool) -> None:
    """Before a folder is open: what to do."""
    st.markdown("#### Look around in a whole run")
    if lost:
        st.warning("The folder of this link is not open here. Open it again.", icon=":material/link_off:")
    st.markdown(
        "Open a folder of rollouts: every prompt and training step becomes a row with its trees, outcomes and credit, "
        "to filter, sort and search."
    )
    if not chooser(runs):
        st.info("The operator of this server has named no folder: `treecore app --public --library FOLDER`.")
    elif permissions.is_private():
        formats_read(" Nothing leaves this machine.")


def formats_read(more: str = "") -> None:
    """How many formats are read, and which behind the question mark."""
    said = f"{counted(len(FORMATS), 'format')} are read, each known by its content.{more}"
    st.caption(ours(said), help=ours("; ".join(one.title for one in FORMATS.values())))


def chooser(runs: dict[str, Run]) -> bool:
    """The folders to choose from, and a field for a path at the operator's own machine; whether there is any way."""
    private = permissions.is_private()
    if private:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.text_input("Folder of a run", key=TYPED, placeholder="runs/my-run", on_change=open_typed)
            st.button("Open", key="open_folder", on_click=open_typed, type="primary")
        if wrong := state.get(WRONG):
            st.error(verbatim(wrong), icon=":material/error:")
    for key, run in runs.items():
        st.button(
            verbatim(cut(run.name, 60)),
            key=f"run:{key}",
            icon=":material/folder:",
            on_click=show,
            args=(key,),
            type="tertiary",
        )
    return private or bool(runs)


def open_typed() -> None:
    """Open the folder whose path was typed; a wrong one leaves its error and whatever was open."""
    try:
        run = folders.typed(str(state.get(TYPED) or ""))
    except TreecoreError as error:
        state.put({WRONG: str(error)})
        return
    show(run.key)


def show(key: str) -> None:
    """Show a folder, without filters."""
    state.put({WRONG: ""})
    state.put_fields(LIBRARY, {"folder": key})


def head(run: Run, runs: dict[str, Run], scan: Scan) -> None:
    """The folder's name, the way to another, whether it is followed, and how far a scan is, in one line."""
    with st.container(key="library_head", horizontal=True, vertical_alignment="center", gap="small"):
        st.text(visible(cut(run.name, 60)), width="content")
        with st.popover("Open another run folder", icon=":material/folder_open:", width="content"):
            chooser(runs)
        st.toggle("Follow", key=FOLLOW, help="Take over what the run writes meanwhile, every two seconds.")
        if not scan.work.over:
            st.fragment(watch, run_every=LOOK_EVERY)(scan, found=found_by(run, scan), run=run)
        unreadable(run)


def unreadable(run: Run) -> None:
    """Files that could not be read, and why."""
    failed = folders.failures(run, UNREADABLE)
    if failed:
        with st.popover(ours(f"{counted(len(failed), 'file')} not read"), icon=":material/warning:", width="content"):
            for name, error in failed:
                st.caption(f"{verbatim(name)}: {verbatim(error)}")


def found_by(run: Run, scan: Scan) -> int:
    """How much of a scan is in the index: it is written in blocks, and the first makes it."""
    return 1 + scan.progress.forests // BLOCK if run.index.path.exists() else 0


def watch(scan: Scan, *, found: int, run: Run) -> None:
    """How far a scan is, and the button to break it off.

    Args:
        found: what the page shows of it; once there is more, or all, it is drawn anew.
    """
    now = scan.progress
    if scan.work.over or found_by(run, scan) != found:
        st.rerun()
    said = f"{whole(now.files)} of {counted(now.of, 'file')}" if now.of else "looking for files"
    with st.container(key="scanning", horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
        st.progress(now.files / now.of if now.of else 0.0, ours(said), width=BAR)
        if permissions.is_private():
            st.button("Cancel", key="cancel_scan", type="tertiary", on_click=scan.work.cancel)


def catch_up(run: Run, seen: Scan) -> None:
    """Look for what the run wrote since; what was found is shown."""
    now = folders.scan(run)
    if now.work.over and now is not seen and (now.progress.files or now.progress.gone):
        st.rerun()
    folders.scan(run, older=0.0)


@st.fragment
def inside(run: Run) -> None:
    """List and preview; what is asked for in the list reruns these two alone."""
    state.keep()
    said = state.fields(LIBRARY)
    filters = Filters.of(said)
    left, right = st.columns([0.69, 0.31], gap="medium")
    try:
        found = overview(run.index, filters)
    except TreecoreError as error:
        left.error(verbatim(error), icon=":material/error:")
        return
    row = chosen(said, [rows.place_in_words(one) for one in found.rows])
    with left:
        steps = f" at {counted(len(found.curve), 'training step')}" if found.curve else ""
        said_of = f"{counted(found.prompts, 'prompt')}{steps} · {counted(found.forests, 'forest')}"
        with st.container(key="library_all", horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(ours(f"{said_of}, {counted(found.trajectories, 'trajectory', 'trajectories')}"), width="content")
            if found.passing:
                together(run, filters, found.passing)
        if not found.forests:
            nothing_found(run)
        else:
            browse(
                page(found, filters),
                {**filters.said, "row": row},
                heard=int(state.get_or(HEARD, 0)),
                key=CHANNEL,
                on_ask=lambda: take(run),
            )
    with right, st.container(key="side"):
        preview.beside(run, row, found.pair, search=filters.search)
    state.sync_address()


def together(run: Run, filters: Filters, count: int) -> None:
    """The ways to what all listed forests have in common."""
    some = f"all {whole(count)}" if count <= rows.MAX_TOGETHER else f"the first {whole(rows.MAX_TOGETHER)}"
    for name in ("granularity", "explore"):
        view_button(
            f"{some} in {VIEWS[name].title}",
            rows.open_all,
            run,
            filters,
            name,
            key=f"all_in_{name}",
            type="tertiary",
            icon=":material/open_in_new:",
        )


def chosen(said: dict[str, str], places: list[str]) -> str:
    """The row that is shown: the one asked for, else the first."""
    return said.get("row") or next(iter(places), "")


def nothing_found(run: Run) -> None:
    """A folder in which nothing is a forest: what was found there instead."""
    there = len(run.index.files())
    what = f"{counted(there, 'file')} in it, none in a format that is read" if there else "it is empty"
    st.info(verbatim(f"No forest was found in {run.name}: {what}."), icon=":material/info:")
    formats_read()


def take(run: Run) -> None:
    """Take over what was asked for in the browser, once however often it is sent."""
    asked = asked_in(state.get(CHANNEL))
    if asked is None or asked.number <= int(state.get_or(HEARD, 0)):
        return
    fields = {name: asked.said[name] for name in (*FIELDS, "row") if asked.said.get(name)}
    filters = Filters.of(fields)
    row = fields.get("row", "")
    state.put({HEARD: asked.number})
    state.put_fields(LIBRARY, {"folder": run.key, **filters.said, "row": row})
    if asked.open and row:
        rows.open_in_explore(run, [row])
        redraw.now()
