"""A table in no known format: which column is the prompt, the answer, the reward and so on."""

from __future__ import annotations

import orjson
import streamlit as st

from app import state
from app.opening.draft import Draft
from app.verbatim import ours, verbatim
from treecore.bidi import visible
from treecore.formats.mapping import NEEDED, USUAL, guess_columns

NONE, PRESSED = "", "map:pressed"
"""No column; and where the session keeps that somebody pressed Open too early."""
CELL, BESIDE = 200, 3
"""Characters of a value that the preview shows, and choices beside each other."""
MAX_MAPPING = 100_000
"""Bytes of a saved mapping."""
MEANINGS = {
    "step": "training step",
    "group": "group (one prompt)",
    "reference": "expected answer",
    "rollout": "rollout (rows are its turns)",
    "ids": "token ids of the answer",
}


def mapping_form() -> None:
    """Drawn while a table waits for its columns to be named."""
    draft = state.draft()
    if draft is None:
        return
    with st.container(border=True, key="mapping"):
        st.markdown(f"**What are the columns of** {verbatim(draft.name)}**?**")
        st.caption(verbatim(f"{draft.found}."))
        guessed = draft.named or guess_columns(draft.columns, rows=draft.rows)
        for at, role in enumerate(USUAL):
            if at % BESIDE == 0:
                columns = st.columns(BESIDE)
            state.prime(f"map:{role}", guessed.get(role, NONE))
            with columns[at % BESIDE]:
                st.selectbox(
                    f"{ours(MEANINGS.get(role, role))}{' *' if role in NEEDED else ''}",
                    [NONE, *draft.columns],
                    key=f"map:{role}",
                    format_func=lambda name: visible(name) or "none",
                )
        preview(draft)
        lacking(draft)
        if error := state.get("upload_error"):
            st.error(verbatim(error), icon=":material/error:")
        buttons(draft)


def lacking(draft: Draft) -> None:
    """What is still to be chosen: in grey, and as an error once somebody wanted to open the table without it."""
    named = columns_of(draft)
    if not (missing := [role for role in NEEDED if role not in named]):
        return
    said = f"Choose the column that holds the {' and the one that holds the '.join(missing)}."
    if state.get(PRESSED):
        st.error(ours(said), icon=":material/error:")
    else:
        st.caption(ours(said))


def preview(draft: Draft) -> None:
    """The first rows, as text."""
    st.dataframe(
        [{visible(name): visible(str(value)[:CELL]) for name, value in row.items()} for row in draft.rows],
        hide_index=True,
        width="stretch",
    )


def buttons(draft: Draft) -> None:
    """Open, leave, and the mapping as a file."""
    named = columns_of(draft)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.button("Open", type="primary", key="map_open", on_click=take)
        st.button("Cancel", key="map_cancel", on_click=state.drop_draft)
        st.download_button(
            "Save this mapping",
            orjson.dumps(named, option=orjson.OPT_INDENT_2),
            file_name="columns.json",
            mime="application/json",
            on_click="ignore",
            key="map_save",
        )
        with st.popover("Use a saved mapping"):
            st.file_uploader("A mapping saved here before", type="json", key="map_upload", on_change=take_mapping)


def columns_of(draft: Draft) -> dict[str, str]:
    """Role -> column, as chosen; only columns that the table has."""
    chosen = {role: state.get_or(f"map:{role}", NONE) for role in USUAL}
    return {role: name for role, name in chosen.items() if name in draft.columns}


def take() -> None:
    """Begin to open the table with the chosen columns, if those that it needs are chosen."""
    if (draft := state.draft()) is None:
        return
    named = columns_of(draft)
    state.put({"upload_error": "", PRESSED: not all(role in named for role in NEEDED)})
    if not state.get(PRESSED):
        state.remember_columns(draft, named)
        state.open_given(draft.given, draft.name, named)


def take_mapping() -> None:
    """Choose as a saved mapping says."""
    draft, file = state.draft(), state.get("map_upload")
    state.put({"upload_error": ""})
    if draft is None or file is None:
        return
    try:
        found = orjson.loads(file.getvalue()) if file.size <= MAX_MAPPING else None
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or any(role not in USUAL for role in found):
        state.put({"upload_error": f'{file.name}: this is no mapping; give {{"prompt": "COLUMN", "answer": "COLUMN"}}'})
        return
    if lacking := [name for name in found.values() if name not in draft.columns]:
        state.put({"upload_error": f"{file.name}: the table has no column {str(lacking[0])[:60]!r}"})
        return
    state.put({f"map:{role}": found.get(role, NONE) for role in USUAL})
