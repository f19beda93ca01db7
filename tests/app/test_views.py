"""The app without a browser: every view runs, and what is selected shows its numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from pages import in_menu
from streamlit.testing.v1 import AppTest

from app.opening.opened import Opened
from treecore.bundled import samples
from treecore.core.batch import Forests
from treecore.core.forest import Forest
from treecore.methods import METHODS
from treecore.methods.outcome import from_leaves
from treecore.methods.registry import Credit, credit_method
from treecore.registry.citation import Citation
from treecore.views.inspector.mathml import Mark

MAIN = str(Path(__file__).parents[2] / "app" / "main.py")


def app(**query: str) -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=60)
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


def choose(test: AppTest, method: str) -> None:
    test.session_state["method"] = method
    test.run()


def apply(test: AppTest) -> None:
    """Put the parameters in force that stand in the list of methods."""
    next(button for button in test.button if button.label == "Apply").click().run()


def words(test: AppTest) -> str:
    blocks = [*test.markdown, *test.caption, *test.text, *test.info, *test.warning, *test.error]
    return "\n".join([*(block.value for block in blocks), *numbers(test)])


def numbers(test: AppTest) -> list[str]:
    """What panels say of how a number comes about and how far to trust it, equations as their letters."""
    sent = [element.proto.json for element in test.get("bidi_component") if element.key.startswith("panel")]
    found = [json.loads(text)["numbers"] for text in sent]
    equations = [letters(row) for one in found for rows in one["equations"] for row in rows]
    return [*equations, *(line for one in found for line in [one["silence"], *one["trust"], one["source"]])]


def drawn(test: AppTest) -> list[str]:
    """Keys of the components on the page."""
    return [element.key for element in test.get("bidi_component")]


def letters(mark: Mark | dict[str, str]) -> str:
    """The text of an equation."""
    return mark if isinstance(mark, str) else "" if isinstance(mark, dict) else "".join(map(letters, mark[1:]))


def test_opens_on_a_sample_with_nothing_to_configure() -> None:
    test = app()
    assert not test.exception
    assert "Click a step" in words(test)
    assert test.session_state["opened"].sample == next(iter(samples()))


@pytest.mark.parametrize("name", list(samples()))
@pytest.mark.parametrize("view", ["explore", "step_through"])
def test_every_sample_opens_in_every_view(name: str, view: str) -> None:
    test = app(sample=name, view=view)
    assert not test.exception
    assert test.session_state["opened"].sample == name


def test_a_sample_is_picked_from_its_list_and_stands_out() -> None:
    test = app(sample="by_hand")
    assert test.button(key="sample:by_hand").label == "**Written by hand**"
    test.button(key="sample:mcts").click().run()
    assert not test.exception
    assert test.session_state["opened"].sample == "mcts"
    assert test.button(key="sample:mcts").label.startswith("**")
    assert [button.label for button in test.button if str(button.key) == "sample:by_hand"] == ["Written by hand"]


def test_a_forest_without_a_signal_says_so_and_offers_no_fork() -> None:
    test = app(sample="early_fork", method="grpo_passk")
    assert "Every step gets 0 by this method: nothing that it compares differs." in words(test)
    assert "Show the fork that matters most" not in [button.label for button in test.button]
    other = app(sample="by_hand", method="grpo")
    assert "Every step gets 0" not in words(other)
    assert "Show the fork that matters most" in [button.label for button in other.button]


def test_what_the_note_of_a_sample_says_is_not_said_again() -> None:
    test = app(sample="all_right", method="grpo")
    assert "gives zero to every step" in words(test)
    assert "Every step gets 0" not in words(test)


def test_a_deep_link_selects_the_step_and_its_numbers() -> None:
    test = app(sample="by_hand", node="a3", method="tree_grpo")
    assert not test.exception
    said = words(test)
    assert "C(s)=" in said
    assert "=+1.1052" in said
    assert "2 leaves beneath · standard error 2.09" in said


@pytest.mark.parametrize(("method", "said"), [("tree_grpo", " draws give "), ("grpo", " draws give "), ("sibling", "")])
def test_an_interval_comes_on_request(method: str, said: str) -> None:
    test = app(sample="by_hand", node="a3", method=method)
    assert " draws give " not in words(test)
    test.toggle(key="resample").set_value(True).run()
    assert not test.exception
    assert said in words(test)
    found, credit = test.session_state["interval"][1], test.session_state["opened"].forests
    assert len(found.lower) == len(credit.parent)


def test_a_link_to_something_unknown_says_so() -> None:
    test = app(sample="by_hand", node="zzz", method="nope")
    assert not test.exception
    assert "no step “zzz” here" in words(test)
    assert "no method called “nope”" in words(test)


def test_going_back_in_the_browser_selects_what_was_selected() -> None:
    test = app(sample="by_hand", node="a3")
    test.session_state["node"] = "b1"
    test.run()
    assert test.query_params["node"] in ("b1", ["b1"])
    test.query_params["node"] = "a3"
    test.run()
    assert test.session_state["node"] == "a3"
    del test.query_params["node"]
    test.run()
    assert test.session_state["node"] == ""


def test_an_address_that_is_only_late_changes_nothing() -> None:
    test = app(sample="by_hand", node="a3")
    test.session_state["node"] = "b1"
    test.run()
    test.query_params["node"] = "a3"
    test.session_state["view"] = "step_through"
    test.run()
    assert test.session_state["node"] == "b1"
    assert test.query_params["node"] in ("b1", ["b1"])


def test_a_link_to_an_upload_of_another_session_says_so() -> None:
    test = app(file="0123456789ab", node="2")
    assert not test.exception
    assert "not open in this session" in words(test)
    assert test.session_state["node"] == ""


def test_a_notice_is_text_and_nothing_else() -> None:
    test = app(sample="by_hand", node="**b** :red[x] $x$")
    assert "**b** :red[x] $x$” here.`" in words(test)


def test_a_selected_step_survives_another_method() -> None:
    test = app(sample="by_hand", node="a3")
    choose(test, "sibling")
    assert not test.exception
    assert test.session_state["node"] == "a3"
    assert "No signal is assigned to this step; it has no sibling" in words(test)


def test_every_method_shows_numbers_or_says_what_is_lacking() -> None:
    test = app(sample="by_hand", node="a4")
    for method in METHODS:
        choose(test, method)
        assert not test.exception, method


def test_words_stay_where_a_method_cannot_run() -> None:
    test = app(sample="by_hand", node="a3", method="deepconf")
    assert not test.exception
    assert "deepconf cannot run" in words(test).replace("\\", "")
    assert [element.key for element in test.get("bidi_component")] == [
        "resident_scripts",
        "keys",
        "words",
        "link",
        "kept_files",
        "canvas_explore",
        "what_if_keys",
        "drawer_head",
        "group_card",
        "panel",
        "selection",
    ]


@pytest.mark.parametrize(
    ("sample", "method", "offered"),
    [
        ("early_fork", "tree_grpo", True),
        ("early_fork", "srl", False),
        ("early_fork", "deepconf", False),
        ("monte_carlo", "vineppo", False),
    ],
)
def test_leaves_are_resampled_only_for_methods_that_rest_on_them(sample: str, method: str, offered: bool) -> None:
    test = app(sample=sample, node="1", method=method)
    assert METHODS[method].citation.title in words(test)
    assert bool([toggle for toggle in test.toggle if toggle.key == "resample"]) == offered
    assert "does not rest on" not in words(test)
    assert METHODS[method].judges_outcomes or "mean outcome" not in words(test)


def test_method_parameters_are_widgets() -> None:
    test = app(sample="by_hand", node="a4")
    test.button(key="methods").click().run()
    test.selectbox(key="set:tree_grpo:variant").set_value("inter")
    apply(test)
    assert not test.exception
    assert "=+3.1959" not in words(test)
    assert "=+2.0412" in words(test)


def test_step_through_reaches_the_end() -> None:
    test = app(sample="by_hand", view="step_through")
    total = int(test.slider(key="frame").max) + 1
    for _ in range(total + 2):
        next(button for button in test.button if button.label == "Next").click().run()
        assert not test.exception
    assert test.session_state["frame"] == total - 1
    assert "Weight on every token" in words(test)
    assert "The blame goes to “answer rome”" in words(test).replace("\\", "")


def test_a_prediction_is_judged_at_the_end() -> None:
    test = app(sample="by_hand", view="step_through")
    last = int(test.slider(key="frame").max)
    test.slider(key="frame").set_value(last).run()
    test.session_state["step_through:guess"] = "answer rome"
    test.run()
    assert any("right" in block.value for block in test.success)


def test_a_new_method_is_in_the_picker_with_its_widgets() -> None:
    @credit_method(
        title="A dummy",
        family="test",
        formula="A_i = R_i",
        symbols={"A_i": "advantage", "R_i": "reward"},
        citation=Citation("Nobody", 2000, "Nothing", "none"),
    )
    def dummy(forests: Forests, *, flavour: Literal["plain", "sweet"] = "plain", strength: int = 3) -> Credit:
        """Is this a test?

        Args:
            flavour: of the dummy.
            strength: of the dummy.
        """
        return from_leaves(forests, forests.reward, {})

    try:
        test = app(sample="by_hand")
        choose(test, "dummy")
        test.button(key="methods").click().run()
        assert not test.exception
        assert test.selectbox(key="set:dummy:flavour").options == ["plain", "sweet"]
        assert test.number_input(key="set:dummy:strength").value == 3
    finally:
        del METHODS["dummy"]


@pytest.mark.parametrize("value", [5.0, -1.0, None])
@pytest.mark.parametrize("view", ["explore", "step_through"])
def test_a_number_that_is_not_allowed_is_said_and_nothing_is_computed(view: str, value: float | None) -> None:
    test = app(sample="by_hand", node="a3", method="tree_grpo", view=view)
    test.button(key="methods").click().run()
    test.number_input(key="set:tree_grpo:epsilon").set_value(value)
    apply(test)
    assert not test.exception
    assert ["is not a number from 0 to 1" in error.value for error in test.error] == [True]
    assert not "".join(numbers(test))
    assert "canvas_step" not in drawn(test)
    test.number_input(key="set:tree_grpo:epsilon").set_value(0.5)
    apply(test)
    assert not test.error
    assert "".join(numbers(test)) if view == "explore" else "canvas_step" in drawn(test)


def test_playing_waits_for_the_prediction() -> None:
    test = app(sample="by_hand", view="step_through")
    next(button for button in test.button if "Your prediction" in button.label).click().run()
    asked = test.session_state["frame"]
    test.session_state["playing"] = True
    test.session_state["moved"] = 0.0
    test.run()
    assert test.session_state["frame"] == asked
    assert test.button(key="play").label == "Waits"
    test.session_state["step_through:guess"] = "answer rome"
    test.session_state["moved"] = 0.0
    test.run()
    assert not test.exception
    assert test.session_state["frame"] == asked + 1


def test_an_address_that_was_gone_back_to_does_not_play() -> None:
    test = app(sample="by_hand", view="step_through")
    test.button(key="play").click().run()
    assert test.button(key="play").label == "Pause"
    test.query_params["frame"] = "3"
    test.run()
    assert (test.session_state["frame"], test.session_state["playing"]) == (2, False)
    assert test.button(key="play").label == "Play"


def test_a_film_that_was_left_while_it_played_comes_back_at_its_frame() -> None:
    test = app(sample="by_hand", view="step_through", frame="2")
    test.button(key="play").click().run()
    for view in ("explore", "step_through"):
        test.session_state["view"] = view
        test.run()
    assert not test.exception
    assert test.button(key="play").label == "Play"
    assert test.session_state["frame"] == 1


def one_prompt_three_times() -> AppTest:
    """Three forests whose prompts read alike, opened as they are after a rollout."""
    test = app()
    forests = [
        Forest(
            parent=[-1, 0, 0],
            node_id=["r", f"x{n}", f"y{n}"],
            text=["", "a", "b"],
            prompt="the same prompt " * 9,
            reward=[np.nan, 1, n / 4],
        )
        for n in range(3)
    ]
    test.session_state["opened"] = Opened("alike", "alike", Forests(forests))
    return test.run()


def test_prompts_that_read_alike_are_told_apart() -> None:
    test = one_prompt_three_times()
    for number in (0, 1, 2, 1):
        chooser = in_menu(test.selectbox, "forest")
        assert len(set(chooser.options)) == 3
        chooser.set_value(number).run()
        assert not test.exception
        assert test.session_state["forest"] == number
        test.session_state["node"] = f"x{number}"
        test.run()
        assert test.session_state["forest"] == number
        assert "".join(test.query_params.get("prompt", "1")) == str(number + 1)


def test_an_address_that_was_read_in_part_is_read_again() -> None:
    """As where the visitor went back twice at once: the second run broke the first off between two fields."""
    test = app(sample="by_hand", node="a1")
    test.session_state["reading"], test.session_state["node"] = True, ""
    test.run()
    assert test.session_state["node"] == "a1"
    assert not test.session_state["reading"]


def test_an_address_leads_to_its_frame_and_back() -> None:
    test = app(sample="by_hand", view="step_through", frame="4")
    assert not test.exception
    assert not test.warning
    assert test.session_state["frame"] == 3
    assert test.query_params["frame"] == "4"
    next(button for button in test.button if button.label == "Next").click().run()
    assert [*test.query_params["frame"]] == ["5"]
    test.query_params["frame"] = "2"
    test.run()
    assert test.session_state["frame"] == 1
    assert "Frame 2 of" in " ".join(one.value for one in test.caption)


def test_a_film_that_is_shorter_ends_at_its_last_frame() -> None:
    test = app(sample="by_hand", view="step_through", method="tree_grpo", frame="12")
    choose(test, "srl")
    assert not test.exception
    assert test.session_state["frame"] < 11


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("run", "nowhere", "no run called “nowhere”"),
        ("frame", "99", "no frame 99 here"),
        ("frame", "0", "no frame 0 here"),
        ("frame", "x", "no frame x here"),
        ("node", "zz", "no step “zz” here"),
        ("method", "zz", "no method called “zz”"),
        ("sample", "zz", "no sample called “zz”"),
        ("view", "zz", "no view called “zz”"),
        ("prompt", "7", "no prompt 7 here"),
        ("colour", "zz", "no colour called “zz”"),
        ("axis", "zz", "no axis called “zz”"),
        ("set.epsilon", "5", "no parameter epsilon='5' is not a number"),
        ("set.zz", "5", "no parameter called “zz”"),
    ],
)
def test_what_an_address_names_and_is_not_there_is_told(field: str, value: str, told: str) -> None:
    test = app(**{"sample": "by_hand", field: value})
    assert not test.exception
    assert [told in one.value for one in test.warning] == [True]


def test_filters_say_how_many_steps_and_go_into_the_address() -> None:
    test = app(sample="large")
    known = test.session_state["opened"].forests[0]
    counts = {"right": 44, "wrong": 59, "failed": 0, "forks": int((known.topology.n_children > 1).sum())}
    said = in_menu(test.radio, "explore:only").options
    assert [f"ends right · {counts['right']}", f"forks · {counts['forks']}", "failed · none"] == [
        next(one for one in said if one.startswith(word)) for word in ("ends right", "forks", "failed")
    ]
    in_menu(test.radio, "explore:only").set_value("apart").run()
    in_menu(test.selectbox, "explore:other").set_value("grpo").run()
    assert not test.exception
    assert (test.query_params["only"], test.query_params["other"]) == ("apart", "grpo")


def test_a_filter_that_needs_credit_says_so() -> None:
    test = app(sample="large", method="vineppo", only="strong")
    assert not test.exception
    assert "need a method that can run here" in words(test)
