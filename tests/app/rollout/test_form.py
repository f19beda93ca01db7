"""What the Rollout form offers, and what it keeps from visitors of a shared server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.rollout import monitor, visitor_jobs, worker
from app.rollout.job_queue import Job
from app.rollout.request import Model, Request
from treecore.samplers import SAMPLERS
from treecore.tasks import MORE_TASKS, TASKS

MAIN = str(Path(__file__).parents[3] / "app" / "main.py")


def form() -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=60)
    test.query_params["view"] = "rollout"
    return test.run()


@pytest.fixture
def address() -> object:
    before = st.get_option("server.address")
    yield lambda value: st.config.set_option("server.address", value)
    st.config.set_option("server.address", before)


def texts(test: AppTest) -> set[str]:
    return {str(widget.key) for widget in test.text_input}


def test_a_shared_server_takes_no_code_and_no_model_for_a_critic(address: object) -> None:
    address("0.0.0.0")  # type: ignore[operator]
    test = form()
    test.session_state["roll:sampler"] = "mcts"
    test.session_state["set:mcts:outcome"] = "os:getcwd"
    test.run()
    assert not any(key.startswith("set:mcts:") for key in texts(test))
    settings = begun(test).settings
    assert not settings.keys() & SAMPLERS["mcts"].private
    assert settings["simulations"] == 16


@pytest.mark.parametrize("sampler", list(SAMPLERS))
def test_every_sampler_has_its_widgets(sampler: str, address: object) -> None:
    address("localhost")  # type: ignore[operator]
    test = form()
    test.session_state["roll:sampler"] = sampler
    test.run()
    assert not test.exception
    keys = {
        widget.key for group in (test.number_input, test.selectbox, test.toggle, test.text_input) for widget in group
    }
    values = SAMPLERS[sampler].parse({})
    for param in SAMPLERS[sampler].params:
        assert (f"set:{sampler}:{param.name}" in keys) == param.counts(values)


@pytest.mark.parametrize("task", [*TASKS, *MORE_TASKS])
def test_every_task_can_be_chosen_and_takes_no_paths_or_code(task: str, address: object) -> None:
    address("localhost")  # type: ignore[operator]
    test = form()
    test.session_state["roll:task"] = task
    test.run()
    assert not test.exception
    assert not [field for field in test.text_input if str(field.key).startswith(f"set:{task}:")]


def test_how_a_local_model_is_loaded_can_be_chosen(address: object) -> None:
    address("localhost")  # type: ignore[operator]
    test = form()
    test.text_input(key="roll:device").set_value("cpu")
    test.selectbox(key="roll:dtype").set_value("float32")
    test.number_input(key="roll:batch_tokens").set_value(4096)
    asked = begun(test)
    assert asked.model == Model("tiny", device="cpu", dtype="float32", batch_tokens=4096)
    test.session_state["roll:kind"] = "server"
    test.run()
    assert "roll:device" not in texts(test)


@pytest.mark.parametrize("widths", ["abc", "", "6,,6", "0", "100,100,100"])
def test_a_wrong_setting_is_told_and_nothing_can_be_grown(widths: str, address: object) -> None:
    address("localhost")  # type: ignore[operator]
    test = form()
    test.session_state["roll:sampler"] = "fixed_width"
    test.session_state["set:fixed_width:widths"] = widths
    test.run()
    assert not test.exception
    assert "widths" in test.error[0].value
    assert button(test, "Grow trees").disabled
    test.session_state["set:fixed_width:widths"] = "3,2"
    test.run()
    assert not test.error
    assert not button(test, "Grow trees").disabled
    assert "Trajectories a prompt: at most 6" in [caption.value for caption in test.caption]


def button(test: AppTest, label: str) -> Any:
    """The button with this label."""
    return next(one for one in test.button if one.label == label)


def begun(test: AppTest) -> Request:
    """What the form asks for when its button is pressed; nothing is sampled."""
    taken: list[Request] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(visitor_jobs, "submit", lambda request: taken.append(request))
        button(test, "Grow trees").click().run()
    assert not test.exception
    return taken[0]


LESS = {"set:fixed_width:widths": "3,2", "set:mcts:simulations": 3, "set:mcts:min_terminals": 0, "set:mcts:rollouts": 1}


@pytest.mark.parametrize("sampler", list(SAMPLERS))
@pytest.mark.parametrize("task", [*TASKS, *MORE_TASKS])
def test_what_the_form_asks_for_can_be_sampled(task: str, sampler: str, address: object) -> None:
    address("localhost")  # type: ignore[operator]
    test = form()
    test.session_state["roll:task"], test.session_state["roll:sampler"] = task, sampler
    for name, value in LESS.items():
        test.session_state[name] = value
    request = begun(test.run())
    job = Job(run=lambda job: None, title=task)
    (forest,) = worker.run(job, request)
    assert (forest.task, forest.sampler["name"]) == (task, sampler)
    assert job.progress.done == job.progress.total > 0
    assert job.seconds_left() == 0.0


def test_what_the_model_nearly_said_is_recorded_on_request(address: object) -> None:
    address("localhost")  # type: ignore[operator]
    test = form()
    for name, value in (("roll:sampler", "chains"), ("set:chains:m", 1), ("roll:top_tokens", 3)):
        test.session_state[name] = value
    (forest,) = worker.run(Job(run=lambda job: None, title="top tokens"), begun(test.run()))
    assert forest.tokens is not None
    likeliest = [row for row in forest.tokens.top or () if row]
    assert likeliest
    assert {len(row) for row in likeliest} == {3}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "a few seconds"),
        (4.9, "a few seconds"),
        (5.1, "about 10 s"),
        (20.0, "about 20 s"),
        (58.0, "about 60 s"),
        (61.0, "about 2 min"),
        (3600.0, "about 60 min"),
        (7201.0, "about 3 h"),
    ],
)
def test_durations_in_words(seconds: float, said: str) -> None:
    assert monitor.duration(seconds) == said


def test_a_shared_server_loads_only_the_bundled_model(address: object) -> None:
    address("0.0.0.0")  # type: ignore[operator]
    test = form()
    assert not test.exception
    assert "loads nothing else" in "\n".join(block.value for block in test.caption)
    assert len(test.selectbox(key="roll:task").options) == len(TASKS)
    assert "roll:device" not in texts(test)


@pytest.mark.parametrize(("field", "value"), [("temperature", 99.0), ("prompts", 0), ("seed", -1), ("top_tokens", 21)])
def test_a_number_that_is_not_allowed_is_said_and_nothing_can_be_grown(field: str, value: float) -> None:
    test = AppTest.from_file(MAIN, default_timeout=60)
    test.query_params["view"] = "rollout"
    test.run()
    test.number_input(key=f"roll:{field}").set_value(value).run()
    assert not test.exception
    assert [f"{field}=" in error.value for error in test.error] == [True]
    grow = next(button for button in test.button if button.label == "Grow trees")
    assert grow.disabled
