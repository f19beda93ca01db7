"""The frame around every view: style, header, navigation, and the title of what is open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import streamlit as st

from app import redraw, state
from app.controls.export_menu import export_menu
from app.glossary import glossary_words
from app.key_sheet import key_sheet
from app.links import copy_link
from app.opening import scoring
from app.opening.background import Opening
from app.opening.progress import LOOK_EVERY, how_far
from app.resident import residents
from app.verbatim import ours, verbatim
from app.view_keys import EVERYWHERE
from app.view_registry import VIEWS
from treecore.bidi import visible
from treecore.core.edit import changes_of
from treecore.core.forest import Forest
from treecore.core.numerals import counted, whole
from treecore.core.outcomes import is_right
from treecore.errors import TreecoreError
from treecore.methods.registry import lacking
from treecore.samplers import SAMPLERS
from treecore.views.labels import cut, question
from treecore.views.sources import colours

FEW = 6
LINES, LONG, FOLDED = 2, 240, 260
"""Lines and characters of a prompt that are always in sight, and the height in pixels of the rest."""
STYLE = colours(".stApp") + (Path(__file__).parent / "style.css").read_text()
PRESENTING = (Path(__file__).parent / "presenting.css").read_text()


def header() -> None:
    """Style sheet, name and navigation."""
    name, presents = drawn = redraw.header_for()
    state.put({redraw.HEADER: drawn})
    shown = VIEWS.find(name)
    st.html(f"<style>{STYLE}{PRESENTING if presents else ''}</style>")
    with st.container(key="residents"):
        residents(key="resident_scripts")
    with st.container(key="header", horizontal=True, vertical_alignment="center", gap="large"):
        with st.container(key="key_sheet", width="content"):
            key_sheet(shown.title, (*shown.keys, EVERYWHERE), key="keys")
        with st.container(key="glossary", width="content"):
            glossary_words(key="words")
        st.markdown("**treecore**", width="content")
        st.segmented_control(
            "View",
            list(VIEWS),
            format_func=lambda name: ours(known.title) if (known := VIEWS.get(name)) else "",
            key="view",
            label_visibility="collapsed",
            required=True,
            width="content",
        )
        with st.container(key="copy_link", width="content"):
            copy_link(key="link")
        if not shown.presents_itself:
            with st.container(key="presenting", width="content"):
                st.button(
                    "Leave" if presents else "Present",
                    key="leave" if presents else "present",
                    type="tertiary",
                    icon=":material/close_fullscreen:" if presents else ":material/present_to_all:",
                    on_click=state.put,
                    args=({"projector": not presents},),
                    help="Back to the page (Esc)" if presents else "Large words alone, for a projector (P)",
                )


def notice() -> None:
    """Once, that a link or a file named something unknown."""
    if text := state.notice():
        st.warning(verbatim(text), icon=":material/link_off:")


def under_way() -> tuple[Opening, Callable[[], None]] | None:
    """What is being read, merged or made for the page, and what breaks it off."""
    jobs = (
        (state.opening(), state.cancel_opening),
        (state.merging(), state.cancel_merging),
        (state.exporting(), state.cancel_exporting),
    )
    return next(((job, cancel) for job, cancel in jobs if job is not None), None)


def progress() -> None:
    """How far that is, where there is anything."""
    if under_way() is not None:
        watch()


@st.fragment(run_every=LOOK_EVERY)
def watch() -> None:
    """How far it is, and the button to break it off; when it is over, the page is drawn anew."""
    found = under_way()
    if found is None or found[0].over:
        st.rerun()
    how_far(found[0], key="opening", on_cancel=found[1])


def title(filters: Callable[[], None] | None = None) -> None:
    """What is open: the question, the way to other prompts and out, and one line about where it comes from.

    Args:
        filters: draws the menu of filters, where a view has them.
    """
    forest, count = state.forest(), len(state.opened().forests)
    with st.container(key="title", gap=None):
        with st.container(key="asked_opened", horizontal=True, vertical_alignment="center", gap="small"):
            prompt(forest.prompt or state.opened().title)
            if count > 1:
                turn(state.forest_number(), count=count, key="opened", on_turn=redraw.after(state.turn_to))
            if filters is not None:
                filters()
            export_menu()
        note = " · what you see below is changed" if changes_of(forest) else ""
        st.caption(verbatim(provenance(forest) + note))
        bias(forest)


def prompt(text: str) -> None:
    """The question; a long one is folded."""
    lines, asked = text.strip().splitlines(), question(text).strip().splitlines()
    head = cut("\n".join(asked[:LINES]), LONG)
    with st.container(key="prompt", gap=None):
        st.text(visible(head), width="stretch")
        if head != "\n".join(lines):
            with st.expander("The whole prompt"), st.container(height=FOLDED, border=False, key="whole_prompt"):
                st.text(visible(text))


def turn(number: int, *, count: int, key: str, on_turn: Callable[[int], None], disabled: bool = False) -> None:
    """Which of several prompts is shown, and the way to its neighbours.

    Args:
        number: from 0.
        on_turn: takes the number that is to be shown.
    """
    st.caption(f"prompt {whole(number + 1)} of {whole(count)}", width="content")
    ways: tuple[tuple[str, Literal["left", "right"], int], ...]
    ways = ("Previous prompt", "left", number - 1), ("Next prompt", "right", number + 1)
    for label, side, to in ways:
        st.button(
            ours(label),
            icon=f":material/chevron_{side}:",
            icon_position=side,
            key=f"turn:{key}:{side}",
            type="tertiary",
            on_click=on_turn,
            args=(to,),
            disabled=disabled or not 0 <= to < count,
        )


def cannot(error: TreecoreError) -> None:
    """Why there is no credit, and what to do."""
    todo = "" if error.todo else " Choose another method, or open data that has it."
    st.info(verbatim(f"{error}.{todo}"), icon=":material/info:")
    if lacking("reward", state.opened().forests):
        scoring.offer("cannot")


def bias(forest: Forest) -> None:
    """Why the sampler's choice of branches biases means over subtrees, where it does."""
    if said := str(forest.sampler.get("bias") or ""):
        st.caption(f":material/info: Biased: {verbatim(said)}.")


def provenance(forest: Forest, *, seed: bool = False) -> str:
    """`multihop · tiny · random expansion m=2 n=2 l=1 · 7 trajectories, 2 right · expected: cairo`.

    Args:
        seed: tell seed and temperature too.
    """
    sampler = " ".join([str(forest.sampler.get("name", "")).replace("_", " "), *sampler_numbers(forest)])
    scored = not np.isnan(forest.reward).all()
    right = f", {whole(int(is_right(forest).sum()))} right" if scored else ""
    unscored = int(np.isnan(forest.reward[forest.leaves]).sum())
    right += f", {whole(unscored)} without outcome" if scored and unscored else ""
    step = forest.provenance.get("training_step")
    parts = [
        forest.task,
        f"training step {whole(step)}" if isinstance(step, int) else "",
        str(forest.policy.get("model", "")),
        sampler.strip(),
        f"{counted(len(forest.leaves), 'trajectory', 'trajectories')}{right}",
        f"expected: {forest.reference}" if forest.reference else "",
        *(drawn_with(forest) if seed else ()),
    ]
    return " · ".join(part for part in parts if part)


def drawn_with(forest: Forest) -> list[str]:
    """Seed and temperature, as far as they are recorded."""
    found = (("seed", forest.sampler.get("seed")), ("temperature", forest.policy.get("temperature")))
    return [f"{name} {value}" for name, value in found if value is not None]


def sampler_numbers(forest: Forest) -> list[str]:
    """The sampler's parameters; of many, only those that are not as by default."""
    numbers = forest.sampler.get("parameters", {})
    known = SAMPLERS.get(str(forest.sampler.get("name", "")))
    if not isinstance(numbers, dict):
        return []
    usual = {param.name: param.default for param in known.params} if known and len(numbers) > FEW else {}
    return [f"{name}={value}" for name, value in numbers.items() if name not in usual or usual[name] != value]
