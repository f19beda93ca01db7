"""The address bar: what is shown is written there after every run, and read when somebody came or went back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.defaults import DEFAULTS, EXPLORE, FILM, LIBRARY, MAX_ID, ROLLOUT, SHARED, SHORT
from app.library.folders import has_any
from app.opening.merging import OFF, usual_rule
from app.opening.opened import Opened
from app.state.absent import is_back, is_held
from app.state.current import as_given, forest_number, merge_rule, recorded
from app.state.export_job import settle_export
from app.state.folds import folds, folds_are_lost
from app.state.link import read_link
from app.state.open_files import open_file, settle
from app.state.session import get, keep, settings
from app.view_fields import MAX_FIELD, PARAMETER
from app.view_registry import VIEWS
from treecore.errors import MethodError
from treecore.formats.tables import BY_COLUMNS
from treecore.methods import get_method
from treecore.registry.params import shown


def start(has_run: Callable[[str], bool], reopen: Callable[[str], None]) -> None:
    """Once a run: defaults, values from the address bar on a session's first run, and keep widget values alive.

    Another run may break this one off wherever session state is touched: an address read in part is read again.

    Args:
        has_run: tells whether there is a run of a name that the address may give.
        reopen: opens what the address says that forests came from, where it is there.
    """
    session = st.session_state
    if "started" not in session:
        for name, value in DEFAULTS.items():
            session.setdefault(name, value)
        session.setdefault("notice", "")
        given = os.environ.get("TREECORE_FILE", "")
        if given and "sample" not in st.query_params:
            open_file(Path(given))
        elif not given and has_any() and "sample" not in st.query_params:
            session.view = LIBRARY
        session.reading = session.started = True
    elif _went_back():
        session.reading = True
        session.playing = False
    if session.reading:
        if missing := read_link(has_run, reopen):
            session.notice = "Not everything in this link is here: " + "; ".join(missing) + "."
        if "written" in session:
            session.written = _address()
        session.reading = False
    settle()
    settle_export()
    if is_back():
        read_link(has_run, reopen)
    keep()


def _went_back() -> bool:
    """Whether the visitor went back or forward, which a browser says: its address may be old, in a run asked for
    before it took the last one over. Without a browser, whether there is another address than was last written.
    """
    context = get_script_run_ctx()
    if context is not None and context.context_info is not None:
        return context.is_history_navigation
    written = st.session_state.get("written")
    return written is not None and st.query_params.to_dict() != written == _address()


def _address() -> dict[str, str]:
    """What is shown, as the address bar says it."""
    wanted = {"sample" if recorded().sample else "file": recorded().sample or recorded().key[:SHORT]}
    wanted["map"], wanted["from"] = _columns(as_given()), as_given().origin[: MAX_FIELD + 1]
    if len(wanted["from"]) > MAX_FIELD:
        wanted["from"] = ""
    wanted |= {name: get(name) for name in ("view", "method", "node")}
    if len(quote(wanted["node"])) > MAX_ID:
        wanted["node"] = ""
    wanted |= dict(_parameters(wanted["method"]))
    if wanted["view"] == ROLLOUT and (job := st.session_state.get("job")) is not None:
        wanted["run"] = job.name
    if (rule := merge_rule()) != usual_rule(as_given()):
        wanted["merge"] = rule or OFF
    wanted["prompt"] = str(forest_number() + 1) if forest_number() else ""
    if get("playing"):  # else the way back would lead through every frame that was played
        wanted["frame"] = st.session_state.get("written", {}).get("frame", "")
    elif wanted["view"] == FILM and get("frame"):
        wanted["frame"] = str(int(get("frame")) + 1)
    session, view = st.session_state, wanted["view"]
    if view == EXPLORE:
        wanted["fold"] = "" if folds_are_lost() else folds()
    wanted |= {one.name: one.written(session.get(one.name)) for one in SHARED}
    own = VIEWS.find(view).fields
    wanted |= {one.name: one.written(session.get(f"{view}:{one.name}", one.default)) for one in own}
    return {name: value for name, value in wanted.items() if value}


def _columns(opened: Opened) -> str:
    """What the columns of a table were named to be; a link that leaves out so many has them named again."""
    if opened.table is None or opened.report is None or opened.report.format != BY_COLUMNS:
        return ""
    said = urlencode(opened.table.named)
    return said if len(quote(said)) <= MAX_ID else ""


def _parameters(method: str) -> Iterator[tuple[str, str]]:
    """The method's parameters that are not as by default; what is not allowed, and so not in force, is left out."""
    values = settings(method)
    for param in get_method(method).params:
        try:
            value = param.parse(values[param.name])
        except MethodError:
            continue
        if value != param.default:
            yield PARAMETER + param.name, shown(value)


def sync_address() -> None:
    """Write what is shown into the address bar, so that the page can be linked and reloaded.

    A link to a file that is not open stays until something else was done, so that it can be opened after all.
    It is written again where another was written since the one that the browser sent with this run, which may still be
    on its way there.
    """
    wanted = _address()
    if is_held(wanted):
        st.session_state.written = st.query_params.to_dict()
        return
    if st.query_params.to_dict() != wanted or st.session_state.get("written", wanted) != wanted:
        st.query_params.from_dict(wanted)
    st.session_state.written = wanted
