"""What of a canvas goes over the wire: every part once a session, then stamps; and what browsers may send back."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest
from forests import any_forest, random_forest
from hypothesis import given, settings

from app.canvas import component_script, make_scene, payload
from app.signals import Choice, Press, choice_in, press_in
from treecore.core.forest import Forest
from treecore.methods import compute

NAN = float("nan")
FOREST = Forest(np.array([-1, 0, 0]), text=["", "a", "b"], reward=np.array([NAN, 1.0, 0.0]))


def read(message: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Head of a message and its bodies by stamp, as the browser takes them apart."""
    line, _, rest = message.partition(b"\n")
    head, bodies = orjson.loads(line), {}
    for stamp, length in head["sent"]:
        bodies[stamp], rest = rest[:length], rest[length:]
    assert rest == b""
    return head, bodies


def test_everything_comes_once_and_then_only_its_stamps() -> None:
    held: set[str] = set()
    scene = make_scene(FOREST, None)
    head, bodies = read(payload(scene, key="k", held=held, height=300))
    assert set(bodies) == {head[name] for name in ("script", "style", "forest", "look")} == held
    assert bodies[head["script"]] == component_script().encode()
    again, none = read(payload(make_scene(FOREST, None), key="k", held=held, height=300))
    assert none == {}
    assert {**again, "sent": 0} == {**head, "sent": 0}


def test_other_colours_send_a_look_and_no_forest() -> None:
    held: set[str] = set()
    first, _ = read(payload(make_scene(FOREST, None), key="k", held=held, height=300))
    head, bodies = read(payload(make_scene(FOREST, None, colour="value"), key="k", held=held, height=300))
    assert list(bodies) == [head["look"]]
    assert head["forest"] == first["forest"]


def test_a_browser_that_lacks_parts_gets_them_again() -> None:
    held: set[str] = set()
    _, first = read(payload(make_scene(FOREST, None), key="k", held=held, height=300))
    held.clear()
    _, again = read(payload(make_scene(FOREST, None), key="k", held=held, height=300))
    assert again == first


@pytest.mark.parametrize("n", [100, 10_000])
def test_a_message_without_news_does_not_grow_with_the_forest(rng: np.random.Generator, n: int) -> None:
    large = random_forest(rng, n)
    scene = make_scene(large, compute(large, "grpo"))
    held: set[str] = set()
    payload(scene, key="k", held=held, height=300)
    assert len(payload(scene, key="k", held=held, height=300)) < 400


@given(any_forest())
@settings(max_examples=40)
def test_any_forest_gives_strict_json(any_: Forest) -> None:
    for colour in ("credit", "granularity", "both", "value", "entropy"):
        scene = make_scene(any_, None, colour=colour, axis="tokens")
        for part in (scene.forest, scene.look):
            assert isinstance(orjson.loads(part.body), dict)


def test_lone_surrogates_do_not_break_the_wire() -> None:
    scene = make_scene(Forest(np.array([-1, 0, 0]), text=["", "\ud800", ""], reward=np.full(3, NAN)), None)
    assert payload(scene, key="k", held=set(), height=1)


def test_long_ids_are_sent_whole() -> None:
    names = ["a" * 300, "a" * 299 + "b", "a" * 299 + "c"]
    scene = make_scene(Forest(np.array([-1, 0, 0]), node_id=names, reward=np.full(3, NAN)), None)
    assert scene["id"] == names


def test_scripts_are_one_module_that_never_parses_markup() -> None:
    script = component_script()
    assert script.count("export default") == 1
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("):
        assert forbidden not in script


FORGED = [None, 3, "x", [], {}, {"number": "1"}, {"number": True}, {"number": None, "id": "a"}, {"number": 2**53}]


@pytest.mark.parametrize("value", [*FORGED, {"number": 1, "id": 2}, {"number": 1, "id": ["a"]}])
def test_a_forged_choice_is_ignored(value: Any) -> None:
    assert choice_in({"chosen": value}) is None
    assert choice_in(None) is None


@pytest.mark.parametrize("value", [*FORGED, {"number": 1, "frame": 9}, {"number": 1, "frame": -1}])
def test_a_forged_press_is_ignored(value: Any) -> None:
    assert press_in({"pressed": value}, 8) is None
    assert press_in(None, 8) is None


def test_choices_and_presses_are_read() -> None:
    assert choice_in({"chosen": {"number": 4, "id": "a"}}) == Choice(4, "a", None, None, None)
    assert choice_in({"chosen": {"number": 4, "id": None}}) == Choice(4, None, None, None, None)
    assert press_in({"pressed": {"number": 4, "frame": 8}}, 8) == Press(4, 8)
    assert press_in({"pressed": {"number": 4}}, 8) == Press(4, None)
