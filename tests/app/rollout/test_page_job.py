"""A job that a page waits for: it can be broken off, and what it ended with is taken up once."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    from typing import NamedTuple

    import streamlit as st

    from app import state
    from app.rollout.job_queue import Job, Phase
    from app.rollout.page_job import PageJob

    class Asked(NamedTuple):
        job: Job

    state.start(lambda _: False, lambda _: None)
    waiting: PageJob[Asked] = PageJob("waiting_for")
    if not st.session_state.get("begun"):
        st.session_state.begun = True
        st.session_state.waiting_for = Asked(Job(run=lambda job: None, title="x", begins="begins with x"))
    if st.session_state.get("ended"):
        waiting.asked().job.phase = Phase.DONE  # type: ignore[union-attr]
        st.text(f"over {waiting.over() is not None} {waiting.over() is not None} {waiting.asked()}")
    elif (now := waiting.asked()) is not None:
        waiting.watch(now, title="Doing: ", unit=("piece", "pieces"))
    else:
        st.text("nothing")


def test_it_is_watched_and_broken_off() -> None:
    test = AppTest.from_function(page, default_timeout=60).run()
    assert not test.exception
    (asked,) = test.session_state["waiting_for"]
    test.button(key="waiting_for_cancel").click().run()
    assert test.text[0].value == "nothing"
    assert asked.stop.is_set()


def test_what_is_over_is_taken_up_once() -> None:
    test = AppTest.from_function(page, default_timeout=60).run()
    test.session_state["ended"] = True
    test.run()
    assert not test.exception
    assert test.text[0].value == "over True False None"
