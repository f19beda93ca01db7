"""One forest of a library beside the list: its trees, and the same prompt at two training steps."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st

import treecore as tc
from app import stage, state
from app.browse import two_steps as cards
from app.library.folders import Run
from app.opening.background import Tell
from app.opening.opened import Opened
from app.verbatim import ours, verbatim
from treecore.bidi import visible
from treecore.core.forest import Forest
from treecore.core.numerals import counted, whole
from treecore.core.prefixes import merge_chains
from treecore.core.rooted import with_roots
from treecore.errors import FormatError, TreecoreError
from treecore.library.filters import Filters
from treecore.library.opening import open_forest, open_forests
from treecore.library.overview import Pair, Row, passing, place_of, same_prompt
from treecore.library.pair import Divergence, divergence
from treecore.methods import get_method
from treecore.methods.registry import Credit
from treecore.views.labels import cut, question
from treecore.views.scene.scene import Stage

HEIGHT = 300
"""Pixels of the trees."""
PLACE = re.compile(r"(\d{1,9})@(.+)", re.S)
MAX_ROWS, MAX_TOGETHER = 2, 1000
"""Forests that a button of a row opens, and the one for all rows."""
PROMPT, ANSWER = 400, 44
"""Characters of a prompt, and of a step in a sentence."""


def beside(run: Run, place: str, pair: Pair | None, *, search: str = "") -> None:
    """The forest of a row.

    Args:
        pair: the two training steps that are compared in the library.
        search: words whose steps are circled.
    """
    row = row_of(run, place)
    if row is None:
        st.caption("Choose a row to see its trees here: click it, or walk with ↑ and ↓.")
        return
    columns = row.columns
    step = "" if columns["training_step"] is None else f"step {whole(columns['training_step'])} · "
    name = columns["id"] if columns["id"].startswith(step) else f"{step}{columns['id']}"
    st.caption(verbatim(f"{name} · {columns['place'] or columns['file']}"))
    with st.container(key="library_prompt"):
        st.text(visible(cut(question(columns["prompt"]) or columns["id"], PROMPT)))
    if columns["reference"]:
        st.caption(verbatim(f"expected: {columns['reference']}"))
    try:
        forest = drawn(forest_of(run, row))
    except TreecoreError as error:
        st.error(verbatim(error), icon=":material/error:")
        return
    credit, why = credit_of(forest)
    hits = steps_with(forest, search)
    stage.trees(forest, credit, key="library", height=HEIGHT, linked=False, stage=Stage(marked=hits))
    if search:
        st.caption(verbatim(f"○ “{search}” in {counted(len(hits), 'step')}"))
    st.caption(ours(get_method(state.get("method")).title) if credit else verbatim(why))
    others = [
        other for other in same_prompt(run.index, row) if other.columns["training_step"] != columns["training_step"]
    ]
    partner = partner_of(others, pair)
    buttons(run, place, partner)
    if columns["training_step"] is not None:
        two_steps(run, row, forest, partner)


def buttons(run: Run, place: str, partner: Row | None) -> None:
    """The ways into other views."""
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Open in Explore \u21b5", key="open_row", type="primary", on_click=open_in_explore, args=(run, [place])
        )
        if partner is not None:
            both = [place_in_words(partner), place]
            st.button("Both steps in Compare", key="open_both", on_click=compare, args=(run, both))


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


def steps_with(forest: Forest, search: str) -> list[int]:
    """Rows of steps in which words stand, whatever their case, in what was said or in what was answered."""
    wanted = search.lower()
    texts = zip(forest.text, forest.observation, strict=True)
    return [row for row, both in enumerate(texts) if wanted and any(wanted in text.lower() for text in both)]


def drawn(forest: Forest) -> Forest:
    """Separate answers as the tree of their common beginnings, below the prompt."""
    return with_roots(merge_chains(forest))


def credit_of(forest: Forest) -> tuple[Credit | None, str]:
    """Its credit by the chosen method, or why there is none."""
    method = state.get("method")
    try:
        return tc.credit([forest], method, **state.settings(method)).of(0), ""
    except TreecoreError as error:
        return None, str(error)


def partner_of(others: list[Row], pair: Pair | None) -> Row | None:
    """The same prompt at one of the steps that are compared, else at the first of all others."""
    steps = {row.columns["training_step"]: row for row in others}
    asked = (pair.first, pair.second) if pair else ()
    return next((steps[step] for step in asked if step in steps), next(iter(others), None))


def two_steps(run: Run, row: Row, forest: Forest, partner: Row | None) -> None:
    """The same prompt at two training steps, and where they part."""
    st.markdown("##### The same prompt at two steps")
    if partner is None:
        st.caption("This prompt was asked at one training step only, so there is nothing to compare it with.")
        return
    try:
        other = drawn(forest_of(run, partner))
    except TreecoreError as error:
        st.error(verbatim(error), icon=":material/error:")
        return
    pairs = sorted([(partner, other), (row, forest)], key=lambda pair: int(pair[0].columns["training_step"]))
    cards.two_steps([cards.card(at, trees, here=at is row) for at, trees in pairs], key="two_steps")
    steps = [int(at.columns["training_step"]) for at, _ in pairs]
    st.caption(ours(parted(divergence(pairs[0][1], pairs[1][1]), *steps)))


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
    try:
        opened = open_rows(run, places)
    except TreecoreError as error:
        state.put({"notice": f"{error}."})
        return
    if opened:
        state.put({"view": "explore", "forest": opened - 1, "turned": opened - 1})


def compare(run: Run, places: list[str]) -> None:
    """The same as two tables side by side. Only from callbacks."""
    open_in_explore(run, places)
    if state.get("view") == "explore":
        state.put({"view": "compare", "compare:show": "forests"})


def open_all(run: Run, filters: Filters, view: str) -> None:
    """Begin to open all forests that pass the filters, in a view of what is open. Only from callbacks."""
    begin_all(run, filters)
    state.put({"view": view})


def begin_all(run: Run, filters: Filters) -> None:
    """Begin to open all forests that pass the filters, in the order of the table."""
    filters = replace(filters, page=0, pair=None)
    state.open_made(lambda tell: passing_forests(run, filters, tell), run.name)


def passing_forests(run: Run, filters: Filters, tell: Tell) -> Opened:
    """All forests that pass the filters, read. Touches no session.

    Raises:
        FormatError: a file has changed since it was read, or nothing passes.
    """
    places = passing(run.index, filters, most=MAX_TOGETHER)
    if not places:
        raise FormatError("no forest passes these filters", where=run.name, todo="take one away")
    forests = open_forests(run.path, run.index, places, tell)
    origin = f"library:{run.key}:?{urlencode(filters.said)}"
    return state.opened_forests(forests, run.name, origin=origin)


def open_rows(run: Run, places: list[str]) -> int:
    """Open forests of rows, and how many there are.

    Raises:
        FormatError: a file has changed since it was read.
    """
    rows = [row for place in places[:MAX_ROWS] if (row := row_of(run, place)) is not None]
    forests = [forest_of(run, row) for row in rows]
    if forests:
        origin = ":".join(["library", run.key, "|".join(place_in_words(row) for row in rows)])
        state.open_forests(forests, cut(question(forests[0].prompt) or forests[0].id, PROMPT), origin=origin)
    return len(forests)
