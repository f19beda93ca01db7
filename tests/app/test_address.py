"""The address is the state: what it says opens as it was, and Back and Forward step through what a person did."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from app.defaults import AXES, COLOURS
from app.rollout import job_queue, visitor_jobs
from app.signals import Found, found_in
from app.state import address as module
from treecore.bundled import samples
from treecore.core.forest import Forest
from treecore.formats import read
from treecore.methods import METHODS, get_method
from treecore.registry.params import Param

MAIN = str(Path(__file__).parents[2] / "app" / "main.py")
FEW = settings(
    max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
"""Pages take a while, so what fails is not made smaller."""
FIELDS = (
    *("sample", "file", "view", "method", "node", "prompt", "merge", "frame", "run", "colour", "axis"),
    *("set.epsilon", "set.variant", "set.zz", "folder", "row", "page", "only"),
)
LIKELY = ("by_hand", "library", "step_through", "1", "-1", "9" * 30)
SHOWN = ("view", "method", "colour", "axis", "forest", "frame", "node")


def app(query: dict[str, str]) -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=60)
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


def address(test: AppTest) -> dict[str, str]:
    return {name: "".join(value) for name, value in test.query_params.items()}


def shown(test: AppTest) -> dict[str, Any]:
    """What a person sees, as the session holds it."""
    session = test.session_state
    numbers = {param.name: session[f"set:{session.method}:{param.name}"] for param in get_method(session.method).params}
    return {name: session[name] for name in SHOWN} | numbers | {"sample": session.opened.sample}


def value_of(param: Param) -> st.SearchStrategy[Any]:
    low, high = max(param.low, -100.0), min(param.high, 100.0)
    match param.type:
        case "choice":
            return st.sampled_from(param.choices)
        case "bool":
            return st.booleans()
        case "int":
            return st.integers(int(low), int(high))
        case "float":
            return st.floats(low, high, allow_nan=False)
        case _:
            return st.just(param.default)


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    """Values of a session that the menus could have set."""
    sample = draw(st.sampled_from(sorted(samples())))
    forest: Forest = read(samples()[sample].path)[0]
    method = draw(st.sampled_from(sorted(METHODS)))
    numbers = {f"set:{method}:{param.name}": draw(value_of(param)) for param in get_method(method).params}
    return numbers | {
        "sample": sample,
        "view": draw(st.sampled_from(["explore", "step_through"])),
        "method": method,
        "colour": draw(st.sampled_from(list(COLOURS))),
        "axis": draw(st.sampled_from(list(AXES))),
        "node": draw(st.sampled_from(["", *map(str, forest.node_id)])),
        "frame": draw(st.integers(0, 5)),
    }


@FEW
@given(states())
def test_an_address_opens_what_was_shown(state: dict[str, Any]) -> None:
    test = app({"sample": state.pop("sample")})
    for name, value in state.items():
        test.session_state[name] = value
    test.run()
    assert not test.exception
    again = app(address(test))
    assert not again.exception
    assert not [one.value for one in again.warning if "in this link" in one.value]
    assert address(again) == address(test)
    before, after = shown(test), shown(again)
    if test.session_state.view == "explore":  # which has no frames
        before["frame"] = after["frame"] = 0
    assert after == before


def test_back_undoes_one_change_after_the_other() -> None:
    test = app({"sample": "by_hand", "node": "a3"})
    gone = [address(test)]
    changes = {"colour": "value", "set:tree_grpo:epsilon": 0.25, "axis": "tokens", "view": "step_through", "frame": 2}
    states = [shown(test)]
    for name, value in changes.items():
        test.session_state[name] = value
        test.run()
        gone.append(address(test))
        states.append(shown(test))
    assert len({tuple(sorted(one.items())) for one in gone}) == len(gone)
    for query, state in [*zip(gone, states, strict=True)][::-1][1:]:
        for name in list(address(test)):
            del test.query_params[name]
        for name, text in query.items():
            test.query_params[name] = text
        test.run()
        assert shown(test) == state
        assert address(test) == query


@FEW
@given(st.dictionaries(st.sampled_from(FIELDS), st.one_of(st.text(max_size=20), st.sampled_from(LIKELY))))
def test_an_address_may_be_anything(query: dict[str, str]) -> None:
    test = app(query)
    assert not test.exception


@pytest.mark.parametrize("value", [7, ["credit"], None, "nothing", True])
def test_what_a_browser_may_send_for_a_choice_stays_out_of_the_address(value: object) -> None:
    test = app({"sample": "by_hand"})
    test.session_state["library:sort"] = value
    test.session_state["view"] = "library"
    test.run()
    assert not test.exception
    assert address(test).get("sort", "") in ("", "nothing")


def test_a_link_to_a_file_stays_until_something_else_is_done() -> None:
    link = {"file": "0123456789ab", "node": "b1", "view": "explore", "method": "rloo"}
    test = app(link)
    assert "not open in this session" in test.warning[0].value
    assert address(test) == link
    test.session_state["colour"] = "value"
    test.run()
    assert address(test)["colour"] == "value"
    assert "file" not in address(test)


@pytest.mark.parametrize(
    "value", [None, {}, {"found": 1}, {"found": {"bytes": True}}, {"found": {"bytes": 1, "key": 1, "name": "x"}}]
)
def test_a_browser_may_say_anything_of_what_it_keeps(value: Any) -> None:
    assert found_in(value) is None


def test_a_kept_file_is_offered_only_for_the_link_that_names_it() -> None:
    for key, offered in (("0123456789ab", True), ("another", False)):
        test = app({"file": "0123456789ab"})
        test.session_state["kept_found"] = Found(key, "**mine** $x$.jsonl", 5)
        test.run()
        assert not test.exception
        assert ("kept_open" in [button.key for button in test.button]) == offered
    assert "another" not in str([one.value for one in test.markdown])


def test_going_back_wins_over_what_a_widget_still_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the visitor goes back twice at once: the second run breaks the first off before its slider is drawn."""
    test = app({"sample": "by_hand", "view": "step_through", "frame": "9"})
    went = SimpleNamespace(context_info="a browser", is_history_navigation=True)
    monkeypatch.setattr(module, "get_script_run_ctx", lambda: went)
    test.query_params["frame"] = "5"
    test.slider(key="frame").set_value(0).run()
    assert not test.exception
    assert (test.session_state["frame"], address(test)["frame"]) == (4, "5")


def test_an_old_address_of_a_late_run_takes_nothing_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a run was asked for before the browser took over the address of a step that was just selected."""
    test = app({"sample": "by_hand", "node": "a1"})
    late = SimpleNamespace(context_info="a browser", is_history_navigation=False)
    monkeypatch.setattr(module, "get_script_run_ctx", lambda: late)
    del test.query_params["node"]
    test.run()
    assert not test.exception
    assert (test.session_state["node"], address(test)["node"]) == ("a1", "a1")


def test_the_address_carries_what_was_foretold() -> None:
    test = app({"sample": "by_hand", "view": "step_through", "frame": "13", "guess": "answer rome"})
    assert not test.exception
    assert address(test)["guess"] == "answer rome"
    assert any("You said answer rome: right." in block.value for block in test.success)


def test_back_and_forward_step_through_runs_that_are_over() -> None:
    runs = [
        job_queue.Job(run=lambda job: None, title="a question", phase=job_queue.Phase.DONE, result=[]) for _ in range(2)
    ]
    test = app({"sample": "by_hand", "view": "rollout"})
    for job in runs:
        visitor_jobs.QUEUE.keep(job)
        test.session_state["job"] = job
        test.run()
        assert address(test)["run"] == job.name
    test.query_params["run"] = runs[0].name
    test.run()
    assert not test.exception
    assert test.session_state["job"] is runs[0]
    del test.query_params["run"]
    test.run()
    assert "run" not in address(test)
    test.query_params["run"] = runs[1].name
    test.run()
    assert test.session_state["job"] is runs[1]
    for job in runs:
        visitor_jobs.QUEUE.forget(job)


@pytest.mark.parametrize(
    ("view", "name"),
    [
        ("explore", "end"),
        ("step_through", "guess"),
        ("granularity", "fork"),
        *(("compare", name) for name in ("left", "right", "beside", "one", "two")),
    ],
)
def test_a_link_to_what_is_not_in_what_is_open_says_so(view: str, name: str) -> None:
    test = app({"sample": "by_hand", "view": view, name: "nowhere"})
    assert not test.exception
    assert f"{name}=“nowhere” names nothing that is open" in test.warning[0].value
    assert name not in address(test)
    assert test.session_state[f"{view}:{name}"] == ""


NUMBERS = [
    ({"view": "explore", "read": "table"}, "page", ["99", "-1", "2"], ["1"]),
    ({"view": "explore", "read": "table", "find": "rival"}, "page", ["2"], ["1"]),
    ({"view": "explore", "read": "tokens"}, "at", ["9999", "-2"], ["0", "3"]),
    ({"view": "explore", "only": "strong"}, "beyond", ["101", "-1"], ["0", "100"]),
    ({"view": "granularity"}, "every", ["7", "0", "-8"], ["8"]),
    ({"view": "granularity"}, "brush", ["3~4", "0.5~0.2", "x"], ["0.2~0.5"]),
    ({"view": "lessons", "unit": "agree"}, "mark", ["99", "-1"], ["1"]),
    ({"view": "lessons", "unit": "agree"}, "bet", ["101", "-101"], ["50"]),
    ({"view": "lessons"}, "mark", ["1"], []),
]


@pytest.mark.parametrize(("query", "name", "beyond", "within"), NUMBERS)
def test_a_link_beyond_the_end_of_what_is_there_says_so(
    query: dict[str, str], name: str, beyond: list[str], within: list[str]
) -> None:
    for value in beyond:
        test = app({"sample": "by_hand", **query, name: value})
        assert not test.exception
        assert f"{name}=“{value}” names nothing that is open" in test.warning[0].value
        assert name not in address(test)
    for value in within:
        test = app({"sample": "by_hand", **query, name: value})
        assert not [one.value for one in test.warning if "not everything in this link" in one.value.lower()]
        assert address(test).get(name) == value


def test_a_page_that_is_past_the_end_by_now_is_not_linked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.table.words.PAGE", 20)
    test = app({"sample": "large", "view": "explore", "read": "table", "page": "3"})
    assert address(test)["page"] == "3"
    test.session_state["explore:find"] = "rival"
    test.run()
    assert address(test)["page"] == "1"
