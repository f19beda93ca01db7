"""Links: what an address names is put into the session, and what is not there is reported."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from app.defaults import EXPLORE, FILM, ROLLOUT, SHARED, SHORT
from app.opening.merging import AUTO, OFF, rules, usual_rule
from app.state.absent import hold_link, wanted_file
from app.state.changes import EDIT, misfit
from app.state.computed import film
from app.state.current import as_given, forest_number, is_drawn, recorded
from app.state.folds import read_folds
from app.state.open_files import open_sample, opening, recent, show
from app.state.places import place
from app.state.session import get, put, put_settings
from app.view_fields import PARAMETER, SHOWN, Field
from app.view_registry import VIEWS
from treecore.bundled import samples
from treecore.errors import MethodError, TreecoreError
from treecore.methods import METHODS, get_method


def read_link(has_run: Callable[[str], bool], reopen: Callable[[str], None]) -> list[str]:
    """Take everything from the address bar; the clauses that say what of it does not exist.

    Args:
        has_run: tells whether there is a run of a name.
        reopen: opens what the address says that forests came from, where it is there.
    """
    missing = read_source(reopen)
    missing += read_names()
    missing += read_parameters(get("method"))
    missing += read_merging()
    missing += read_fields("", SHARED)
    missing += read_fields(view := get("view"), VIEWS.find(view).fields)
    missing += read_run(has_run)
    missing += read_place() + read_frame()
    missing += [] if wanted_file() else drop_absent(view, VIEWS.find(view).fields)
    return missing + (read_folds(asked("fold")) if view == EXPLORE and not wanted_file() else [])


def asked(name: str) -> str:
    """A field of the address bar, "" where it has none."""
    return st.query_params.get(name, "")


def read_source(reopen: Callable[[str], None]) -> list[str]:
    """Open what the address names, where it is not open."""
    sample = asked("sample")
    if sample in samples() and ("opened" not in st.session_state or recorded().sample != sample):
        open_sample(sample)
    elif not sample and (known := recent().get(asked("file"))) and known is not as_given():
        show(known)
    elif not sample and asked("file") and asked("from") and known is None:
        reopen(asked("from"))
    return [f"no sample called “{sample[:SHOWN]}”"] if sample and sample not in samples() else []


def read_names() -> list[str]:
    """View and method; those of the session stay where the address names none."""
    missing = []
    for name, allowed in (("view", VIEWS), ("method", METHODS)):
        wanted = asked(name)
        if wanted in allowed:
            st.session_state[name] = wanted
        elif wanted:
            missing.append(f"no {name} called “{wanted[:SHOWN]}”")
    return missing


def read_parameters(method: str) -> list[str]:
    """The parameters of the method; those that the address does not name are as by default."""
    params = {param.name: param for param in get_method(method).params}
    values, missing = get_method(method).defaults, []
    for name, param in params.items():
        if text := asked(PARAMETER + name):
            try:
                values[name] = param.parse(text)
            except MethodError as error:
                missing.append(f"no parameter {error.found}")
    put_settings(method, values)
    unknown = [name for name in st.query_params if name.startswith(PARAMETER)]
    return missing + [
        f"no parameter called “{name.removeprefix(PARAMETER)[:SHOWN]}”"
        for name in unknown
        if name.removeprefix(PARAMETER) not in params
    ]


def read_merging() -> list[str]:
    """By which rule shared beginnings are merged; as is usual for the file where the address does not say."""
    rule = asked("merge") or usual_rule(as_given()) or OFF
    known = rule in rules(as_given())
    put({"merging": known, "merge_by": rule if known else AUTO})
    return [] if known or rule == OFF else [f"no way to merge called “{rule[:SHOWN]}”"]


def read_fields(view: str, fields: tuple[Field, ...]) -> list[str]:
    """The fields of a view, or without one those of all views."""
    missing = []
    for field in fields:
        value = field.default
        try:
            value = field.read(asked(field.name))
        except ValueError as error:
            missing.append(str(error))
        put({f"{view}:{field.name}" if view else field.name: value})
    return missing


def read_run(has_run: Callable[[str], bool]) -> list[str]:
    """The run to be shown, which the page takes up itself; one that is under way stays there after going back."""
    run, job = asked("run"), st.session_state.get("job")
    went_back = "written" in st.session_state
    if went_back and get("view") == ROLLOUT and job is not None and job.name != run and not job.live:
        st.session_state.job = None
    return [f"no run called “{run[:SHOWN]}”"] if run and not has_run(run) else []


def drop_absent(view: str, fields: tuple[Field, ...]) -> list[str]:
    """Leave out what fields of a view name that is not in what is open; where no method runs, nobody can tell."""
    missing = []
    for field in fields:
        text = asked(field.name)
        held = get(key := f"{view}:{field.name}") != field.default
        with suppress(TreecoreError):
            if text and held and field.there is not None and not field.there(text):
                put({key: field.default})
                missing.append(f"{field.name}=“{text[:SHOWN]}” names nothing that is open")
    return missing


def read_place() -> list[str]:
    """Prompt and step; a file that is not open has neither."""
    session, missing = st.session_state, []
    session.node = ""
    number = asked("prompt") or "1"
    if (found := place(number, lambda: len(recorded().forests))) is not None:
        session.forest = session.turned = found
    else:
        missing.append(f"no prompt {number[:SHOWN]} here")
    missing += read_changes()
    if not asked("sample") and (asked("file") or recorded().key[:SHORT]) != recorded().key[:SHORT]:
        if opening() is None:
            missing.append("the file it was made with is not open in this session (open it again)")
        hold_link()
    elif node := asked("node"):
        if is_drawn(node):
            session.node = node
        else:
            missing.append(f"no step “{node[:SHOWN]}” here")
    return missing


def read_changes() -> list[str]:
    """The changes of the forest, where they fit it."""
    reason = misfit(recorded(), forest_number())
    if not reason:
        return []
    put({EDIT: ""})
    return [f"its changes do not fit what is open ({reason})"]


def read_frame() -> list[str]:
    """The frame of the film."""
    session, frame = st.session_state, asked("frame")
    if not frame and session.view != FILM:
        return []
    session.frame = place(frame or "1", film_length) or 0
    return [] if frame in ("", str(session.frame + 1)) else [f"no frame {frame[:SHOWN]} here"]


def film_length() -> int:
    """Frames of the film; 0 where the method cannot run on what is open."""
    try:
        return len(film())
    except TreecoreError:
        return 0
