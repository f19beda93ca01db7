"""Fields of views: what they hold, how the address writes them, and what of it is not there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.defaults import DEFAULTS, SHARED
from app.view_fields import MAX_FIELD, PARAMETER, Field, FieldValue
from app.view_registry import VIEWS, declared_fields

NAMES = ("left", "right", "up")
TEXT = Field("text")
CHOICE = Field("choice", "left", allowed=lambda: NAMES)
SWITCH = Field("switch", False)
ON = Field("on", True)
NUMBER = Field("number", 3)
SEVERAL = Field("several", ("left",), allowed=lambda: NAMES)
ALL = (TEXT, CHOICE, SWITCH, ON, NUMBER, SEVERAL)
VALUES: dict[str, Any] = {
    "text": st.text(max_size=MAX_FIELD),
    "choice": st.sampled_from(NAMES),
    "switch": st.booleans(),
    "on": st.booleans(),
    "number": st.integers(-999_999_999, 999_999_999),
    "several": st.lists(st.sampled_from(NAMES), min_size=1).map(tuple),
}


@given(st.data(), st.sampled_from(ALL))
def test_what_is_written_is_read_again(data: st.DataObject, field: Field) -> None:
    value: FieldValue = data.draw(VALUES[field.name])
    written = field.written(value)
    assert (written == "") == (value == field.default)
    assert field.read(written) == value


@given(st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.lists(st.integers()), st.binary()))
def test_a_session_may_hold_anything(value: object) -> None:
    for field in ALL:
        found = field.checked(value)
        assert type(found) is type(field.default)
        assert field.read(field.written(value)) == found


@given(st.text(), st.sampled_from(ALL))
def test_an_address_may_say_anything(text: str, field: Field) -> None:
    try:
        found = field.read(text)
    except ValueError as error:
        assert f"no {field.name} called" in str(error)  # noqa: PT017
    else:
        assert field.checked(found) == found


@pytest.mark.parametrize(
    ("field", "text"),
    [(CHOICE, "down"), (SWITCH, "yes"), (NUMBER, "1.5"), (NUMBER, "٣"), (SEVERAL, "left,down"), (TEXT, "x" * 1001)],
)
def test_what_is_not_there_is_told(field: Field, text: str) -> None:
    with pytest.raises(ValueError, match=f"no {field.name} called “{text[:40]}”"):
        field.read(text)


def test_a_text_that_is_too_long_stays_out_of_the_address() -> None:
    assert TEXT.written("x" * (MAX_FIELD + 1)) == ""


def test_no_field_takes_a_name_of_the_address_itself() -> None:
    own = {
        "sample",
        "file",
        "view",
        "method",
        "node",
        "prompt",
        "merge",
        "frame",
        "run",
        "fold",
        *(one.name for one in SHARED),
    }
    for view in VIEWS.values():
        names = [field.name for field in view.fields]
        assert len(set(names)) == len(names)
        assert not own & set(names)
        assert not any(name.startswith(PARAMETER) for name in names)
    assert not declared_fields().keys() & DEFAULTS.keys()
