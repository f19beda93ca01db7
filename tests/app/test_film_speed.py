"""How fast the film plays."""

from __future__ import annotations

import pytest

from app.view_registry import VIEWS
from app.views import step_through


@pytest.mark.parametrize(("text", "seconds"), [("0.5x", 3.2), ("", 1.6), ("2x", 0.8)])
def test_the_timer_follows_the_speed(monkeypatch: pytest.MonkeyPatch, text: str, seconds: float) -> None:
    speed = next(one for one in VIEWS.find("step_through").fields if one.name == "speed")
    monkeypatch.setattr(step_through.state, "field", lambda _: speed.read(text))
    monkeypatch.setattr(step_through.state, "get", {"playing": True}.get)
    assert step_through.timer() == pytest.approx(seconds)
    monkeypatch.setattr(step_through.state, "get", {"playing": False}.get)
    assert step_through.timer() is None


def test_there_are_no_other_speeds() -> None:
    speed = next(one for one in VIEWS.find("step_through").fields if one.name == "speed")
    assert speed.checked("9x") == speed.default
    with pytest.raises(ValueError, match="no speed called"):
        speed.read("0x")
