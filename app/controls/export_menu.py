"""Export of what is open, or of the prompt that is shown, by the method in force: made on request, beside the page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import streamlit as st

from app import redraw, state
from app.controls.fields import parameter
from app.opening.background import Tell
from app.state.export_job import ERROR, LATE, MADE, refuse_export
from app.verbatim import ours, verbatim
from treecore.core.batch import Forests
from treecore.core.edit import changes_of
from treecore.core.forest import Forest
from treecore.core.numerals import whole
from treecore.errors import TreecoreError
from treecore.exports import EXPORTS, Export
from treecore.exports.registry import Selection, made_of, selection
from treecore.methods import Credit, get_method

MAX_EXPORT, PARTS = 200_000_000, 1000
"""Bytes of one export, as larger ones are made by the command line; and steps in which its progress is reported."""
UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


class Inputs(NamedTuple):
    """What an export is made of; see `treecore.exports.registry.made_of`, and `Prepared`."""

    of: tuple[object, ...]
    name: str
    kind: Export
    forests: Forests
    credit: Credit | None
    ending: str
    settings: Mapping[str, Any]
    only: Selection | None


class Prepared(NamedTuple):
    """An export that can be downloaded.

    Attributes:
        of: what it was made of, so that a later choice does not offer an older file.
        said: what is in it, a sentence.
    """

    of: tuple[object, ...]
    name: str
    data: bytes
    said: str


def export_menu() -> None:
    """The kind, its parameters, and a button for all prompts and for the one that is shown."""
    with st.popover("Export", icon=":material/download:", width="content"):
        st.selectbox("Kind", list(EXPORTS), key="export_kind", format_func=lambda name: ours(EXPORTS[name].title))
        kind = EXPORTS[chosen(state.get("export_kind"), list(EXPORTS))]
        st.selectbox("File", kind.endings, key=f"export_ending:{kind.name}")
        allowed = [parameter(param, owner(kind)) for param in kind.params]
        fine = all(allowed)
        if kind.needs_credit:
            st.caption(f"By the method in force: {ours(get_method(state.get('method')).title)}.")
        several = len(state.opened().forests) > 1
        with st.container(horizontal=True, gap="small"):
            button = partial(st.button, on_click=redraw.after(prepare), args=(kind.name,), disabled=not fine)
            if several:
                button("All prompts", key="export:all", kwargs={"whole_batch": True})
            button("This prompt" if several else "Make the file", key="export:one")
            if kind.in_parts:
                said = "Only rows of that step and of what comes after it; credit is still that of all."
                button("From the selected step", key="export:step", kwargs={"from_step": True}, help=said)
        offered(kind)


def offered(kind: Export) -> None:
    """The file that was made, as long as nothing else is chosen; why there is none."""
    if error := state.get_or(ERROR, ""):
        st.error(verbatim(error), icon=":material/error:")
    made: Prepared | None = state.get_or(MADE, None)
    if made is None or made.of[:-1] != asked(kind):
        return
    st.caption(verbatim(made.said))
    download(made, key="export_download")


def download(made: Prepared, *, key: str) -> None:
    """The button that gives a file to the browser."""
    st.download_button(
        verbatim(f"Download {made.name}"),
        made.data,
        file_name=made.name,
        mime="application/octet-stream",
        on_click="ignore",
        icon=":material/download:",
        key=key,
    )


def export_ready() -> None:
    """A file that took long, or why there is none, above the page: its menu has closed meanwhile."""
    made: Prepared | None = state.get_or(MADE, None)
    error = state.get_or(ERROR, "")
    if not state.get_or(LATE, False) or not (made or error):
        return
    with st.container(key="export_ready", horizontal=True, vertical_alignment="center", gap="small"):
        if made is not None:
            st.caption(verbatim(made.said))
            download(made, key="export_ready_download")
        else:
            st.error(verbatim(error), icon=":material/error:")
        st.button("Close", key="export_ready_close", type="tertiary", on_click=state.put, args=({LATE: False},))


def prepare(name: str, *, whole_batch: bool = False, from_step: bool = False) -> None:
    """Begin to make the file; an error is shown beside the buttons.

    Args:
        whole_batch: of all prompts, not of the shown one alone.
        from_step: from the step that is selected now, which need not be the one that was when the button was drawn.
    """
    kind = EXPORTS[chosen(name, list(EXPORTS))]
    try:
        asked_for = inputs(kind, whole_batch=whole_batch, node=selected_step() if from_step else "")
    except TreecoreError as error:
        refuse_export(str(error))
        return
    state.begin_export(asked_for.name, partial(made, asked_for))


def selected_step() -> str:
    """The id of the step that is selected.

    Raises:
        TreecoreError: none is, or it is the prompt.
    """
    row = state.selected_row()
    if row is None or state.forest().is_prompt[row]:
        raise TreecoreError("no step is selected", todo="click a step on the trees, then press this button again")
    return str(state.forest().node_id[row])


def inputs(kind: Export, *, whole_batch: bool, node: str = "") -> Inputs:
    """All that the file is made of, taken from the session, which its thread does not know.

    Args:
        node: the step that it begins with, "" for all.

    Raises:
        TreecoreError: the method cannot run, and the kind needs it.
    """
    of = asked(kind)
    try:
        credit = state.batch_credit() if whole_batch else state.credit()
    except TreecoreError:
        if kind.needs_credit:
            raise
        credit = None
    forests = state.opened().forests if whole_batch else Forests([state.forest()])
    ending = str(of[2])
    settings = {param.name: state.get_or(f"set:{owner(kind)}:{param.name}", param.default) for param in kind.params}
    name = file_name(kind.name, ending=ending, whole_batch=whole_batch, part=bool(node))
    only = selection(forests, node) if node else None
    return Inputs((*of, (whole_batch, node)), name, kind, forests, credit, ending, settings, only)


def made(given: Inputs, tell: Tell) -> Prepared:
    """The file.

    Raises:
        TreecoreError: the data lacks what the kind needs, or the file would be too large.
    """
    found = made_of(given.kind, given.forests, given.credit, given.ending, given.settings, only=given.only)
    found.heard = lambda share: tell(round(share * PARTS), PARTS)
    data = within(found.chunks)
    said = "; ".join([f"{whole(found.size)} {found.unit}", *found.notes])
    return Prepared(given.of, given.name, data, f"{said}.")


def asked(kind: Export) -> tuple[object, ...]:
    """All that a file depends on."""
    method = state.get("method")
    ending = chosen(state.get_or(f"export_ending:{kind.name}", kind.endings[0]), kind.endings)
    numbers = tuple(str(state.get_or(f"set:{owner(kind)}:{param.name}", param.default)) for param in kind.params)
    of_method = (method, tuple(state.settings(method).items()))
    return state.opened().key, kind.name, ending, numbers, of_method, state.forest_number()


def within(chunks: Iterable[bytes]) -> bytes:
    """All chunks as one.

    Raises:
        TreecoreError: they are more than `MAX_EXPORT` bytes.
    """
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > MAX_EXPORT:
            raise TreecoreError(
                f"the file would have more than {whole(MAX_EXPORT)} bytes",
                todo="export this prompt alone, or use `treecore export`",
            )
    return bytes(data)


def file_name(kind: str, *, ending: str, whole_batch: bool, part: bool = False) -> str:
    """A name of letters, digits, `_` and `-`, whatever the file that is open is called."""
    stem = UNSAFE.sub("-", state.as_given().title.split(".")[0]).strip("-")[:60] or "forests"
    forests = state.opened().forests if whole_batch else [state.forest()]
    number = "" if whole_batch or len(state.opened().forests) == 1 else f"-prompt-{state.forest_number() + 1}"
    return f"{stem}{number}-{kind}{'-from-a-step' if part else ''}{changed_mark(forests)}{ending}"


def changed_mark(forests: Iterable[Forest]) -> str:
    """What the name of a file gets before its ending where a forest in it is not as it was recorded."""
    return "-changed" if any(map(changes_of, forests)) else ""


def chosen(name: object, known: list[str] | tuple[str, ...]) -> str:
    """A name of a closed set; the first where the browser sent another."""
    return name if isinstance(name, str) and name in known else known[0]


def owner(kind: Export) -> str:
    """Under which name its parameters stand in the session."""
    return f"export-{kind.name}"
