"""The menu of what is open: samples, files and folders of one's own, and what was found in them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import streamlit as st

from app import redraw, state
from app.defaults import DEFAULTS, SHORT
from app.opening.kept import forget
from app.opening.receipt import DROP_ERROR, SHOWS_TREES, details, recognised
from app.opening.upload_field import upload_field
from app.serving import permissions
from app.verbatim import ours, verbatim
from treecore.bidi import visible
from treecore.bundled import by_group
from treecore.core.forest import Forest
from treecore.core.numerals import counted, whole
from treecore.errors import shortened
from treecore.formats import FORMATS
from treecore.views.labels import cut, question

MAX_LINES = 8
"""Lines that are shown of what is odd."""


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
                st.success(verbatim(recognised(current.report)), icon=":material/check:")
                with st.expander("What was read, and how"):
                    details(current, "menu")
                keeping(current.key[:SHORT])
            noticed()


def keeping(key: str) -> None:
    """What is kept of an upload in the browser, and the way to have it forgotten."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("An upload is kept in this browser, so that a reload can open it again.", width="content")
        st.button("Forget it", key="kept_forget_open", type="tertiary", on_click=redraw.after(forget), args=(key,))


def uploads() -> None:
    """Files, a whole folder, and on one's own machine a path."""
    files, folder = st.columns(2)
    with files:
        upload_field("Or open your own rollouts", take_upload, key="upload", about=readable())
    with folder:
        about = "All files of a run together, such as the one that a trainer writes at each step."
        upload_field("Or a whole folder", take_upload, key="upload_folder", folder=True, about=about)
    if permissions.is_private():
        st.text_input(
            "Or a path on this machine",
            key="open_path",
            placeholder="runs/my-run",
            on_change=redraw.after(take_path),
            help="A file or a folder; nothing is copied.",
        )


def take_upload(key: str) -> None:
    """Begin to open what was uploaded; what cannot be read leaves its error and whatever was open."""
    take_files(key, tell_in="upload_error")


def take_dropped(key: str) -> None:
    """The same without the menu: its error stands above the page, and trees are shown."""
    if state.get("view") not in SHOWS_TREES and not state.wanted_file():
        state.put({"view": DEFAULTS["view"]})
    take_files(key, tell_in=DROP_ERROR)


def take_files(key: str, *, tell_in: str) -> None:
    """Begin to open files.

    Args:
        key: under which the session holds them; tell_in: under which it is to hold an error.
    """
    given: Any = state.get(key)
    files = given if isinstance(given, list) else [given] if given is not None else []
    state.put({"upload_error": "", DROP_ERROR: ""})
    if len(files) == 1:
        content = files[0].getvalue()
        state.open_given(content, files[0].name, state.wanted_columns(content), tell_in=tell_in)
    elif files:
        state.open_given(by_name(files), called(files[0].name, len(files)), tell_in=tell_in)


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


def noticed() -> None:
    """What is odd in what is open."""
    for finding in state.findings()[:MAX_LINES]:
        st.caption(f":material/info: {verbatim(shortened(finding))}")


def forest_menu() -> None:
    """Which forest of the batch is shown; numbered, since Streamlit takes choices that read alike for one."""
    forests = state.opened().forests
    if len(forests) > 1:
        shown = state.forest_number()
        st.selectbox(
            f"Prompt ({whole(len(forests))} in this file)",
            range(len(forests)),
            index=shown,
            key=state.in_menu("forest", shown, among=state.recorded().key),
            format_func=lambda i: named(i, forests[i]),
            on_change=redraw.after(turn),
        )


def turn() -> None:
    """Show the chosen prompt."""
    state.take_from_menu("forest")
    state.turn_to(state.forest_number())


def named(number: int, forest: Forest) -> str:
    """A prompt in the menu, with the training step that it was asked at."""
    step = forest.provenance.get("training_step")
    asked = shorten(question(forest.prompt) or forest.id, 70)
    return " · ".join([str(number + 1), *([f"step {step}"] if isinstance(step, int) else []), asked])


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
                    on_click=redraw.after(pick_sample),
                    args=(sample.name,),
                )


def pick_sample(name: str) -> None:
    """Open the chosen sample; the menu, which is named after it, closes."""
    state.put({"upload_error": "", "picked": name})
    state.open_sample(name)


def shorten(text: str, most: int = 34) -> str:
    """Text that fits a button."""
    return cut(" ".join(visible(text).split()), most)
