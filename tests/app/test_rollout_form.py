"""What the Rollout form offers, and what it keeps from visitors of a shared server."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from treecore.samplers import SAMPLERS
from treecore.tasks import MORE_TASKS, TASKS

MAIN = str(Path(__file__).parents[2] / "app" / "main.py")


def form() -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=60)
    test.query_params["view"] = "rollout"
    return test.run()


@pytest.fixture
def address() -> object:
    before = st.get_option("server.address")
    yield lambda value: st.config.set_option("server.address", value)
    st.config.set_option("server.address", before)


@pytest.mark.parametrize("sampler", list(SAMPLERS))
def test_every_sampler_has_its_widgets(sampler: str) -> None:
    test = form()
    test.session_state["roll:sampler"] = sampler
    test.run()
    assert not test.exception
    keys = {
        widget.key for group in (test.number_input, test.selectbox, test.toggle, test.text_input) for widget in group
    }
    assert {f"set:{sampler}:{param.name}" for param in SAMPLERS[sampler].params} <= keys


@pytest.mark.parametrize("task", [*TASKS, *MORE_TASKS])
def test_every_task_can_be_chosen_and_takes_no_paths_or_code(task: str, address: object) -> None:
    address("localhost")  # type: ignore[operator]
    test = form()
    test.session_state["roll:task"] = task
    test.run()
    assert not test.exception
    assert not [field for field in test.text_input if str(field.key).startswith(f"set:{task}:")]


def test_a_shared_server_loads_only_the_bundled_model(address: object) -> None:
    address("0.0.0.0")  # type: ignore[operator]
    test = form()
    assert not test.exception
    assert "loads nothing else" in "\n".join(block.value for block in test.caption)
    assert len(test.selectbox(key="roll:task").options) == len(TASKS)
