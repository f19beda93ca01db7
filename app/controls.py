"""Widgets made from the registries: what is open, the method and its parameters, colour and axis. Names no method."""

from __future__ import annotations

import streamlit as st

from app import chrome, state
from treecore.credit import METHODS, get_method
from treecore.errors import TreecoreError
from treecore.formats import ReadReport
from treecore.params import Param
from treecore.samples import samples


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
    st.caption(title.lower(), width="content")
    st.segmented_control(
        title,
        list(options),
        format_func=options.__getitem__,
        key=key,
        label_visibility="collapsed",
        required=True,
        width="content",
    )


def open_menu() -> None:
    """Samples, upload, and which forest of a file."""
    current = state.opened()
    with st.popover(chrome.escape(shorten(current.title)), icon=":material/folder_open:", width="content"):
        st.selectbox(
            "Sample",
            list(samples()),
            index=None,
            key="sample",
            format_func=lambda name: samples()[name].title,
            on_change=pick_sample,
            placeholder="choose a sample",
        )
        if current.note:
            st.caption(chrome.escape(current.note))
        st.file_uploader(
            "Or open your own rollouts",
            key="upload",
            on_change=take_upload,
            help="treecore native files: .forest.jsonl or .forest.json, plain or .gz. Read on this machine only.",
        )
        if error := state.get("upload_error"):
            st.error(chrome.escape(error), icon=":material/error:")
        elif current.report is not None and not current.sample:
            reading(current.report)
        forest_menu()


def reading(report: ReadReport) -> None:
    """What was read, what was kept aside, what could not be taken over."""
    found = f"{report.title}: {len(report.forests)} forests, {report.n_trees} trees, {report.n_nodes} nodes"
    scored = f"{report.n_scored} of {report.n_leaves} leaves with an outcome, {report.n_tokens} tokens recorded"
    st.success(chrome.escape(f"{found}; {scored}."), icon=":material/check:")
    if report.extra:
        kept = ", ".join(f"{name} ({count})" for name, count in list(report.extra.items())[:8])
        st.caption(chrome.escape(f"Fields not known here, kept as they came: {kept}."))
    for warning in report.warnings[:8]:
        st.caption(chrome.escape(warning))


def forest_menu() -> None:
    """Which forest of the batch is shown."""
    forests = state.opened().forests
    if len(forests) > 1:
        st.selectbox(
            f"Prompt ({len(forests)} in this file)",
            range(len(forests)),
            key="forest",
            format_func=lambda i: shorten(forests[i].prompt or forests[i].id or f"forest {i + 1}", 70),
            on_change=lambda: state.put({"node": "", "frame": 0, "guess": ""}),
        )


def pick_sample() -> None:
    """Open the chosen sample."""
    state.put({"upload_error": ""})
    if name := state.get("sample"):
        state.open_sample(name)


def take_upload() -> None:
    """Open an uploaded file; a bad one leaves its error and whatever was open."""
    file = state.get("upload")
    state.put({"upload_error": ""})
    if file is None:
        return
    try:
        state.open_bytes(file.getvalue(), file.name)
    except TreecoreError as error:
        state.put({"upload_error": str(error)})


def method_menu() -> None:
    """The method with its words, source and parameters."""
    method = get_method(state.get("method"))
    with st.popover(method.title, icon=":material/function:", width="content"):
        st.selectbox(
            "Method",
            list(METHODS),
            key="method",
            format_func=lambda name: f"{METHODS[name].title} · {METHODS[name].family}",
        )
        st.markdown(method.summary)
        for param in method.params:
            parameter(param, method.name)
        st.caption(f"{method.citation}. {method.citation.note}".strip())
        if method.departures:
            st.caption(f"Where we depart: {method.departures}")


def parameter(param: Param, method: str) -> None:
    """One widget for one parameter, whatever its type."""
    key = f"set:{method}:{param.name}"
    shown = {"key": key, "help": param.meaning or None}
    fresh = not state.has(key)
    if param.type == "choice":
        start = {"index": param.choices.index(str(param.default))} if fresh else {}
        st.selectbox(param.name, param.choices, **start, **shown)  # type: ignore[arg-type]
    elif param.type == "bool":
        st.toggle(param.name, **({"value": bool(param.default)} if fresh else {}), **shown)  # type: ignore[arg-type]
    elif param.type == "str":
        st.text_input(param.name, **({"value": str(param.default)} if fresh else {}), **shown)  # type: ignore[arg-type]
    else:
        number(param, fresh, shown)


def number(param: Param, fresh: bool, shown: dict[str, object]) -> None:
    """A number field with the parameter's own bounds."""
    kind = int if param.type == "int" else float
    low = kind(param.low) if param.low > -1e15 else None
    high = kind(param.high) if param.high < 1e15 else None
    start = {"value": kind(param.default)} if fresh else {}
    step = 1 if kind is int else None
    style = None if kind is int else "%g"
    st.number_input(param.name, min_value=low, max_value=high, step=step, format=style, **start, **shown)  # type: ignore[arg-type,call-overload]


def shorten(text: str, most: int = 34) -> str:
    """Text that fits a button."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"
