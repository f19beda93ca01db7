"""One forest of a library beside the list: its trees, and the same prompt at two training steps."""

from __future__ import annotations

import streamlit as st

import treecore as tc
from app import stage, state
from app.browse import two_steps as cards
from app.controls.view_button import view_button
from app.library.folders import Run
from app.library.rows import compare, looked_at, name_of, open_in_explore, place_in_words, row_of
from app.opening.opened import Opened
from app.opening.progress import LOOK_EVERY, how_far
from app.state.side_job import SideJob
from app.verbatim import ours, verbatim
from treecore.bidi import visible
from treecore.core.forest import Forest
from treecore.core.numerals import counted, whole
from treecore.core.step_text import split_step
from treecore.errors import TreecoreError
from treecore.library.overview import Pair, Row, same_prompt
from treecore.library.pair import Divergence, divergence
from treecore.methods import get_method
from treecore.methods.registry import Credit
from treecore.views.labels import cut
from treecore.views.scene.scene import Stage

HEIGHT = 340
"""Pixels of the trees."""
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
    heading(row)
    others = [
        other for other in same_prompt(run.index, row) if other.columns["training_step"] != row.columns["training_step"]
    ]
    partner = partner_of(others, pair)
    found = read_beside(state.LOOKING, run, row)
    if found is not None:
        drawn(found, search)
    buttons(run, place, partner)
    if found is not None and row.columns["training_step"] is not None:
        two_steps(run, row, found.forests[0], partner)


def heading(row: Row) -> None:
    """Which row it is, as far as the index knows."""
    columns = row.columns
    step = "" if columns["training_step"] is None else f"step {whole(columns['training_step'])} · "
    name = columns["id"] if columns["id"].startswith(step) else f"{step}{columns['id']}"
    st.caption(verbatim(f"{name} · {columns['place'] or columns['file']}"))
    with st.container(key="library_prompt"):
        st.text(visible(cut(name_of(row), PROMPT)))
    if columns["reference"]:
        st.caption(verbatim(f"expected: {columns['reference']}"))


def read_beside(job: SideJob, run: Run, row: Row) -> Opened | None:
    """The forest of a row; where it is not there, how far it is, or why there is none."""
    asked = looked_at(job, run, row)
    if asked.job is not None:
        st.fragment(watch, run_every=LOOK_EVERY)(job)
    elif asked.error:
        st.error(verbatim(asked.error), icon=":material/error:")
    elif asked.result is None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption("Reading it was broken off.", width="content")
            st.button("Read it", key=f"read_{job.name}", type="tertiary", on_click=job.drop)
    return asked.result


def watch(job: SideJob) -> None:
    """How far a forest is, and the button to break it off; when it is over, the page is drawn anew."""
    going = job.going()
    if going is None or going.over:
        st.rerun()
    how_far(going, key=job.name, on_cancel=job.cancel)


def drawn(found: Opened, search: str) -> None:
    """The trees with their credit, the steps that hold what is searched circled."""
    forest = found.forests[0]
    credit, why = credit_of(found)
    hits = steps_with(forest, search)
    stage.trees(forest, credit, key="library", height=HEIGHT, linked=False, stage=Stage(marked=hits))
    if search:
        st.caption(verbatim(f"○ “{search}” in {counted(len(hits), 'step')}"))
    st.caption(ours(get_method(state.get("method")).title) if credit else verbatim(why))


def buttons(run: Run, place: str, partner: Row | None) -> None:
    """The ways into other views."""
    with st.container(horizontal=True, gap="small"):
        view_button("Open in Explore \u21b5", open_in_explore, run, [place], key="open_row")
        if partner is not None:
            both = [place_in_words(partner), place]
            view_button("Both steps in Compare", compare, run, both, key="open_both", type="secondary")


def steps_with(forest: Forest, search: str) -> list[int]:
    """Rows of steps in which words stand, whatever their case, in what was said or in what was answered."""
    wanted = search.lower()
    texts = zip(forest.text, forest.observation, strict=True)
    return [row for row, both in enumerate(texts) if wanted and any(wanted in text.lower() for text in both)]


def credit_of(found: Opened) -> tuple[Credit | None, str]:
    """Its credit by the chosen method, or why there is none."""
    method = state.get("method")
    settings = state.settings(method)
    key = ("library", method, *settings.items())
    try:
        return found.kept.get(key, lambda: tc.credit(found.forests, method, **settings).of(0)), ""
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
    found = read_beside(state.PARTNER, run, partner)
    if found is None:
        return
    other = found.forests[0]
    pairs = sorted([(partner, other), (row, forest)], key=lambda pair: int(pair[0].columns["training_step"]))
    cards.two_steps([cards.card(at, trees, here=at is row) for at, trees in pairs], key="two_steps")
    steps = [int(at.columns["training_step"]) for at, _ in pairs]
    st.caption(ours(parted(divergence(pairs[0][1], pairs[1][1]), *steps)))


def words(text: str) -> str:
    """A step in a sentence."""
    return cut(split_step(text).label or text, ANSWER)


def parted(found: Divergence, first: int, second: int) -> str:
    """Where two forests part, as a sentence."""
    if not found.step:
        return "Both hold the same steps."
    said = [
        f"only at {step}: " + ", ".join(f"{verbatim(words(text))} ({times})" for text, times in steps[:2])
        for step, steps in ((first, found.first), (second, found.second))
        if steps
    ]
    return f"They first differ at step {found.step} of the trajectory; {'; '.join(said)}."
