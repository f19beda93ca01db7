"""Lessons: the course, its units, and what teachers need."""

from __future__ import annotations

import streamlit as st

from app import state
from app.browse import asked_in
from app.lessons import lessons
from app.lessons.desk import PAGES
from app.lessons.pages import STAGES, Asked, course_page, unit_page
from app.view_fields import Field
from app.view_keys import KeyGroup
from app.view_registry import view
from treecore.lessons.unit import units

NAME = "lessons"
CHANNEL, HEARD, ANSWER = "lessons_channel", "lessons_heard", "lessons_answer"
KEYS = (
    KeyGroup("The course", (("1 – 9", "open a unit"), ("← →", "choose a unit"), ("Enter", "go on"), ("P", "present"))),
    KeyGroup(
        "A unit",
        (("1 – 9", "mark a step"), ("← →", "move the bet"), ("Enter", "commit"), ("N", "go on"), ("P", "present")),
    ),
)
HUNDRED = 100
"""The address holds a bet in hundredths."""
FIELDS: tuple[Field, ...] = (
    Field("unit", "", allowed=units),
    Field("page", "", allowed=lambda: PAGES),
    Field("stage", STAGES[0], allowed=lambda: STAGES),
    Field("mark", 0, there=lambda number: is_digit(int(number))),
    Field("bet", 0, there=lambda share: is_bet(int(share))),
    Field("present", False),
)


@view(title="Lessons", fields=FIELDS, keys=KEYS, presents_itself=True)
def render() -> None:
    """The course, the unit or the page that the address names; hears what is chosen in it."""
    unit = units().get(str(state.field("lessons:unit")))
    if unit is None and (shown := PAGES.get(str(state.field("lessons:page")))) is not None:
        st.button("All units", icon=":material/arrow_back:", key="lessons_back", on_click=back)
        shown()
        return
    page = course_page(present=value("present")) if unit is None else unit_page(unit, asked())
    lessons(page, heard=int(state.get_or(HEARD, 0)), key=CHANNEL, on_ask=take)


def value(name: str) -> bool:
    """A field that is yes or no."""
    return bool(state.field(f"{NAME}:{name}"))


def is_digit(mark: int) -> bool:
    """Whether the unit in hand has a step to be marked so."""
    unit = units().get(str(state.field("lessons:unit")))
    return unit is not None and 0 < mark <= len(unit.bet.steps)


def is_bet(share: int) -> bool:
    """Whether the unit in hand can be bet on so."""
    unit = units().get(str(state.field("lessons:unit")))
    return unit is not None and HUNDRED * unit.bet.low <= share <= HUNDRED


def asked() -> Asked:
    """Where in the unit the learner is."""
    return Asked(
        stage=str(state.field("lessons:stage")),
        mark=int(state.field("lessons:mark")),
        number=int(state.field("lessons:bet")) / HUNDRED,
        present=value("present"),
        answer=str(state.get_or(ANSWER, "")),
    )


def back() -> None:
    """From a page to the course."""
    state.put_fields(NAME, {})


def take() -> None:
    """Take over what was chosen: a unit, a bet, the next stage, an answer."""
    heard = asked_in(state.get(CHANNEL))
    if heard is None:
        return
    found = {field.name: state.field(f"{NAME}:{field.name}") for field in FIELDS}
    for field in FIELDS:
        if field.name in heard.said:
            try:
                found[field.name] = field.read(heard.said[field.name])
            except ValueError:
                return
    moved = any(found[name] != state.field(f"{NAME}:{name}") for name in ("unit", "stage"))
    state.put({HEARD: heard.number, ANSWER: "" if moved else heard.said.get("answer", state.get_or(ANSWER, ""))})
    state.put_fields(NAME, found)
