"""The address bar: what is shown is written there after every run, and read when somebody came or went back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import streamlit as st

from app.defaults import DEFAULTS, FILM, LIBRARY, LIBRARY_FIELDS, MAX_FIELD, MAX_ID, SHORT
from app.library.folders import LIBRARIES_VARIABLE
from app.opening.merging import AUTO, OFF, rules, usual_rule
from app.places import place
from app.state.computed import film
from app.state.current import as_given, forest_number, has_node, merge_rule, opened
from app.state.open_files import open_file, open_sample, recent, settle, show
from app.state.session import get, get_or, keep
from app.view_registry import VIEWS
from treecore.bundled import samples
from treecore.errors import TreecoreError
from treecore.methods import METHODS


def start(has_run: Callable[[str], bool]) -> None:
    """Once a run: defaults, values from the address bar on a session's first run, and keep widget values alive.

    `has_run` tells whether there is a run of a name that the address may give. Another run may break this one off
    wherever session state is touched: an address read in part is read again.
    """
    session = st.session_state
    if "started" not in session:
        for name, value in DEFAULTS.items():
            session.setdefault(name, value)
        session.setdefault("notice", "")
        given = os.environ.get("TREECORE_FILE", "")
        if given and "sample" not in st.query_params:
            open_file(Path(given))
        elif not given and os.environ.get(LIBRARIES_VARIABLE):
            session.view = LIBRARY
        session.reading = session.started = True
    elif _went_back():
        session.reading = True
    if session.reading:
        _read_address(has_run)
        if "written" in session:
            session.written = _address()
        session.reading = False
    settle()
    keep()


def _read_address(has_run: Callable[[str], bool]) -> None:
    """Take view, sample, method, frame and node from the address bar; say so where one does not exist."""
    query, session = st.query_params, st.session_state
    unknown = []
    sample = query.get("sample", "")
    if sample in samples() and ("opened" not in session or opened().sample != sample):
        open_sample(sample)
    elif "sample" not in query and (known := recent().get(query.get("file", ""))) and known is not as_given():
        show(known)
    for name, allowed in (("view", VIEWS), ("method", METHODS), ("sample", samples())):
        wanted = query.get(name)
        if wanted is not None and wanted not in allowed:
            unknown.append(f"no {name} called “{wanted[:40]}”")
        elif wanted is not None and name != "sample":
            session[name] = wanted
    if "merge" in query:
        known_rule = query["merge"] in rules(as_given())
        session.merging, session.merge_by = known_rule, query["merge"] if known_rule else AUTO
        if not known_rule and query["merge"] != OFF:
            unknown.append(f"no way to merge called “{query['merge'][:40]}”")
    if session.view == LIBRARY:
        session.library = {name: query[name][:MAX_FIELD] for name in LIBRARY_FIELDS if name in query}
    if (run := query.get("run")) and not has_run(run):
        unknown.append(f"no run called “{run[:40]}”")
    session.node = ""
    if (number := place(query.get("prompt", "1"), lambda: len(opened().forests))) is not None:
        session.forest = session.turned = number
    else:
        unknown.append(f"no prompt {query['prompt'][:40]} here")
    if "sample" not in query and query.get("file", opened().key[:SHORT]) != opened().key[:SHORT]:
        unknown.append("the file it was made with is not open in this session (open it again)")
    elif node := query.get("node"):
        if has_node(node):
            session.node = node
        else:
            unknown.append(f"no step “{node[:40]}” here")
    if "frame" in query or session.view == FILM:
        frame = query.get("frame", "1")
        session.frame = place(frame, _film_length) or 0
        if frame != str(session.frame + 1):
            unknown.append(f"no frame {frame[:40]} here")
    if unknown:
        session.notice = "Not everything in this link is here: " + "; ".join(unknown) + "."


def _film_length() -> int:
    """Frames of the film; 0 where the method cannot run on what is open."""
    try:
        return len(film())
    except TreecoreError:
        return 0


def _went_back() -> bool:
    """Whether the address bar shows something else than what was last written there, so that the visitor went back.

    A run that a widget asked for before the browser took the last address over shows an old one too: then what is
    shown has changed as well.
    """
    written = st.session_state.get("written")
    return written is not None and st.query_params.to_dict() != written == _address()


def _address() -> dict[str, str]:
    """What is shown, as the address bar says it."""
    wanted: dict[str, str] = {name: get(name) for name in ("view", "method", "node")}
    if len(quote(wanted["node"])) > MAX_ID:
        wanted["node"] = ""
    if wanted["view"] == "rollout" and (job := st.session_state.get("job")) is not None:
        wanted["run"] = job.name
    if wanted["view"] == LIBRARY:
        wanted |= get_or("library", {})
    wanted["sample" if opened().sample else "file"] = opened().sample or opened().key[:SHORT]
    if (rule := merge_rule()) != usual_rule(as_given()):
        wanted["merge"] = rule or OFF
    wanted["prompt"] = str(forest_number() + 1) if forest_number() else ""
    if get("playing"):  # else the way back would lead through every frame that was played
        wanted["frame"] = st.session_state.get("written", {}).get("frame", "")
    elif wanted["view"] == FILM and get("frame"):
        wanted["frame"] = str(int(get("frame")) + 1)
    return {name: value for name, value in wanted.items() if value}


def sync_address() -> None:
    """Write what is shown into the address bar, so that the page can be linked and reloaded.

    It is written again where another was written since the one that the browser sent with this run, which may still be
    on its way there.
    """
    wanted = _address()
    if st.query_params.to_dict() != wanted or st.session_state.get("written", wanted) != wanted:
        st.query_params.from_dict(wanted)
    st.session_state.written = wanted


def asked(name: str) -> str:
    """A field of the address bar, "" where it has none."""
    return st.query_params.get(name, "")
