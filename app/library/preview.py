"""One forest of a library beside the list: its trees, and the same prompt at two training steps."""

from __future__ import annotations

import re

import streamlit as st

import treecore as tc
from app import stage, state
from app.library.folders import Run
from app.verbatim import ours, verbatim
from treecore.bidi import visible
from treecore.core.forest import Forest
from treecore.core.numerals import counted, whole
from treecore.core.outcomes import is_right
from treecore.errors import TreecoreError
from treecore.library.opening import open_forest
from treecore.library.overview import Row, place_of, same_prompt
from treecore.library.pair import Divergence, answers, divergence
from treecore.methods import get_method
from treecore.methods.registry import Credit
from treecore.views.labels import cut

HEIGHT, SMALL = 300, 170
"""Pixels of the trees, and of those of two steps."""
PLACE = re.compile(r"(\d{1,9})@(.+)", re.S)
PROMPT, ANSWER, FEW = 400, 44, 5


def beside(run: Run, place: str) -> None:
    """The forest of a row."""
    row = row_of(run, place)
    if row is None:
        st.caption("Choose a row to see its trees here: click it, or walk with ↑ and ↓.")
        return
    columns = row.columns
    step = "" if columns["training_step"] is None else f" · step {whole(columns['training_step'])}"
    st.caption(verbatim(f"{columns['id']}{step} · {columns['place'] or columns['file']}"))
    with st.container(key="library_prompt"):
        st.text(visible(cut(columns["prompt"] or columns["id"], PROMPT)))
    if columns["reference"]:
        st.caption(verbatim(f"expected: {columns['reference']}"))
    try:
        forest = forest_of(run, row)
    except (TreecoreError, OSError) as error:
        st.error(verbatim(error), icon=":material/error:")
        return
    credit, why = credit_of(forest)
    stage.trees(forest, credit, key="library", height=HEIGHT, linked=False)
    st.caption(ours(get_method(state.get("method")).title) if credit else verbatim(why))
    others = [
        other for other in same_prompt(run.index, row) if other.columns["training_step"] != columns["training_step"]
    ]
    partner = partner_of(others)
    buttons(run, place, partner)
    if columns["training_step"] is not None:
        two_steps(run, row, forest, others, partner)


def buttons(run: Run, place: str, partner: Row | None) -> None:
    """The ways into Explore."""
    with st.container(horizontal=True, gap="small"):
        st.button("Open in Explore", key="open_row", type="primary", on_click=open_in_explore, args=(run, [place]))
        if partner is not None:
            both = [place_in_words(partner), place]
            st.button("Open both steps", key="open_both", on_click=open_in_explore, args=(run, both))


def row_of(run: Run, place: str) -> Row | None:
    """The row that the address or the browser names; None where there is none."""
    found = PLACE.fullmatch(place)
    return place_of(run.index, found[2], int(found[1])) if found else None


def place_in_words(row: Row) -> str:
    """A row as the address holds it."""
    return f"{row.columns['number']}@{row.columns['file']}"


def forest_of(run: Run, row: Row) -> Forest:
    """The forest of a row.

    Raises:
        FormatError: its file has changed since it was read.
    """
    return open_forest(run.path, run.index, row.columns["file"], row.columns["number"])


def credit_of(forest: Forest) -> tuple[Credit | None, str]:
    """Its credit by the chosen method, or why there is none."""
    method = state.get("method")
    try:
        return tc.credit([forest], method, **state.settings(method)).of(0), ""
    except TreecoreError as error:
        return None, str(error)


def partner_of(others: list[Row]) -> Row | None:
    """The other training step that is compared with: the one chosen, else the first."""
    asked = state.get_or("other_step", None)
    steps = {row.columns["training_step"]: row for row in others}
    return steps.get(asked) or next(iter(others), None)


def two_steps(run: Run, row: Row, forest: Forest, others: list[Row], partner: Row | None) -> None:
    """The same prompt at two training steps, and where they part."""
    st.markdown("##### The same prompt at two steps")
    if partner is None:
        st.caption("This prompt was asked at one training step only, so there is nothing to compare it with.")
        return
    steps = [other.columns["training_step"] for other in others]
    state.put({"other_step": partner.columns["training_step"]})
    st.selectbox("Compared with", steps, key="other_step", format_func=lambda step: f"step {step}")
    try:
        other = forest_of(run, partner)
    except (TreecoreError, OSError) as error:
        st.error(verbatim(error), icon=":material/error:")
        return
    pairs = sorted([(partner, other), (row, forest)], key=lambda pair: int(pair[0].columns["training_step"]))
    for column, (at, trees), name in zip(st.columns(2, gap="small"), pairs, ("first", "second"), strict=True):
        with column, st.container(border=True, key=f"two_{name}"):
            card(at, trees, key=name)
    steps = [int(pair[0].columns["training_step"]) for pair in pairs]
    st.caption(ours(parted(divergence(pairs[0][1], pairs[1][1]), *steps)))


MARKS = {True: ":material/check:", False: ":material/close:"}
"""Of a right answer and of a wrong one."""


def card(row: Row, forest: Forest, *, key: str) -> None:
    """One of the two."""
    right = f"{whole(int(is_right(forest).sum()))} of {whole(len(forest.leaves))} right"
    st.markdown(ours(f"**step {row.columns['training_step']}** · {right}"))
    found = answers(forest)
    for text, times, good in found[:FEW]:
        st.caption(f"{ours(MARKS[good])} {verbatim(cut(text, ANSWER))}{f' × {times:d}' if times > 1 else ''}")
    if len(found) > FEW:
        st.caption(ours(f"and {counted(len(found) - FEW, 'more answer')}"))


def parted(found: Divergence, first: int, second: int) -> str:
    """Where two forests part, as a sentence."""
    if not found.step:
        return "Both hold the same steps."
    said = [
        f"only at {step}: " + ", ".join(f"{verbatim(cut(text, ANSWER))} ({times})" for text, times in steps[:2])
        for step, steps in ((first, found.first), (second, found.second))
        if steps
    ]
    return f"They first differ at step {found.step} of the trajectory; {'; '.join(said)}."


def open_in_explore(run: Run, places: list[str]) -> None:
    """Open forests of rows in Explore; a row that is no more leaves a notice. Only from callbacks."""
    rows = [row for place in places if (row := row_of(run, place)) is not None]
    try:
        forests = [forest_of(run, row) for row in rows]
    except (TreecoreError, OSError) as error:
        state.put({"notice": str(error)})
        return
    if forests:
        state.open_forests(forests, cut(forests[0].prompt or forests[0].id, PROMPT))
        state.put({"view": "explore", "forest": len(forests) - 1, "turned": len(forests) - 1})
