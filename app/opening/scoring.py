"""Where answers have no outcome: the offer to score them, by which verifier, and the work beside the page."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import redraw, state
from app.opening.scored import CHOICES, proposed, scored, unscored
from app.serving import permissions
from app.verbatim import ours
from treecore.core.numerals import counted
from treecore.tasks.verifiers import VERIFIERS

OFFER = "Score the answers"
ASKED, BY, FOR = "scoring", "scoring_by", "scoring_for"
"""Where the session holds whether the form is open, the verifier, and the method that is to be in force then."""


def is_offered() -> bool:
    """Whether something open has answers that could be scored."""
    return unscored(state.as_given()) > 0


def offer(place: str) -> None:
    """A button that opens the form, where there is something to score and it is not open.

    Args:
        place: where it is drawn, for its key.
    """
    if is_offered() and not state.get_or(ASKED, False):
        st.button(OFFER, key=f"score:{place}", icon=":material/rule:", on_click=redraw.after(ask))


def ask(method: str = "") -> None:
    """Open the form.

    Args:
        method: that is to be in force once there are outcomes, "" for the one that suits.
    """
    state.put({ASKED: True, FOR: method})


def close() -> None:
    """Close the form."""
    state.put({ASKED: False})


def form() -> None:
    """Drawn once it was asked for, until the answers are scored or somebody leaves it."""
    if not state.get_or(ASKED, False) or not is_offered() or state.opening() is not None:
        return
    given = state.as_given()
    state.prime(BY, proposed(given))
    with st.container(border=True, key="scoring_form", horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            ours(f"How {counted(unscored(given), 'answer is', 'answers are')} compared with the reference"),
            CHOICES,
            key=BY,
            format_func=lambda name: f"{name}: {ours(VERIFIERS[name].title)}",
            help="An answer that is right gets the outcome 1, another 0. The file stays as it is.",
        )
        st.button("Score", type="primary", key="scoring_begin", on_click=redraw.after(begin))
        st.button("Cancel", key="scoring_close", on_click=redraw.after(close))


def begin() -> None:
    """Score what is open in a thread of its own; it opens in place once it is there, at the same prompt and step."""
    given, verifier = state.as_given(), state.get_or(BY, "")
    if verifier not in CHOICES or not is_offered():
        return
    limits = permissions.limits()
    then = {name: state.get_or(name, "") for name in ("node", "forest", "turned")} | {ASKED: False}
    if method := state.get_or(FOR, ""):
        then["method"] = method
    seconds = None if limits is None else limits.seconds
    state.open_made(partial(scored, given, verifier, seconds), given.title, then, verb="Scoring")
