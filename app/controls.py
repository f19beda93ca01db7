"""Widgets made from the registries: what is open, the method and its parameters, colour and axis. Names no method."""

from __future__ import annotations

import streamlit as st

from app import state
from app.fields import parameter
from app.verbatim import ours, verbatim
from treecore.bundled import by_group
from treecore.core.numerals import counted, whole
from treecore.errors import shortened
from treecore.formats import FORMATS, ReadReport
from treecore.methods import METHODS, get_method
from treecore.views.labels import cut

MAX_WARNINGS = 8


def bar(*, colours: bool = True) -> None:
    """One row: what is open, method, colour, axis."""
    with st.container(key="controls", horizontal=True, vertical_alignment="center", gap="small"):
        open_menu()
        method_menu()
        if colours:
            pills("Colour", state.COLOURS, "colour")
        pills("Axis", state.AXES, "axis")


def pills(title: str, options: dict[str, str], key: str) -> None:
    """A labelled row of exclusive choices."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.caption(ours(title.lower()), width="content")
        st.segmented_control(
            ours(title),
            list(options),
            format_func=lambda name: ours(options.get(name, "")),
            key=key,
            label_visibility="collapsed",
            required=True,
            width="content",
        )


def open_menu() -> None:
    """Samples, upload, and which forest of a file."""
    current = state.opened()
    with st.popover(
        verbatim(shorten(current.title)),
        icon=":material/folder_open:",
        width="content",
        key=f"open:{state.get_or('picked', '')}",
    ):
        sample_lists(current.sample)
        if current.note:
            st.caption(verbatim(current.note))
        st.file_uploader(
            "Or open your own rollouts",
            key="upload",
            on_change=take_upload,
            help=verbatim(readable()),
        )
        if error := state.get("upload_error"):
            st.error(verbatim(error), icon=":material/error:")
        elif not current.sample:
            if current.report is not None:
                reading(current.report)
            noticed(current.report)
        forest_menu()


def reading(report: ReadReport) -> None:
    """What was read, what was kept aside, what could not be taken over."""
    forests = counted(len(report.forests), "forest", "forests")
    trees = counted(report.n_trees, "tree", "trees")
    nodes = counted(report.n_nodes, "node", "nodes")
    leaves = f"{whole(report.n_scored)} of {counted(report.n_leaves, 'leaf', 'leaves')} with an outcome"
    scored = f"{leaves}, {counted(report.n_tokens, 'token')} recorded"
    st.success(verbatim(f"{report.title}: {forests}, {trees}, {nodes}; {scored}."), icon=":material/check:")
    if report.extra:
        st.caption(verbatim(f"Fields beyond the format, kept as they came: {report.kept}."))


def noticed(report: ReadReport | None) -> None:
    """What could not be taken over, and what is odd in what is open."""
    for warning in [*(report.warnings if report is not None else ()), *state.findings()][:MAX_WARNINGS]:
        st.caption(f":material/info: {verbatim(shortened(warning))}")


def forest_menu() -> None:
    """Which forest of the batch is shown; numbered, since Streamlit takes choices that read alike for one."""
    forests = state.opened().forests
    if len(forests) > 1:
        st.selectbox(
            f"Prompt ({whole(len(forests))} in this file)",
            range(len(forests)),
            key="forest",
            format_func=lambda i: f"{i + 1} · {shorten(forests[i].prompt or forests[i].id, 70)}",
            on_change=lambda: state.turn_to(state.forest_number()),
        )


def readable() -> str:
    """The files that can be read, in the words of their formats."""
    known = [f"{one.title} ({', '.join(one.extensions)})" for one in FORMATS.values()]
    return f"Files of these formats, plain or .gz: {'; '.join(known)}. Read on this machine only."


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


def take_upload() -> None:
    """Begin to open an uploaded file; a bad one leaves its error and whatever was open."""
    file = state.get("upload")
    state.put({"upload_error": ""})
    if file is None:
        return
    state.open_bytes(file.getvalue(), file.name)


def method_menu() -> None:
    """The method with its words, source and parameters."""
    method = get_method(state.get("method"))
    with st.popover(ours(method.title), icon=":material/function:", width="content"):
        st.selectbox(
            "Method",
            list(METHODS),
            key="method",
            format_func=lambda name: f"{METHODS[name].title} · {METHODS[name].family}",
        )
        with st.container(key="method_words"):
            st.markdown(ours(method.summary))
        for param in method.params:
            parameter(param, method.name)
        st.caption(verbatim(f"{method.citation}. {method.citation.note}".strip()))
        if method.departures:
            st.caption(f"Where we depart: {ours(method.departures)}")


def shorten(text: str, most: int = 34) -> str:
    """Text that fits a button."""
    return cut(" ".join(text.split()), most)
