"""What is computed from what is shown: credit by the chosen method, its interval, the film, findings."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.defaults import RESAMPLES
from app.opening.opened import Opened
from app.state.changes import credit_with, recorded_credit
from app.state.current import forest_number, opened, recorded
from app.state.session import get, settings
from treecore.analysis.best_flip import Offer, best_flip
from treecore.analysis.frames import Frame
from treecore.analysis.lint import lint
from treecore.analysis.naming import TITLES
from treecore.analysis.stages import frames
from treecore.methods.bootstrap import Interval, bootstrap
from treecore.methods.registry import Credit
from treecore.views.scene.film import Lane, lane_of


def findings() -> list[str]:
    """What is valid but suspicious in what is open, one sentence each."""
    batch = opened().forests
    found: list[str] = opened().kept.get("findings", lambda: [finding.in_words for finding in lint(batch, TITLES)])
    return found


def batch_credit() -> Credit:
    """Credit of the whole batch by the chosen method.

    Raises:
        MethodError: the method cannot run on this data; says what is lacking.
    """
    return credit_by(get("method"), opened())


def credit_by(method: str, of: Opened) -> Credit:
    """Credit of a whole batch by a method, with its parameters as the widgets have them.

    Raises:
        MethodError: the method cannot run on this data; says what is lacking.
    """
    return credit_with(of, method, settings(method))


def credit() -> Credit:
    """Credit of the shown forest, the same object as long as it does not change.

    Raises:
        MethodError: the method cannot run on this data; says what is lacking.
    """
    session, whole, number = st.session_state, batch_credit(), forest_number()
    kept = session.get("credit")
    if kept is None or kept[0] is not whole or kept[1] != number:
        session.credit = kept = (whole, number, whole.of(number))
    own: Credit = kept[2]
    return own


def credit_before() -> Credit:
    """Credit of the shown forest as it was recorded, by the chosen method as it is by default.

    Raises:
        MethodError: the method cannot run on it.
    """
    return recorded_credit(recorded(), forest_number())


def offer() -> Offer | None:
    """The flip that would move the credit of the shown forest most, with the settings that are chosen.

    Raises:
        MethodError: the method cannot run on this data.
    """
    method, number = get("method"), forest_number()
    found: Offer | None = opened().kept.get(
        ("offer", *shown_credit()), lambda: best_flip(opened().forests, number, method, settings(method))
    )
    return found


def interval(tell: Callable[[int], None]) -> Interval:
    """How far the shown forest's credits depend on the draw of leaves; `tell` hears how many resamples are done.

    Raises:
        MethodError: more numbers than fit.
    """
    session, method = st.session_state, get("method")
    asked = (opened().key, method, tuple(settings(method).items()))
    if session.get("interval", (None,))[0] != asked:
        found = bootstrap(opened().forests, method, n=RESAMPLES, settings=dict(asked[2]), on_progress=tell)
        session.interval = (asked, found)
    whole: Interval = session.interval[1]
    low, high = opened().forests.offset[forest_number() : forest_number() + 2]
    return Interval(*(column[low:high] for column in whole))


def film() -> list[Frame]:
    """The frames of Step through for the shown forest and the chosen method."""
    found: list[Frame] = opened().kept.get(("film", *shown_credit()), lambda: frames(credit()))
    return found


def film_lane() -> Lane:
    """Room that words leave free in every frame of the film."""
    found: Lane = opened().kept.get(("lane", *shown_credit()), lambda: lane_of(film()))
    return found


def shown_credit() -> tuple[object, ...]:
    """What the credit of the shown forest depends on."""
    method = get("method")
    return forest_number(), method, tuple(settings(method).items())
